"""Banks: shown, made, renamed, switched, removed."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from amparo.app.alter_lists import alter_list, remove_list
from amparo.app.change_lists import create_list
from amparo.core.errors import Conflict, NotFound
from amparo.detect.lists.model import NewList, SignalList
from amparo.detect.lists.store import Lists
from amparo.interfaces.calls.callers import ListsReader, ListsWriter, Open
from amparo.interfaces.hma.bank_names import bank_name_of, banks_of, find_bank, list_name_of
from amparo.interfaces.hma.route import KeyedCall

router = APIRouter(route_class=KeyedCall, prefix="/c")

Ratio = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_TAKEN = "There is a bank of this name, or a list that would be one, already."


class NewBank(BaseModel):
    """A bank to be made; what HMA does not know of it is passed over, as HMA does."""

    name: str
    enabled: bool | None = None
    enabled_ratio: Ratio | None = None


class BankUpdate(BaseModel):
    """What is to change; what is left out stays."""

    name: str | None = None
    enabled: bool | None = None
    enabled_ratio: Ratio | None = None


@router.get("/banks")
def all_banks(serving: Open, actor: ListsReader) -> list[dict[str, Any]]:
    """The organisation's banks, by name."""
    with serving.database.reading() as work:
        banks = banks_of(Lists(work).all(actor.organisation_id))
    return [bank_answer(each) for each in banks.values()]


@router.post("/banks", status_code=201)
def create(body: NewBank, serving: Open, actor: ListsWriter) -> dict[str, Any]:
    """A new bank: a list of suspect content, since nothing says that people have verified it."""
    name = list_name_of(body.name)
    share = _share(body.enabled, body.enabled_ratio)
    _check_free(serving, actor, body.name)
    new = NewList(name, enabled_share=1.0 if share is None else share)
    try:
        return bank_answer(create_list(serving.database, new, actor, serving.clock))
    except Conflict as error:
        raise HTTPException(403, _TAKEN) from error


@router.get("/bank/{bank}")
def get(bank: str, serving: Open, actor: ListsReader) -> dict[str, Any]:
    """A bank."""
    with serving.database.reading() as work:
        return bank_answer(find_bank(work, bank, actor))


@router.put("/bank/{bank}")
def update(bank: str, body: BankUpdate, serving: Open, actor: ListsWriter) -> dict[str, Any]:
    """Rename a bank, or have it count for a share of look-ups and uploads."""
    with serving.database.reading() as work:
        of = find_bank(work, bank, actor)
    new_name = None
    if body.name is not None and body.name != bank:
        new_name = list_name_of(body.name)
        _check_free(serving, actor, body.name)
    share = _share(body.enabled, body.enabled_ratio)
    try:
        altered = alter_list(
            serving.database, of.name, actor, serving.clock, new_name=new_name, share=share
        )
    except Conflict as error:
        raise HTTPException(403, _TAKEN) from error
    return bank_answer(altered)


@router.delete("/bank/{bank}")
def delete(bank: str, serving: Open, actor: ListsWriter) -> dict[str, str]:
    """Remove a bank with all that it holds, where there is one."""
    try:
        with serving.database.reading() as work:
            of = find_bank(work, bank, actor)
        remove_list(serving.database, of.name, actor, serving.clock)
    except NotFound:
        pass
    return {"message": "Done"}


def bank_answer(of: SignalList) -> dict[str, Any]:
    """A list as a bank."""
    return {"name": bank_name_of(of.name), "matching_enabled_ratio": of.enabled_share}


def _share(enabled: bool | None, ratio: float | None) -> float | None:
    """What is said of how often it counts; the ratio says more, where both are there."""
    if ratio is not None or enabled is None:
        return ratio
    return 1.0 if enabled else 0.0


def _check_free(serving: Open, actor: ListsWriter, bank: str) -> None:
    """Raises HTTPException 403."""
    with serving.database.reading() as work:
        if bank in banks_of(Lists(work).all(actor.organisation_id)):
            raise HTTPException(403, _TAKEN)
