"""A jurisdiction profile: what counsel says an organisation may do, read from YAML and checked."""

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from amparo.core.errors import Invalid, NotFound

Surface = Literal["post", "message", "storage", "profile", "search"]
PRIVATE: Surface = "message"

_EXAMPLES = Path(__file__).with_name("examples")


class BadProfile(Invalid):
    """A profile that cannot be used; the message names what is wrong in it."""

    code = "jurisdiction.invalid"


class Profile(BaseModel):
    """What counsel has signed off: on which surfaces uploads may be scanned, and on what basis."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    jurisdiction: Literal[1]
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,98}$")]
    counsel: Annotated[str, Field(max_length=200)]
    signed_off: date | None
    surfaces: dict[Surface, Annotated[str, Field(min_length=10, max_length=2000)]]

    def allows(self, surface: str) -> bool:
        """Whether uploads there may be scanned."""
        return surface in self.surfaces


def read_profile(text: str, name: str = "profile.yaml") -> Profile:
    """The profile in a YAML text, signed off or not. Raises BadProfile."""
    try:
        return Profile.model_validate(yaml.safe_load(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise BadProfile(f"{name}, line {line}: is not YAML: {error.problem}.") from error
    except yaml.YAMLError as error:
        raise BadProfile(f"{name}: is not YAML.") from error
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in each['loc']) or 'the whole'}: {each['msg']}"
            for each in error.errors(include_input=False, include_url=False)
        )
        raise BadProfile(f"{name}: {wrong}.") from error


def require_signed(profile: Profile, today: date) -> None:
    """Raises BadProfile where nobody has signed it off."""
    if not profile.counsel.strip() or profile.signed_off is None:
        raise BadProfile(
            f"Nobody has signed {profile.name!r} off: have counsel read it, then fill in `counsel` "
            "and `signed_off`."
        )
    if profile.signed_off > today:
        raise BadProfile(f"{profile.name!r} was signed off on {profile.signed_off}, in the future.")


known_profile = lru_cache(maxsize=64)(read_profile)
"""The profile in a text that is on record."""


def examples() -> tuple[str, ...]:
    """The names of the examples, which nobody has signed off."""
    return tuple(sorted(path.stem for path in _EXAMPLES.glob("*.yaml")))


def example(name: str) -> str:
    """The text of an example. Raises NotFound."""
    if name not in examples():
        raise NotFound(f"There is no example {name!r}; there are {', '.join(examples())}.")
    return (_EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")
