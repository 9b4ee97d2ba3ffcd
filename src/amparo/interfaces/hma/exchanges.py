"""Exchanges with others, which Amparo will call partners: there are none yet, and it says so."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path

from amparo.core.errors import NotFound
from amparo.interfaces.calls.callers import ListsReader, ListsWriter
from amparo.interfaces.hma.route import KeyedCall

router = APIRouter(route_class=KeyedCall, prefix="/c")

Named = Annotated[str, Path(max_length=200)]


@router.get("/exchanges/apis")
def apis(_: ListsReader) -> list[str]:
    """The kinds of exchanges that can be set up."""
    return []


@router.get("/exchanges/api/{api}/schema")
@router.get("/exchanges/api/{api}")
def api(api: Named, _: ListsReader) -> None:
    """What an exchange of a kind is set up with."""
    raise NotFound(f"no such Exchange API '{api}'")


@router.get("/exchanges")
def exchanges(_: ListsReader) -> list[str]:
    """The names of the exchanges."""
    return []


@router.post("/exchanges")
def create(_: ListsWriter) -> None:
    """Set an exchange up."""
    raise HTTPException(
        501,
        "Amparo does not fetch from others by itself yet: bring their lists with "
        "`amparo lists import`.",
    )


@router.get("/exchange/{exchange}/status")
@router.get("/exchange/{exchange}")
def get(exchange: Named, _: ListsReader) -> None:
    """An exchange, and how it went."""
    raise NotFound(f"Exchange '{exchange}' not found")


@router.post("/exchange/{exchange}")
@router.put("/exchange/{exchange}")
@router.delete("/exchange/{exchange}")
def change(exchange: Named, _: ListsWriter) -> None:
    """Change or remove an exchange."""
    raise NotFound(f"Exchange '{exchange}' not found")
