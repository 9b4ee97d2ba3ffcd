"""Statements that every upload needs: put together once, and given to the driver as they are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ClauseElement, Connection, Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from amparo.db.dialects import ask_driver

_Turn = Callable[[Any], Any] | None
"""How a value is turned from ours to the driver's, or back; None where it stays as it is."""


@dataclass(frozen=True, slots=True)
class _Form:
    """A statement in the words of one driver."""

    text: str
    takes: tuple[tuple[str, _Turn], ...]
    gives: tuple[TypeEngine[Any], ...]
    fixed: Mapping[str, Any]
    by_name: bool

    def values(self, given: Mapping[str, Any]) -> Any:
        """What the driver takes, in its order or by name."""
        every = {**self.fixed, **given}
        turned = [every[name] if turn is None else turn(every[name]) for name, turn in self.takes]
        if self.by_name:
            return dict(zip((name for name, _ in self.takes), turned, strict=True))
        return turned


class Ready:
    """A statement that names every value it takes; SQLAlchemy is asked once what it comes to.

    SQLAlchemy takes twice as long over a short statement as SQLite over doing it.
    """

    def __init__(self, statement: ClauseElement, *columns: str) -> None:
        """`columns` are those that an insert gives; defaults of the table are not filled in."""
        self._statement = statement
        self._columns = columns
        self._forms: dict[str, _Form] = {}
        self._turns: dict[str, tuple[_Turn, ...]] = {}

    def run(self, work: Connection, values: Mapping[str, Any]) -> int:
        """Do it; how many rows it touched. Raises what the driver raises."""
        form = self._form(work.dialect)
        count: int = ask_driver(work, form.text, form.values(values)).rowcount
        return count

    def rows(self, work: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """What a selection finds. Raises what the driver raises."""
        form = self._form(work.dialect)
        cursor = ask_driver(work, form.text, form.values(values))
        turns = self._turns.get(work.dialect.name)
        if turns is None:  # how a value is turned may depend on what the driver calls its type
            turns = self._turns[work.dialect.name] = tuple(
                _from_driver(kind, work.dialect, described[1])
                for kind, described in zip(form.gives, cursor.description, strict=True)
            )
        return [
            tuple(
                value if turn is None else turn(value)
                for value, turn in zip(row, turns, strict=True)
            )
            for row in cursor.fetchall()
        ]

    def _form(self, dialect: Dialect) -> _Form:
        form = self._forms.get(dialect.name)
        if form is None:
            form = self._forms[dialect.name] = self._put_together(dialect)
        return form

    def _put_together(self, dialect: Dialect) -> _Form:
        compiled = self._statement.compile(dialect=dialect, column_keys=list(self._columns) or None)
        assert isinstance(compiled, SQLCompiler)
        kinds = {name: each.type for each, name in compiled.bind_names.items()}
        names = compiled.positiontup if compiled.positional else list(kinds)
        assert names is not None
        return _Form(
            text=str(compiled),
            takes=tuple((name, _to_driver(kinds[name], dialect)) for name in names),
            gives=tuple(column.type for column in getattr(self._statement, "selected_columns", ())),
            fixed={name: value for name, value in compiled.params.items() if value is not None},
            by_name=not compiled.positional,
        )


def _to_driver(kind: TypeEngine[Any], dialect: Dialect) -> _Turn:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _from_driver(kind: TypeEngine[Any], dialect: Dialect, called: object) -> _Turn:
    return kind.dialect_impl(dialect).result_processor(dialect, called)
