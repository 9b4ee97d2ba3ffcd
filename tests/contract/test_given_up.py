"""What waited for too long is given up, and what somebody has sent again is not."""

from datetime import timedelta

import pytest

from amparo.core.ids import OrganisationId
from amparo.db import Database
from amparo.respond.webhooks.model import State, Webhook
from amparo.respond.webhooks.store import Webhooks, forget_deliveries
from tests.contract.test_webhooks import KEY
from tests.databases import NOW

A_MONTH = timedelta(days=30, hours=1)


@pytest.fixture
def webhook(database: Database, organisation: OrganisationId) -> Webhook:
    """With one message that waits."""
    with database.work() as work:
        hooks = Webhooks(work, organisation)
        webhook, _ = hooks.add("https://example.org/", [], KEY, NOW)
        hooks.test(webhook.id, NOW)
    return webhook


def test_what_is_due_for_a_month_is_given_up_and_can_be_sent_again(
    database: Database, organisation: OrganisationId, webhook: Webhook
) -> None:
    later = NOW + A_MONTH
    with database.work() as work:
        hooks = Webhooks(work, organisation)
        forget_deliveries(work, later)
        assert hooks.counts(webhook.id)[State.DEAD] == 1
        assert hooks.replay(webhook.id, None, later) == 1
        for hours in (0, 1, 24 * 29):
            forget_deliveries(work, later + timedelta(hours=hours))
            assert hooks.counts(webhook.id)[State.WAITING] == 1
        forget_deliveries(work, later + A_MONTH)
        assert hooks.counts(webhook.id)[State.DEAD] == 1
