"""``advise --confirm``: the advice, really built and executed on a disposable database that holds the data.

A stage beside :mod:`indexical.advise`: advice goes in, and advice with its :class:`Confirmation` comes out, without what does
not pay. The database has to bear the mark of :mod:`indexical.confirm.disposable`, and is left as it was found but for
statistics: what was built is taken away again, also after an interruption, unless it is to be kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from indexical.confirm import building
from indexical.confirm.building import Built
from indexical.confirm.disposable import require_disposable, take_turn
from indexical.confirm.trials import Effort, Trial, compare
from indexical.confirm.verdicts import judge_index, judge_statement, ms_per_unit, slower, take_back
from indexical.errors import ConnectionFailed, DatabaseError
from indexical.model import Advice, Drop, Index, Statement, StatementVerdict, Workload
from indexical.model.confirmation import (
    NOT_CONFIRMED,
    NOT_MEASURED,
    Confirmation,
    IndexConfirmation,
    StatementConfirmation,
)
from indexical.pg.session import Session, connect

__all__ = ["Effort", "check_mark", "confirm"]

OnEvent = Callable[[str, float, str], None]

_NOT_OF_A_SESSION = frozenset(
    {"lc_collate", "lc_ctype", "locale", "locale_provider", "encoding", "shared_buffers", "server_version"}
)


def check_mark(url: str) -> None:
    """Raises :class:`indexical.errors.InputError` when the database is not marked as disposable: to know before advising."""
    with connect(url) as session:
        require_disposable(session)


def confirm(
    url: str,
    workload: Workload,
    advice: Advice,
    *,
    effort: Effort | None = None,
    keep: bool = False,
    on_event: OnEvent | None = None,
) -> Advice:
    """The advice with what building and executing it said, and without the indexes that do not pay.

    Planner settings of the advised database hold for the session. With ``keep`` the confirmed indexes stay.
    Raises :class:`indexical.errors.InputError` when the database is not marked as disposable or another confirmation is under
    way in it, and :class:`ConnectionFailed`.
    """
    begun = time.monotonic()
    tell = on_event or (lambda stage, share, detail: None)
    effort = effort or Effort()
    with connect(
        url, read_only=False, lock_timeout_ms=30_000, application_name="indexical confirm"
    ) as session:
        database = require_disposable(session)
        take_turn(session, database)
        _adopt(session, advice.settings)
        kept: list[Built] = []
        built: list[Built] = []
        try:
            building.sweep(session)
            building.build(session, advice.create, built, tell)
            building.refresh(session, built, effort.timeout_ms)
            found = _Trials(session, workload, advice, built, effort, tell).judged()
            rejected = {each.name for each in found.indexes if each.verdict == NOT_CONFIRMED}
            if keep:
                kept = [each for each in built if each.name and each.recommendation.name not in rejected]
        finally:
            session.close()
            building.remove(url, built, kept)
    confirmation = Confirmation(
        database=database,
        server_version=found.server,
        indexes=found.indexes,
        statements=found.statements,
        not_executed=len(advice.statements) - len(found.statements),
        kept=bool(kept),
        milliseconds=round((time.monotonic() - begun) * 1000, 1),
    )
    reasons = {each.name: each.reason for each in found.indexes if each.verdict == NOT_CONFIRMED}
    return replace(take_back(advice, reasons, found.disliked), confirmation=confirmation)


def _adopt(session: Session, settings: Iterable[tuple[str, str]]) -> None:
    """The planner settings of the advised database; those that only a server can have stay as they are."""
    for name, value in settings:
        if name in _NOT_OF_A_SESSION:
            continue
        try:
            session.set(name, value)
        except ConnectionFailed:
            raise
        except DatabaseError:
            continue


@dataclass(frozen=True, slots=True)
class _Found:
    indexes: tuple[IndexConfirmation, ...]
    statements: tuple[StatementConfirmation, ...]
    disliked: Mapping[str, str]
    """Drops that would hurt, by name, with the reason."""
    server: str


class _Trials:
    """One confirmation under way."""

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

    def judged(self) -> _Found:
        listed = self._that_matter()
        sides = ([each.qualified for each in self.new.values()], list(self.drops))
        judged: list[StatementConfirmation] = []
        trials: dict[str, Trial] = {}
        for number, verdict in enumerate(listed):
            self.tell("confirm", number / len(listed), verdict.id)
            trials[verdict.id] = self._compare(verdict.id, sides)
            judged.append(self._shown(judge_statement(verdict, trials[verdict.id])))
        executed = {each.id: each for each in judged if each.verdict != NOT_MEASURED}
        rate = ms_per_unit(executed.values())
        indexes = tuple(self._judge(each, executed, rate) for each in self.built)
        return _Found(
            indexes, tuple(judged), self._disliked(trials, executed), self.session.server_version_text
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

    def _compare(self, id: str, sides: tuple[Sequence[str], Sequence[str]]) -> Trial:
        statement: Statement | None = self.workload.statement(id)
        if statement is None:
            return Trial(reason="the workload does not hold it any more")
        return compare(self.session, statement, sides, self.effort, self.names)

    def _shown(self, statement: StatementConfirmation) -> StatementConfirmation:
        """With new indexes under the names of the advice."""
        names = (
            self.new[name].recommendation.name if name in self.new else name
            for name in statement.indexes_used
        )
        return replace(statement, indexes_used=tuple(sorted(names)))

    def _judge(
        self, built: Built, executed: Mapping[str, StatementConfirmation], rate: float
    ) -> IndexConfirmation:
        found = self._index(built, executed, rate)
        if found.verdict == NOT_CONFIRMED and built.name:
            self.out.append(built.qualified)
        return found

    def _index(
        self, built: Built, executed: Mapping[str, StatementConfirmation], rate: float
    ) -> IndexConfirmation:
        wanted = built.recommendation
        base = IndexConfirmation(wanted.name, wanted.index, wanted.size, NOT_MEASURED, built.reason)
        if not built.name:
            return replace(base, verdict=NOT_CONFIRMED) if built.impossible else base
        base = replace(base, size_built=built.size, build_ms=built.build_ms)
        using = [each for each in executed.values() if wanted.name in each.indexes_used]
        found = judge_index(base, wanted, executed, using, rate)
        if not using or (found.verdict != NOT_CONFIRMED and not self._shared(using, wanted.name)):
            return found
        # Several new indexes serve its statements, or they got no faster: what is it worth beside the others?
        self.tell("confirm", -1.0, f"without {wanted.name}")
        gone = [*self.drops, *self.out]
        sides = ([*gone, built.qualified], gone)
        alone = [self._beside(each, sides) for each in using]
        return judge_index(
            base, wanted, executed, [each for each in alone if each.ms_after is not None], rate
        )

    def _shared(self, using: Iterable[StatementConfirmation], name: str) -> bool:
        new = {each.recommendation.name for each in self.new.values()} - {name}
        return any(new & set(each.indexes_used) for each in using)

    def _beside(
        self, statement: StatementConfirmation, sides: tuple[Sequence[str], Sequence[str]]
    ) -> StatementConfirmation:
        trial = self._compare(statement.id, sides)
        if trial.before is None or trial.after is None:
            return statement
        return replace(statement, ms_before=trial.before.milliseconds, ms_after=trial.after.milliseconds)

    def _disliked(
        self, trials: Mapping[str, Trial], executed: Mapping[str, StatementConfirmation]
    ) -> Mapping[str, str]:
        """Drops whose index a statement used before that got slower."""
        found: dict[str, str] = {}
        for id, each in executed.items():
            before = trials[id].before
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
