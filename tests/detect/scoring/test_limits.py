"""Budgets and breakers hold, also under many threads and with a clock that stands still."""

import threading
from collections.abc import Callable

import pytest

from amparo.detect.media.sandbox import Answer
from amparo.detect.scoring.breaker import Breaker
from amparo.detect.scoring.budget import Budget
from amparo.detect.scoring.guarded import Absent, Guarded, Why
from amparo.detect.scoring.scorer import Busy, Silent, UnknownWord


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_budget_is_refilled_evenly() -> None:
    clock = Clock()
    budget = Budget(6, 1000, clock=clock)
    assert [budget.take() for _ in range(7)] == [True] * 6 + [False]
    clock.now += 10  # a sixth of a minute
    assert [budget.take() for _ in range(2)] == [True, False]
    clock.now += 3600
    assert [budget.take() for _ in range(7)] == [True] * 6 + [False]


def test_a_days_budget_is_never_spent_twice_in_a_day() -> None:
    clock = Clock()
    budget = Budget(100, 150, clock=clock)
    taken = 0
    for _ in range(24 * 60 - 1):
        taken += sum(budget.take() for _ in range(100))
        clock.now += 60
    assert taken == 150
    clock.now += 60
    assert budget.take()


def test_a_budget_holds_under_many_threads() -> None:
    budget = Budget(500, 10_000, clock=Clock())
    taken: list[bool] = []

    def take() -> None:
        for _ in range(100):
            taken.append(budget.take())

    threads = [threading.Thread(target=take) for _ in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (len(taken), sum(taken)) == (1600, 500)


def breaker(clock: Clock) -> Breaker:
    return Breaker(failures=3, pause_s=30, clock=clock)


def ask(one: Breaker) -> int:
    question = one.enter()
    assert question is not None
    return question


def lets_through(one: Breaker, times: int) -> list[bool]:
    return [one.enter() is not None for _ in range(times)]


def test_a_breaker_opens_after_failures_in_a_row_and_lets_one_try_after_a_pause() -> None:
    clock = Clock()
    one = breaker(clock)
    for _ in range(2):
        one.failed(ask(one))
    one.succeeded(ask(one))
    for _ in range(3):
        one.failed(ask(one))
    assert one.is_open
    assert lets_through(one, 1) == [False]
    clock.now += 30
    trial = ask(one)
    assert lets_through(one, 2) == [False, False]
    one.failed(trial)
    clock.now += 29
    assert one.is_open
    clock.now += 1
    one.succeeded(ask(one))
    assert lets_through(one, 3) == [True, True, True]


def test_a_trial_of_which_nobody_tells_is_tried_again() -> None:
    clock = Clock()
    one = breaker(clock)
    one.rest(1)
    clock.now += 30
    assert lets_through(one, 2) == [True, False]
    clock.now += 30
    assert lets_through(one, 1) == [True]


def test_a_trial_that_was_not_made_is_free_for_another() -> None:
    clock = Clock()
    one = breaker(clock)
    one.rest(1)
    clock.now += 30
    one.leave(ask(one))
    assert lets_through(one, 1) == [True]


def test_late_failures_of_before_do_not_keep_it_open() -> None:
    clock = Clock()
    one = breaker(clock)
    late = ask(one)
    for _ in range(3):
        one.failed(ask(one))
    clock.now += 29
    one.failed(late)
    clock.now += 1
    assert lets_through(one, 1) == [True]


def test_late_successes_of_before_do_not_close_it_nor_cancel_what_it_was_asked_to_wait() -> None:
    clock = Clock()
    one = breaker(clock)
    late = [ask(one) for _ in range(3)]
    for _ in range(3):
        one.failed(ask(one))
    one.succeeded(late[0])
    assert one.is_open
    one.rest(600)
    one.succeeded(late[1])
    clock.now += 599
    assert one.is_open
    clock.now += 1
    trial = ask(one)
    one.succeeded(late[2])
    one.leave(late[2])
    assert lets_through(one, 1) == [False]
    one.succeeded(trial)
    assert lets_through(one, 2) == [True, True]


def test_late_failures_of_before_are_not_the_trials() -> None:
    clock = Clock()
    one = breaker(clock)
    late = ask(one)
    one.rest(1)
    clock.now += 30
    trial = ask(one)
    one.failed(late)
    one.leave(trial)
    assert lets_through(one, 1) == [True]


def test_a_trial_that_succeeds_does_not_cancel_what_it_was_asked_to_wait_meanwhile() -> None:
    clock = Clock()
    one = breaker(clock)
    one.rest(1)
    clock.now += 30
    trial = ask(one)
    one.rest(600)
    one.succeeded(trial)
    clock.now += 599
    assert one.is_open
    clock.now += 1
    assert lets_through(one, 1) == [True]


def test_who_wants_to_be_left_alone_is_left_alone_so_long_and_no_longer_than_an_hour() -> None:
    clock = Clock()
    one = breaker(clock)
    one.rest(90)
    clock.now += 89
    assert one.is_open
    clock.now += 1
    assert not one.is_open
    one.rest(10**9)
    clock.now += 3600
    assert not one.is_open


def answered(work: Callable[[], int]) -> Answer[int]:
    answer: Answer[int] = Answer()
    answer.fill(work)
    return answer


def raising(error: Exception) -> Callable[[], int]:
    def work() -> int:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("zorvimel"), "failed"),
        (TimeoutError(), "late"),
        (Busy(5), "busy"),
        (UnknownWord("quandelu"), "unknown-answer: quandelu"),
        (UnknownWord("x\n<b>\x00é" + "y" * 100), "unknown-answer: x<b>" + "y" * 33),
        (UnknownWord(None), "unknown-answer: NoneType"),
        (Silent(), "not-answered"),
    ],
)
def test_whatever_is_raised_is_an_absence_with_a_name(error: Exception, told: str) -> None:
    guarded: Guarded[int] = Guarded("one", Breaker())
    said = guarded.end(guarded.begin(lambda: answered(raising(error))), until=0)
    assert isinstance(said, Absent)
    assert said.told == told


def test_no_answer_in_time_is_late() -> None:
    guarded: Guarded[int] = Guarded("one", Breaker())
    assert guarded.end(guarded.begin(Answer), until=0) == Absent(Why.LATE)


def test_who_is_not_asked_costs_no_budget_and_who_has_none_tries_nothing() -> None:
    clock = Clock()
    one = breaker(clock)
    guarded: Guarded[int] = Guarded("one", one, Budget(1, 10, clock=clock))
    one.rest(1)
    assert guarded.begin(lambda: answered(lambda: 1)) == Absent(Why.BREAKER)
    clock.now += 30
    assert guarded.end(guarded.begin(lambda: answered(lambda: 1)), until=0) == 1
    assert guarded.begin(lambda: answered(lambda: 1)) == Absent(Why.BUDGET)


def test_without_a_budget_left_a_trial_is_not_lost() -> None:
    clock = Clock()
    one = breaker(clock)
    guarded: Guarded[int] = Guarded("one", one, Budget(1, 1, clock=clock))
    guarded.end(guarded.begin(lambda: answered(raising(Busy(1)))), until=0)
    clock.now += 30
    assert guarded.begin(Answer) == Absent(Why.BUDGET)
    assert not one.is_open


def test_an_answer_from_before_does_not_cancel_a_retry_after() -> None:
    clock = Clock()
    guarded: Guarded[int] = Guarded("one", breaker(clock))
    slow = guarded.begin(lambda: answered(lambda: 1))
    guarded.end(guarded.begin(lambda: answered(raising(Busy(600)))), until=0)
    assert guarded.end(slow, until=0) == 1
    assert guarded.begin(Answer) == Absent(Why.BREAKER)
    clock.now += 599
    assert guarded.begin(Answer) == Absent(Why.BREAKER)
