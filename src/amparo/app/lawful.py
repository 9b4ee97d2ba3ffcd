"""Whether what is uploaded or kept somewhere may be scanned, by what counsel has signed off."""

from amparo.access.jurisdiction import Profiles
from amparo.access.jurisdiction.profile import PRIVATE
from amparo.core.errors import Denied
from amparo.core.ids import OrganisationId
from amparo.db import Work

_NOT_LAWFUL = "surface_not_lawful"


def require_lawful(work: Work, surface: str, organisation: OrganisationId) -> str:
    """The name of the profile that allows it, or empty where none is on record and none is needed.

    Raises Denied.
    """
    profile = Profiles(work).present(organisation)
    if profile is None:
        require_not_private(surface)
        return ""
    if not profile.allows(surface):
        raise Denied(
            f"The jurisdiction profile {profile.name!r} has no basis for {surface!r}.",
            code=_NOT_LAWFUL,
        )
    return profile.name


def require_not_private(surface: str) -> None:
    """Raises Denied where it takes a profile, and there is none."""
    if surface == PRIVATE:
        raise Denied(
            "Private messages are not scanned: no jurisdiction profile is on record that says "
            "on what lawful basis (amparo jurisdiction record).",
            code=_NOT_LAWFUL,
        )
