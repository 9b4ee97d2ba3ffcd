"""Doctor names what waits for nobody: messages that no process sends, notices without an answer."""

from datetime import datetime, timedelta

import pytest

from amparo.app.check_waiting import WAITS_FOR, message_findings, notice_findings
from amparo.core.ids import OrganisationId, new_id
from amparo.db import Database
from amparo.db.outbox import put
from amparo.respond.review.notices.model import NewNotice, NoticeKind, Outcome, Sender
from amparo.respond.review.notices.store import Notices
from amparo.respond.webhooks.gather import gather
from amparo.respond.webhooks.model import Event
from amparo.respond.webhooks.store import Webhooks
from amparo.respond.webhooks.take import heard_of
from tests.contract.test_webhooks import KEY
from tests.databases import NOW


class At:
    """A clock that stands."""

    def __init__(self, after: timedelta) -> None:
        self._now = NOW + after

    def now(self) -> datetime:
        return self._now


LATE = At(WAITS_FOR + timedelta(minutes=1))


@pytest.mark.parametrize("are_gathered", [False, True])
def test_messages_that_no_process_sends_are_named(
    database: Database, organisation: OrganisationId, are_gathered: bool
) -> None:
    with database.work() as work:
        Webhooks(work, organisation).add("https://example.org/", [], KEY, NOW)
        put(work, organisation, Event.MEDIA_DECIDED, new_id(), {}, NOW)
    if are_gathered:
        gather(database, At(timedelta()))
    with database.work() as work:
        assert not list(message_findings(work, At(timedelta(minutes=1))))
        (found,) = message_findings(work, LATE)
        assert "no process sends them: is `amparo serve`" in found
        heard_of(work, "worker", LATE.now())
        assert not list(message_findings(work, LATE))


def test_overdue_notices_are_named_until_they_are_answered(
    database: Database, organisation: OrganisationId
) -> None:
    new = NewNotice(NoticeKind.CHILD, Sender.USER, urls=("https://example.org/a",))
    with database.work() as work:
        notices = Notices(work, organisation)
        made = notices.add(new, hashes=(), held_as=None, key=KEY, actor="test", now=NOW)
        assert not list(notice_findings(work, organisation, LATE))
        late = At(timedelta(hours=25))
        (found,) = notice_findings(work, organisation, late)
        assert found.startswith("1 notices are overdue")
        notices.answer(made.number, Outcome.KEPT, "x", actor="test", now=late.now())
        assert not list(notice_findings(work, organisation, late))
