"""Has the planner make hypothetical indexes when they are first asked for, and always in the same order on each table.

Of two equally good indexes on a table PostgreSQL takes the one made first. So whichever statement asks first, and however many
ask at once, a table's candidates are made by stage and then in their order; stages that nobody asks for are never made.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence

from indexical.errors import PlanRefused
from indexical.model import Candidates, Index
from indexical.protocols import Planner


class Making:
    def __init__(self, planner: Planner, candidates: Candidates) -> None:
        self._add: Callable[[Sequence[Index]], object] | None = getattr(planner, "add", None)
        self._stage = {candidate.index: candidate.stage for candidate in candidates.candidates}
        self._waiting: dict[tuple[str, str], list[Index]] = {}
        """By table what is not made yet, the next to be made last."""
        for index in sorted(self._stage, key=lambda index: (self._stage[index], index), reverse=True):
            self._waiting.setdefault((index.schema, index.table), []).append(index)
        self._made: set[Index] = set()
        self._turn = threading.Lock()

    def make(self, indexes: Iterable[Index]) -> None:
        """Makes what is missing of these, and what comes before it on its table."""
        if self._add is None or self._made.issuperset(indexes):
            return
        with self._turn:
            for index in sorted(set(indexes).difference(self._made)):
                self._make_up_to(index)

    def _make_up_to(self, index: Index) -> None:
        waiting = self._waiting.get((index.schema, index.table), [])
        stage = self._stage.get(index)
        if stage is None:
            # Nobody's candidate: the planner makes it as it comes.
            self._made.add(index)
            return
        some = []
        while waiting and self._stage[waiting[-1]] <= stage:
            some.append(waiting.pop())
        self._hand_over(some)
        self._made.update(some)

    def _hand_over(self, some: list[Index]) -> None:
        if self._add is None or not some:
            return
        try:
            self._add(some)
        except PlanRefused:
            for each in some:
                try:
                    self._add((each,))
                except PlanRefused:
                    # It is refused again, with its reason, when a plan asks for it.
                    continue
