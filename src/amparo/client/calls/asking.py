"""What all calls have: a channel, models made of what is given, answers read into models."""

from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, TypeAdapter, ValidationError

from amparo.client.body import JsonBody
from amparo.client.channel import Answer, Call, Channel
from amparo.client.errors import NotAmparo, NotSent
from amparo.wire.wrong import told

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")


class Asking:
    """Something that asks through a channel."""

    _channel: Channel

    def _get(self, path: str, kind: type[T], **query: str | int | None) -> T:
        """What is there, as a model or a list of them."""
        said = {name: value for name, value in query.items() if value is not None}
        return read(self._channel.ask(Call("GET", path, said, repeatable=True)), kind)

    def _post(self, path: str, body: BaseModel | None, kind: type[T]) -> T:
        """What came of something that is done once: it is not tried again."""
        sent = JsonBody(body.model_dump_json().encode()) if body else None
        return read(self._channel.ask(Call("POST", path, body=sent)), kind)

    def _do(self, method: str, path: str) -> None:
        """What is done once, and answered without words."""
        self._channel.ask(Call(method, path))


def read(answer: Answer, kind: type[T]) -> T:
    """The answer as a model, or a list of them; fields not known to this version are left out.

    Raises NotAmparo, which repeats nothing of it.
    """
    try:
        return TypeAdapter(kind).validate_json(answer.data, extra="ignore")
    except ValidationError as error:
        places = sorted({".".join(str(part) for part in each["loc"]) for each in error.errors()})
        wrong = NotAmparo(
            "The answer is not one that this version of amparo.client reads"
            f" ({', '.join(places[:5]) or 'no JSON'}); see which version the server has."
        )
        wrong.status = answer.status
        raise wrong from None  # the other error shows what was in the answer


def made(kind: type[M], /, **fields: Any) -> M:
    """A model of what is given. Raises NotSent, which names the fields and not what is in them."""
    try:
        return kind(**fields)
    except ValidationError as error:
        wrong = told(error.errors(include_input=False, include_url=False))
        raise NotSent(wrong) from None  # the other error shows what was given


def part(what: str, name: object) -> str:
    """A name as one part of a path. Raises NotSent where it would be another path."""
    text = str(name)
    if text in ("", ".", ".."):
        raise NotSent(f"{what} cannot be {text!r}.")
    return quote(text, safe="")


def moved_on(before: str, after: str) -> str:
    """Where the next page begins. Raises NotAmparo where it is this page again."""
    if before == after:
        raise NotAmparo("The next page is this page again.")
    return after
