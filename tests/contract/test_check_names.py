"""The doctor tells where names on lists were sealed with a key that is not there any more."""

import pytest

from amparo.access.installation import KeyName, put_key
from amparo.access.people.secrets import access_key, ensure_access_key
from amparo.app.listed_names import listed_names
from amparo.core.errors import Unavailable
from amparo.core.ids import OrganisationId
from amparo.core.settings import Settings
from amparo.db import Database
from amparo.detect.hashing.model import Algorithm
from amparo.detect.lists.forms import read_value
from amparo.detect.lists.model import NewList, Signal
from amparo.detect.lists.store import Lists
from tests.contract.test_check_up import found, settings, well  # noqa: F401 (two are fixtures)
from tests.databases import NOW


def test_names_on_lists_need_the_access_key_that_they_were_sealed_with(
    settings: Settings,  # noqa: F811 (the fixture)
    well: Database,  # noqa: F811 (the fixture)
    organisation: OrganisationId,
) -> None:
    names = listed_names(settings, well)
    value, written = read_value(Algorithm.ACCOUNT, "zorvi")
    name = names.sealed(Signal("1", Algorithm.ACCOUNT, value, text=written))
    with well.work() as work:
        known = Lists(work).create(NewList("known"), organisation, NOW)
        Lists(work).add(known, [name], actor="x", now=NOW)
        print_ = access_key(settings.access_key).derived("fingerprint", "").hex()
        put_key(work, KeyName.ACCESS, print_)
    assert "access key" not in found(settings, well)
    settings.access_key.unlink()
    assert "There is no access key" in found(settings, well)
    ensure_access_key(settings.access_key)
    assert "names on lists" in found(settings, well)
    with pytest.raises(Unavailable, match="names on lists"):
        listed_names(settings, well).digest(Algorithm.ACCOUNT, "zorvi")
