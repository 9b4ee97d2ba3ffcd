"""Which of a telephone's codes are good: those of now, and of a step before and after."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from amparo.access.people.codes import STEP_S, step_of

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
BEGINS = datetime(2026, 11, 26, 7, 0, 0, tzinfo=UTC)
"""A step begins in this second."""


@pytest.mark.parametrize("second", [0, 17, STEP_S - 1])
@pytest.mark.parametrize(
    ("steps", "is_good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_telephone_may_be_a_step_early_or_late_and_not_two(
    second: int, steps: int, is_good: bool
) -> None:
    now = BEGINS + timedelta(seconds=second)
    present = int(BEGINS.timestamp()) // STEP_S
    code = pyotp.TOTP(SECRET).at((present + steps) * STEP_S)
    assert step_of(SECRET, code, now) == (present + steps if is_good else None)
