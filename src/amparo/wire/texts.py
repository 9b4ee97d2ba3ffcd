"""What people write and search for, and links: as a platform sends them, and what it is told."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from amparo.wire.media import Context, MatchAnswer, MediaAnswer, Name, Said, Uploader

MOST_LINKS = 1000
MOST_NAMES = 100
MOST_QUERY = 2000

Given = Annotated[str, Field(max_length=100_000)]
"""As somebody typed it: what is no link or name is told by its place, and the rest is looked up."""


class UrlsRequest(Said):
    """Links to look up."""

    urls: Annotated[tuple[Given, ...], Field(min_length=1, max_length=MOST_LINKS)]


class UrlProblem(BaseModel):
    """A link that could not be looked up, by its place among those sent."""

    item: int
    message: str


class UrlsAnswer(BaseModel):
    """For each link what it matched; `revisions` says how far each list was searched.

    `suppressed` are matches that an entry of a negative list has taken back.
    """

    results: list[list[MatchAnswer]]
    suppressed: list[MatchAnswer]
    problems: list[UrlProblem]
    revisions: dict[str, int]


class TextContext(Context):
    """Where it was written; what is searched for has a call of its own."""

    surface: Literal["post", "message", "storage", "profile"] = "post"


class TextSubmission(Said):
    """A text, and accounts and addresses that the platform knows to belong to it."""

    text: str = ""
    accounts: Annotated[tuple[Given, ...], Field(max_length=MOST_NAMES)] = ()
    emails: Annotated[tuple[Given, ...], Field(max_length=MOST_NAMES)] = ()
    uploader: Uploader = Uploader()
    context: TextContext = TextContext()


class NameProblem(BaseModel):
    """An account or address that could not be looked up, by its place among those sent."""

    field: Literal["accounts", "emails"]
    item: int
    message: str


class TextAnswer(MediaAnswer):
    """A decision on a text; `truncated` where there was more to find than is told."""

    truncated: bool
    message: str
    problems: tuple[NameProblem, ...] = ()


class SearchContext(Said):
    """What else the platform says of a search."""

    labels: Annotated[tuple[Name, ...], Field(max_length=20)] = ()


class SearchSubmission(Said):
    """What somebody searches for."""

    query: Annotated[str, Field(min_length=1, max_length=MOST_QUERY)]
    uploader: Uploader = Uploader()
    context: SearchContext = SearchContext()


class SearchAnswer(BaseModel):
    """Whether the search is to be blocked, and the name of the message to show; empty for none."""

    search_id: str
    blocked: bool
    action: Literal["allow", "review", "hold", "block"]
    message: str
    matches: list[MatchAnswer]
    suppressed: list[MatchAnswer]
    truncated: bool
    decision_id: str
    policy_version: int
    rules: list[str]
    labels: list[str]
    restrained: str
    broken: list[str]
    decided_at: str
