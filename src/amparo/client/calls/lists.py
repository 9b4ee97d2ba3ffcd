"""Lists: made, shown, changed, and followed."""

from collections.abc import Iterable, Iterator
from typing import Literal

from amparo.client.calls.asking import Asking, made, moved_on, part
from amparo.wire.lists import (
    AddSignals,
    ChangeAnswer,
    ContractBody,
    FeedAnswer,
    ListAnswer,
    NewListBody,
    NewSignal,
    ProposalAnswer,
    SignalAnswer,
    SignalsPage,
    WithdrawSignals,
)

ListKindName = Literal["confirmed", "suspect", "negative"]
SubjectName = Literal["child", "adult"]
_PAGE = 1000


class Lists(Asking):
    """Calls about lists."""

    def lists(self) -> list[ListAnswer]:
        """The organisation's lists, by name. Raises CallFailed."""
        return self._get("/v1/lists", list[ListAnswer])

    def show_list(self, name: str) -> ListAnswer:
        """One of them. Raises CallFailed."""
        return self._get(_path(name), ListAnswer)

    def create_list(
        self,
        name: str,
        *,
        kind: ListKindName = "suspect",
        subject: SubjectName = "child",
        radius_bits: int | None = None,
        minimum_quality: int = 50,
        contract: ContractBody | None = None,
    ) -> ListAnswer:
        """Make a list. Raises CallFailed."""
        new = made(
            NewListBody,
            name=name,
            kind=kind,
            subject=subject,
            radius_bits=radius_bits,
            minimum_quality=minimum_quality,
            contract=contract or ContractBody(),
        )
        return self._post("/v1/lists", new, ListAnswer)

    def add_signals(self, name: str, signals: Iterable[NewSignal]) -> ChangeAnswer:
        """Add up to 1000 signals as one change; to a negative list, propose it. Raises CallFailed.

        It is not tried again: whether it was done, `changes` tells.
        """
        body = made(AddSignals, signals=tuple(signals))
        return self._post(f"{_path(name)}/signals", body, ChangeAnswer)

    def withdraw_signals(self, name: str, numbers: Iterable[str]) -> ChangeAnswer:
        """Withdraw up to 1000 signals by their numbers, as one change. Raises CallFailed."""
        body = made(WithdrawSignals, signals=tuple(numbers))
        return self._post(f"{_path(name)}/withdrawals", body, ChangeAnswer)

    def signals(self, name: str) -> Iterator[SignalAnswer]:
        """All signals of a list, by number; pages are asked for as they are needed."""
        after = "0"
        while True:
            page = self._get(f"{_path(name)}/signals", SignalsPage, after=after, limit=_PAGE)
            yield from page.signals
            if page.next is None:
                return
            after = moved_on(after, page.next)

    def changes(self, name: str, *, after: str | int = "0") -> Iterator[FeedAnswer]:
        """What happened to a list after a revision, in steps, up to now.

        Keep `next` of each step once you have done what it says: the next time, `after` it.
        Raises CallFailed; NotNow with the code `unknown_revision` where the list has not come so
        far, as after a restore: forget what you have of it and begin at 0.
        """
        here = str(after)
        while True:
            step = self._get(f"{_path(name)}/changes", FeedAnswer, after=here, limit=_PAGE)
            yield step
            if not step.more:
                return
            here = moved_on(here, step.next)

    def proposals(self, name: str) -> list[ProposalAnswer]:
        """What waits in a negative list for a second person. Raises CallFailed."""
        return self._get(f"{_path(name)}/proposals", list[ProposalAnswer])


def _path(name: str) -> str:
    return f"/v1/lists/{part('The name of a list', name)}"
