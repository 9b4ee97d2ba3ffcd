"""Statements that are put together once, on both databases: values as they were, errors as ours."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import Uuid, bindparam, insert, select, text

from amparo.access.keys import create_organisation
from amparo.core.errors import Unavailable
from amparo.core.ids import OrganisationId, new_id
from amparo.db import Database
from amparo.db.dialects import DRIVER_REFUSALS
from amparo.db.outbox import OutboxRow, put
from amparo.db.ready import Ready
from amparo.detect.lists.model import ListKind, NewList
from amparo.detect.lists.store import Lists
from amparo.detect.lists.tables import ListRow

NOW = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
FOUND = Ready(
    select(OutboxRow.subject_id, OutboxRow.payload, OutboxRow.written_at, OutboxRow.done_at)
    .where(OutboxRow.organisation_id == bindparam("organisation", type_=Uuid()))
    .order_by(OutboxRow.id)
    .limit(1)
)


def test_values_come_back_as_they_were(database: Database) -> None:
    organisation, subject = OrganisationId(uuid4()), uuid4()
    payload: dict[str, object] = {"a": ["ñ", None, 1.5]}
    with database.work() as work:
        put(work, organisation, "a.kind", subject, payload, NOW)
        put(work, organisation, "a.kind", uuid4(), {}, NOW)
    with database.glancing() as work:
        assert FOUND.rows(work, {"organisation": organisation}) == [(subject, payload, NOW, None)]
        assert FOUND.rows(work, {"organisation": uuid4()}) == []


def test_every_kind_of_column_comes_back_as_sqlalchemy_has_it(database: Database) -> None:
    everything = select(ListRow.__table__)
    with database.work() as work:
        organisation = create_organisation(work, "a platform", NOW)
        new = NewList("known", ListKind.CONFIRMED)
        Lists(work).create(new, organisation, NOW)
    with database.reading() as work:
        expected = [tuple(row) for row in work.execute(everything)]
        assert Ready(everything).rows(work, {}) == expected
    assert len(expected) == 1


def test_a_glance_sees_what_was_committed_since_the_last(database: Database) -> None:
    organisation = OrganisationId(uuid4())
    with database.glancing() as glance:
        assert FOUND.rows(glance, {"organisation": organisation}) == []
        with database.work() as work:
            put(work, organisation, "a.kind", uuid4(), {}, NOW)
        assert len(FOUND.rows(glance, {"organisation": organisation})) == 1


def test_rows_that_were_touched_are_counted(database: Database) -> None:
    organisation = OrganisationId(uuid4())
    done = Ready(text("UPDATE outbox SET kind = 'b' WHERE kind = :kind"))
    with database.work() as work:
        for _ in range(2):
            put(work, organisation, "a.kind", uuid4(), {}, NOW)
        assert [done.run(work, {"kind": "a.kind"}) for _ in range(2)] == [2, 0]


def test_what_the_driver_says_is_told_without_the_values(database: Database) -> None:
    missing = Ready(text("SELECT x FROM nowhere WHERE y = :value"))
    for opened in (database.glancing, database.reading, database.work):
        with pytest.raises(Unavailable) as told, opened() as work:
            missing.run(work, {"value": "a-secret"})
        assert "nowhere" in told.value.message
        assert "a-secret" not in told.value.message


def test_a_row_that_may_not_be_undoes_all(database: Database) -> None:
    organisation = OrganisationId(uuid4())
    row = {"id": new_id(), "organisation_id": organisation, "kind": "a", "subject_id": uuid4(),
           "payload": {}, "written_at": NOW}  # fmt: skip
    add = Ready(insert(OutboxRow), *row)

    def twice() -> None:
        with database.work() as work:
            add.run(work, row)
            add.run(work, row)

    with pytest.raises(DRIVER_REFUSALS):
        twice()
    with database.glancing() as work:
        assert FOUND.rows(work, {"organisation": organisation}) == []
