"""Which of the built indexes pay: their statements are executed, and the worst one goes until all that are left do.

One at a time, because two indexes can be bad only together: where a plan that joins through both is slow, without one of them
the other may be worth its bytes. After each that goes its statements are planned and executed anew, and what served them
is judged again. In the end each that went is tried once more beside those that stayed: what it was bad with may have gone, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from indexical.confirm import building
from indexical.confirm.building import Built
from indexical.confirm.trials import Effort, Trial, compare, used
from indexical.confirm.verdicts import judge_index, judge_statement, ms_per_unit, slower
from indexical.model import Advice, Drop, Index, Recommendation, Statement, StatementVerdict, Workload
from indexical.model.confirmation import (
    CONFIRMED,
    NOT_CONFIRMED,
    NOT_MEASURED,
    IndexConfirmation,
    StatementConfirmation,
)
from indexical.pg.session import Session

OnEvent = Callable[[str, float, str], None]


@dataclass(frozen=True, slots=True)
class Found:
    indexes: tuple[IndexConfirmation, ...]
    statements: tuple[StatementConfirmation, ...]
    disliked: Mapping[str, str]
    """Drops that would hurt, by name, with the reason."""
    server: str


class Judging:
    """One confirmation under way: the indexes are built, the session may execute."""

    def __init__(
        self,
        session: Session,
        workload: Workload,
        advice: Advice,
        built: Sequence[Built],
        effort: Effort,
        tell: OnEvent,
    ) -> None:
        self.session = session
        self.workload = workload
        self.advice = advice
        self.built = built
        self.effort = effort
        self.tell = tell
        self.names: Mapping[str, Index] = building.names_of(session)
        self.new = {each.name: each for each in built if each.name}
        self.drops: Mapping[str, Drop] = building.dropped(session, advice.drop)
        self.out: list[str] = []
        """New indexes that are not confirmed: the others are judged without them."""
        self.returned: set[str] = set()
        """New indexes that were out and came back; that happens once to each."""
        self.rate = 0.0
        """Milliseconds a planner unit."""
        self.trials: dict[str, Trial] = {}
        self.statements: dict[str, StatementConfirmation] = {}
        """By id, the dearest first."""
        self.found: dict[str, IndexConfirmation] = {}
        """By the name of the advice: the verdicts that still hold."""

    def judged(self) -> Found:
        """Everything executed and judged. Raises :class:`indexical.errors.ConnectionFailed`."""
        listed = self._that_matter()
        for number, verdict in enumerate(listed):
            self.tell("confirm", number / len(listed), verdict.id)
            self._execute(verdict)
        self.rate = ms_per_unit(self._executed().values())
        self._settle()
        while (back := self._may_return()) is not None:
            self._bring_back(*back)
            self._settle()
        return Found(
            tuple(self.found[each.recommendation.name] for each in self.built),
            tuple(self.statements.values()),
            self._disliked(),
            self.session.server_version_text,
        )

    def _that_matter(self) -> list[StatementVerdict]:
        """Statements that use a new index or one that is to go, and the dearest ones; the dearest first."""
        new = {item.name for item in self.advice.create}
        gone = {drop.existing.name for drop in self.advice.drop}

        def changes(verdict: StatementVerdict) -> bool:
            before = verdict.plan_before.index_names if verdict.plan_before is not None else ()
            return bool(new & set(verdict.indexes_used) or gone & set(before))

        ranked = sorted(
            self.advice.statements, key=lambda v: (not changes(v), -v.calls * v.cost_before, v.id)
        )
        chosen = ranked[: self.effort.statements]
        return sorted(chosen, key=lambda v: (-v.calls * v.cost_before, v.id))

    def _executed(self) -> dict[str, StatementConfirmation]:
        return {id: each for id, each in self.statements.items() if each.verdict != NOT_MEASURED}

    def _execute(self, verdict: StatementVerdict) -> None:
        """Without any new index, and with those that are not out."""
        sides = ([each.qualified for each in self.new.values()], [*self.drops, *self.out])
        trial = self._compare(verdict.id, sides)
        self.trials[verdict.id] = trial
        self.statements[verdict.id] = self._shown(judge_statement(verdict, trial))

    def _compare(self, id: str, sides: tuple[Sequence[str], Sequence[str]]) -> Trial:
        statement: Statement | None = self.workload.statement(id)
        if statement is None:
            return Trial(reason="the workload does not hold it any more")
        return compare(self.session, statement, sides, self.effort, self.names)

    def _plans(self, id: str, gone: Sequence[str]) -> tuple[str, ...]:
        """Indexes that the statement's plans use without these."""
        statement = self.workload.statement(id)
        return used(self.session, statement, gone, self.effort, self.names) if statement is not None else ()

    def _shown(self, statement: StatementConfirmation) -> StatementConfirmation:
        """With new indexes under the names of the advice."""
        names = (
            self.new[name].recommendation.name if name in self.new else name
            for name in statement.indexes_used
        )
        return replace(statement, indexes_used=tuple(sorted(names)))

    def _settle(self) -> None:
        """Judges what is not judged, and takes out the worst, until all that are left pay."""
        while True:
            for each in self.built:
                if each.recommendation.name not in self.found:
                    self.found[each.recommendation.name] = self._index(each)
            left = [
                each
                for each in self.new.values()
                if each.qualified not in self.out
                and self.found[each.recommendation.name].verdict == NOT_CONFIRMED
            ]
            if not left:
                return
            # The one that costs its statements most.
            self._take_out(min(left, key=lambda each: self.found[each.recommendation.name].saved_ms or 0.0))

    def _take_out(self, worst: Built) -> None:
        self.out.append(worst.qualified)
        name = worst.recommendation.name
        self._again([id for id, each in self._executed().items() if name in each.indexes_used], name)

    def _bring_back(self, back: Built, found: IndexConfirmation) -> None:
        self.out.remove(back.qualified)
        self.returned.add(back.qualified)
        self.found[back.recommendation.name] = found
        self._again(found.statements, back.recommendation.name)

    def _again(self, ids: Sequence[str], name: str) -> None:
        """Executes the statements that an index made different by going or coming; who serves them has no verdict any more."""
        served: set[str] = set()
        for verdict in self.advice.statements:
            if verdict.id in ids:
                self.tell("confirm", -1.0, f"{verdict.id} after {name}")
                served.update(self.statements[verdict.id].indexes_used)
                self._execute(verdict)
                served.update(self.statements[verdict.id].indexes_used)
        out = {each.recommendation.name for each in self.new.values() if each.qualified in self.out}
        for other in served - out - {name}:
            self.found.pop(other, None)

    def _may_return(self) -> tuple[Built, IndexConfirmation] | None:
        """Of the indexes that are out, the one that saves most beside those that stayed, with its verdict there."""
        tried = [
            (each, self._returned(each))
            for each in self.new.values()
            if each.qualified in self.out and each.qualified not in self.returned
        ]
        paying = [(each, found) for each, found in tried if found.verdict == CONFIRMED]
        return max(paying, key=lambda one: one[1].saved_ms or 0.0, default=None)

    def _returned(self, built: Built) -> IndexConfirmation:
        """The verdict on an index that is out if it came back."""
        wanted = built.recommendation
        gone = [*self.drops, *self.out]
        there = [each for each in gone if each != built.qualified]
        using = [each for id, each in self._executed().items() if built.name in self._plans(id, there)]
        return self._beside(self._base(built), wanted, using, (gone, there))

    def _base(self, built: Built) -> IndexConfirmation:
        wanted = built.recommendation
        base = IndexConfirmation(wanted.name, wanted.index, wanted.size, NOT_MEASURED, built.reason)
        return replace(base, size_built=built.size, build_ms=built.build_ms) if built.name else base

    def _index(self, built: Built) -> IndexConfirmation:
        wanted, base = built.recommendation, self._base(built)
        if not built.name:
            return replace(base, verdict=NOT_CONFIRMED) if built.impossible else base
        executed = self._executed()
        using = [each for each in executed.values() if wanted.name in each.indexes_used]
        found = judge_index(base, wanted, executed, using, self.rate)
        if not using or (found.verdict != NOT_CONFIRMED and not self._shared(using, wanted.name)):
            return found
        # Several new indexes serve its statements, or they got no faster: what is it worth beside the others?
        gone = [*self.drops, *self.out]
        return self._beside(base, wanted, using, ([*gone, built.qualified], gone))

    def _beside(
        self,
        base: IndexConfirmation,
        wanted: Recommendation,
        using: Sequence[StatementConfirmation],
        sides: tuple[Sequence[str], Sequence[str]],
    ) -> IndexConfirmation:
        """The verdict by what its statements take without it and with it, the others being there."""
        self.tell("confirm", -1.0, f"{wanted.name} beside the others")
        alone = [self._tried(each, sides) for each in using]
        measured = [each for each in alone if each.verdict != NOT_MEASURED]
        if alone and not measured:
            return replace(base, reason=alone[0].reason)
        lost = {each.id for each in alone if each.verdict == NOT_MEASURED}
        left = {id: each for id, each in self._executed().items() if id not in lost}
        return judge_index(base, wanted, left, measured, self.rate)

    def _shared(self, using: Iterable[StatementConfirmation], name: str) -> bool:
        new = {each.recommendation.name for each in self.new.values()} - {name}
        return any(new & set(each.indexes_used) for each in using)

    def _tried(
        self, statement: StatementConfirmation, sides: tuple[Sequence[str], Sequence[str]]
    ) -> StatementConfirmation:
        trial = self._compare(statement.id, sides)
        if trial.before is None or trial.after is None:
            return replace(statement, verdict=NOT_MEASURED, reason=trial.reason)
        return replace(
            statement,
            ms_before=trial.before.milliseconds,
            ms_after=trial.after.milliseconds,
            cut=trial.cut,
        )

    def _disliked(self) -> Mapping[str, str]:
        """Drops whose index a statement used before that got slower."""
        found: dict[str, str] = {}
        for id, each in self._executed().items():
            before = self.trials[id].before
            if before is None or each.ms_before is None or each.ms_after is None:
                continue
            if slower(each.ms_before, each.ms_after):
                for drop in self.drops.values():
                    if drop.existing.name in before.indexes:
                        found.setdefault(
                            drop.existing.name,
                            f"without it {id} takes {each.ms_after:,.3g} ms instead of {each.ms_before:,.3g} ms a call",
                        )
        return found
