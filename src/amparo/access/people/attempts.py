"""Who tries to sign in again and again waits longer and longer: by account and by address.

An attempt is counted before the password is looked at, so that many at once count as many. One in a
browser that is known counts for that browser in the account's stead: whoever tries an account from
elsewhere keeps others waiting, and not the one whose it is (OWASP: device cookies).
"""

import hashlib
import ipaddress
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select, text

from amparo.access.people.tables import AttemptsRow
from amparo.core.errors import Denied
from amparo.db import Database, Work
from amparo.db.tables import UtcTime

FREE_BY_ACCOUNT = 5
FREE_BY_ADDRESS = 30
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)

_FREE = {
    "account": FREE_BY_ACCOUNT,
    "browser": FREE_BY_ACCOUNT,
    "address": FREE_BY_ADDRESS,
}


class TooManyAttempts(Denied):
    """Nothing is tried for so many seconds from now, whatever is given."""

    code = "too_many_attempts"

    def __init__(self, left: timedelta) -> None:
        super().__init__("There were too many attempts; try again in a while.")
        self.wait_s = math.ceil(left.total_seconds())


@dataclass(frozen=True, slots=True)
class Trier:
    """Who tries to sign in: to which account, from where, and in which browser if it is known."""

    email: str
    address: str
    browser: str | None = None

    @property
    def subjects(self) -> tuple[str, str]:
        """What is counted. Digests: what is typed as an account is sometimes a password."""
        account = self.email.strip().lower()
        whose = f"account:{_digest(account)}"
        if self.browser is not None:
            whose = f"browser:{_digest(f'{self.browser} {account}')}"
        return whose, f"address:{_network(self.address)}"


def count_attempt(database: Database, trier: Trier, now: datetime) -> None:
    """Count an attempt. Raises TooManyAttempts where there were, whatever is tried."""
    with database.work() as work:
        left = timedelta(0)
        for subject in trier.subjects:
            work.execute(_HOLD, {"subject": subject, "now": now})
            left = max(left, _left(work, subject, now))
        if left:
            raise TooManyAttempts(left)
        for subject in trier.subjects:
            work.execute(_COUNT, {"subject": subject, "now": now, "old": now - FORGOTTEN_AFTER})


def count_success(work: Work, trier: Trier) -> None:
    """It was right: nothing speaks against the account or browser, nor this attempt of the address.

    What was tried elsewhere is not forgotten for a browser that is known.
    """
    whose, from_where = trier.subjects
    work.execute(delete(AttemptsRow).where(AttemptsRow.subject == whose))
    work.execute(_UNCOUNT, {"subject": from_where})


def touch_attempts(work: Work, trier: Trier) -> None:
    """Write, and change nothing."""
    work.execute(_TOUCH, {"subject": trier.subjects[0]})


def forget_attempts(work: Work, now: datetime) -> None:
    """Forget what is no longer counted."""
    work.execute(delete(AttemptsRow).where(AttemptsRow.last_at < now - FORGOTTEN_AFTER))


def _left(work: Work, subject: str, now: datetime) -> timedelta:
    """How long nothing is tried for a subject; zero where it may be now."""
    row = work.execute(
        select(AttemptsRow.count.label("tried"), AttemptsRow.last_at).where(
            AttemptsRow.subject == subject
        )
    ).one_or_none()
    if row is None or now - row.last_at >= FORGOTTEN_AFTER:
        return timedelta(0)
    wait = _wait(row.tried - _FREE[subject.partition(":")[0]])
    if not wait:  # else of two at once the one that looked at the clock first would have to wait
        return timedelta(0)
    until: datetime = row.last_at + wait
    return max(until - now, timedelta(0))


def _wait(too_many: int) -> timedelta:
    if too_many < 0:
        return timedelta(0)
    factor: int = 2 ** min(too_many, 10)
    return min(FIRST_WAIT * factor, LONGEST_WAIT)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _network(address: str) -> str:
    """An IPv6 address's /64, which is one customer's."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(known, ipaddress.IPv6Address):
        if known.ipv4_mapped is not None:
            return str(known.ipv4_mapped)
        return str(ipaddress.ip_network((known, 64), strict=False))
    return str(known)


_HOLD = text(
    "INSERT INTO sign_in_attempts (subject, count, last_at) VALUES (:subject, 0, :now) "
    "ON CONFLICT (subject) DO UPDATE SET count = sign_in_attempts.count"
).bindparams(bindparam("now", type_=UtcTime()))
"""Whoever else tries the same waits until this attempt is counted."""

_COUNT = text(
    "INSERT INTO sign_in_attempts (subject, count, last_at) VALUES (:subject, 1, :now) "
    "ON CONFLICT (subject) DO UPDATE SET last_at = excluded.last_at, count = "
    "CASE WHEN sign_in_attempts.last_at < :old THEN 1 ELSE sign_in_attempts.count + 1 END"
).bindparams(bindparam("now", type_=UtcTime()), bindparam("old", type_=UtcTime()))

_UNCOUNT = text(
    "UPDATE sign_in_attempts SET count = count - 1 WHERE subject = :subject AND count > 0"
)

_TOUCH = text("UPDATE sign_in_attempts SET count = count WHERE subject = :subject")
