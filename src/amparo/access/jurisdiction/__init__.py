"""Where and on what basis an organisation may look at uploads, as its counsel has signed off."""

from amparo.access.jurisdiction.profile import Profile, example, examples, read_profile
from amparo.access.jurisdiction.store import Profiles

__all__ = ["Profile", "Profiles", "example", "examples", "read_profile"]
