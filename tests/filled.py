"""A database in which every table has rows, whatever tables there are; and what they hold."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    String,
    Table,
    TypeDecorator,
    Uuid,
    insert,
    select,
)

import amparo.app.tables
from amparo.core.ids import new_id
from amparo.db import Database, Row
from tests.databases import NOW

assert amparo.app.tables

ROWS = 3
_TEXT = 'Ñandú — "quoted", tab\t, \\N, newline\n, 🜁, \' and ;'
_ALONE = "installation"


def fill(database: Database) -> None:
    """Put some rows of odd values into each table."""
    chance = random.Random(7)
    given: dict[str, list[Any]] = {}
    with database.work() as work:
        for table in Row.metadata.sorted_tables:
            if table.name == _ALONE:
                continue
            for number in range(ROWS):
                work.execute(insert(table).values(_row(table, number, given, chance)))
            for column in table.columns:
                given[f"{table.name}.{column.name}"] = list(
                    work.execute(select(column).order_by(*table.primary_key)).scalars()
                )


def everything(database: Database) -> dict[str, list[Any]]:
    """All rows of all tables."""
    with database.reading() as work:
        return {
            table.name: [
                tuple(row) for row in work.execute(select(table).order_by(*table.primary_key))
            ]
            for table in Row.metadata.sorted_tables
        }


def _row(
    table: Table, number: int, given: dict[str, list[Any]], chance: random.Random
) -> dict[str, Any]:
    row = {}
    for column in table.columns:
        (key,) = column.foreign_keys or (None,)
        if key is not None:
            row[column.name] = given[key.target_fullname][number]
        elif column.nullable and number == 1:
            row[column.name] = None
        elif not (column.primary_key and table.dialect_options["sqlite"].get("autoincrement")):
            row[column.name] = _value(column, number, chance)
    return row


def _value(column: Column[Any], number: int, chance: random.Random) -> object:
    kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    if isinstance(kind, Uuid):
        return UUID(bytes=chance.randbytes(16)) if number else new_id()
    if isinstance(kind, DateTime):
        return NOW + timedelta(days=400 * number, microseconds=number)
    if isinstance(kind, JSON):
        return [{"ü": [1, 2.5, None, "\x7f"], "n": number}, [], {}][number]
    if isinstance(kind, LargeBinary):
        return [chance.randbytes(32), b"\\x00", b"\0\xff\n\t"][number]
    if isinstance(kind, Boolean):
        return bool(number)
    if isinstance(kind, Float):
        return [0.1, 1.0, -1e300][number]
    if isinstance(kind, Integer):
        return number + 1
    assert isinstance(kind, String), kind
    longest = kind.length or 1000
    return f"{number}{_TEXT if longest > 100 else 'Ñ'}"[:longest]
