"""Reading the record of a run. The file is somebody's input: its size, shapes and types are checked before anything is believed.

Every line was on disk before the next one was begun, so only the last can be cut, by a crash or a full disk; what it said was
not yet relied on by anybody. Anything else that cannot be read is refused with its line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

from indexical import kept_lines
from indexical.errors import FileRefused
from indexical.model import Applied, DdlStatement, Failed, NotMeasured, Outcome, Skipping, Verified
from indexical.model.run import (
    Backend,
    BackupEvidence,
    IndexRecord,
    RunNote,
    RunRecord,
    RunStep,
    StepState,
    TargetIdentity,
)
from indexical.model.stored import built, index_from, made_for_from, string, whole

_OTHER = "name the journal of a run"
LIMIT = 64 * 1024 * 1024
"""Bytes of a journal; a line of a step has some hundreds, the plan's line a kilobyte or two for each index."""
_MOST_LINES = 500_000
_KINDS: dict[str, type[Outcome]] = {
    "applied": Applied,
    "skipped": Skipping,
    "failed": Failed,
    "verified": Verified,
    "not-measured": NotMeasured,
}
_BROKEN_OFF = "TERMINATED"
"""The session was ended, or its server went away and came back, and nothing is left: the step can be begun anew."""
OPEN_CODES = frozenset({"CLEANUP_PENDING", "STATE_UNKNOWN", "SERVER_LOST", "TARGET_CHANGED", _BROKEN_OFF})
"""Codes of failures after which something is still to be found out, cleared away, or done after all."""


def outcome_kind(outcome: Outcome) -> str:
    """The outcome's word in journals and in JSON: ``applied``, ``skipped``, ``failed``, ``verified``, ``not-measured``."""
    return next(word for word, kind in _KINDS.items() if isinstance(outcome, kind))


def read_run(path: Path) -> RunRecord:
    """What a journal says.

    Raises :class:`FileRefused` when it is missing, too large, damaged anywhere but in its last line, or holds no run.
    """
    content = kept_lines.content(path, "journal", LIMIT, _OTHER)
    end = content.rfind(b"\n") + 1
    lines = content[:end].split(b"\n")[:-1]
    if not lines:
        raise FileRefused(f"{path} holds no whole line, so its run had not begun; delete it")
    if len(lines) > _MOST_LINES:
        raise FileRefused(
            f"{path} has more than {_MOST_LINES} lines and so is no journal; name the journal of a run"
        )
    reader: _Reader | None = None
    for number, line in enumerate(lines, 1):
        try:
            document = kept_lines.document(line)
            if reader is None:
                reader = _begun(document)
            else:
                reader.take(document)
        except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError) as error:
            _damaged(path, number, error)
    if reader is None:
        raise FileRefused(f"{path} holds no run; name the journal of a run")
    return reader.record(torn=end < len(content))


def complete(path: Path) -> int:
    """How many bytes of the file are whole lines."""
    return kept_lines.content(path, "journal", LIMIT, _OTHER).rfind(b"\n") + 1


def _damaged(path: Path, number: int, error: Exception) -> NoReturn:
    detail = f"{type(error).__name__}: {error}"[:120]
    raise FileRefused(
        f"{path} is damaged or was edited in line {number} ({detail}); nothing was changed; see what the database has "
        "with: verify, and go on by hand"
    ) from None


@dataclass(slots=True)
class _Reader:
    """The run as far as the lines read so far tell it."""

    head: RunRecord
    steps: dict[str, RunStep]
    notes: list[RunNote] = field(default_factory=list)

    def take(self, line: Mapping[str, Any]) -> None:
        at, run, step, event = (string(line[name]) for name in ("at", "run", "step", "event"))
        if run != self.head.run:
            raise ValueError("it is about another run")
        if self.head.ended and event not in _AFTERWARDS:
            raise ValueError("the run has ended before it")
        if step == "run":
            self._whole_run(at, event, line)
        else:
            self.steps[step] = _stepped(self.steps[step], at, event, line)

    def _whole_run(self, at: str, event: str, line: Mapping[str, Any]) -> None:
        if event == "begin":
            raise ValueError("the run begins twice")
        if event == "backup":
            self.head = replace(self.head, backup=built(BackupEvidence, line["evidence"]))
        elif event == "end":
            self.head = replace(self.head, ended=at, result=string(line["result"]))
        elif event == "resumed":
            self.head = replace(self.head, resumed=self.head.resumed + 1)
        if event not in ("backup", "end"):
            details = {key: value for key, value in line.items() if key not in ("at", "run", "step", "event")}
            self.notes.append(RunNote(at, event, json.dumps(details)))

    def record(self, *, torn: bool) -> RunRecord:
        return replace(self.head, steps=tuple(self.steps.values()), notes=tuple(self.notes), torn=torn)


_AFTERWARDS = frozenset({"verify", "measure"})
"""What may be noted about a run that has ended."""


def _begun(line: Mapping[str, Any]) -> _Reader:
    at, run, step, event = (string(line[name]) for name in ("at", "run", "step", "event"))
    if (step, event) != ("run", "begin"):
        raise ValueError("it does not begin with the run")
    raw = line["target"]
    target = TargetIdentity(
        system_identifier=string(raw["system_identifier"]),
        database_oid=whole(raw["database_oid"]),
        database=string(raw["database"]),
        timeline=whole(raw.get("timeline", 0)),
        address=string(raw.get("address", "")),
    )
    head = RunRecord(
        run=run,
        verb=string(line["verb"]),
        began=at,
        target=target,
        server_version=string(line.get("server_version", "")),
        tool_version=string(line.get("tool_version", "")),
        undoes=string(line.get("undoes", "")),
    )
    return _Reader(head, {planned.id: RunStep(planned) for planned in _plan(line["plan"])})


def _plan(raw: Any) -> list[DdlStatement]:
    if not isinstance(raw, list):
        raise TypeError(f"the plan is {type(raw).__name__}")
    plan = [_statement(item) for item in raw]
    ids = {statement.id for statement in plan}
    if len(ids) < len(plan) or "run" in ids:
        raise ValueError("two steps of the plan have one id")
    return plan


_ACTIONS = frozenset({"create", "drop", "reindex", "vacuum", "vacuum-analyze", "analyze"})


def _statement(raw: Mapping[str, Any]) -> DdlStatement:
    index = None if raw.get("index") is None else index_from(raw["index"])
    texts = {name: string(raw[name]) for name in ("id", "sql", "undo", "summary")}
    made_for = made_for_from(raw.get("made_for") or {})
    statement = built(DdlStatement, {**raw, **texts, "index": index, "made_for": made_for})
    if statement.action not in _ACTIONS:
        raise ValueError("a step does what no step does")
    string(statement.name)
    string(statement.schema)
    string(statement.table)
    string(statement.migration)
    whole(statement.oid)
    return statement


def _stepped(step: RunStep, at: str, event: str, line: Mapping[str, Any]) -> RunStep:
    match event:
        case "before":
            records = tuple(_record(raw) for raw in line.get("records", ()))
            return replace(
                step, state="begun", began=at, ended="", outcome=None, there=whole(line.get("there", 0)),
                records=step.records or records,
                standing=step.standing or (json.dumps(line["standing"]) if "standing" in line else ""),
            )  # fmt: skip
        case "backend":
            backend = Backend(whole(line["pid"]), string(line["started"]))
            # What an earlier try has built is gone when a new one begins, so its oid says nothing any more.
            return replace(step, backends=(*step.backends, backend), index_oid=0)
        case "index":
            oid = whole(line["oid"])
            return replace(step, index_oid=oid, index_oids=(*step.index_oids, oid))
        case "pending":
            return replace(step, state="pending", detail=string(line.get("detail", "")))
        case "interrupted":
            return replace(step, state="interrupted", ended=at, detail=string(line.get("by", "")))
        case "cleared":
            # Nothing of it is left: a failure stays one, and what was only interrupted can be begun anew.
            state: StepState = "failed" if isinstance(step.outcome, Failed) else "planned"
            return replace(step, state=state, ended=at, backends=(), detail=string(line.get("detail", "")))
        case "after":
            outcome = _outcome(line["outcome"])
            state = _state(outcome)
            oid = step.index_oid
            if state == "applied" and step.index_oids:
                # A session that came after the build, for the statistics of an expression say, has built nothing.
                oid = step.index_oids[-1]
            return replace(step, state=state, ended=at, outcome=outcome, index_oid=oid)
        case _:
            return step


def _state(outcome: Outcome) -> StepState:
    match outcome:
        case Applied():
            return "applied"
        case Failed():
            if outcome.code == _BROKEN_OFF:
                return "interrupted"
            return "pending" if outcome.code in OPEN_CODES else "failed"
        case _:
            return "skipped"


def _outcome(raw: Mapping[str, Any]) -> Outcome:
    kind = _KINDS[raw["kind"]]
    texts = {name: string(raw[name]) for name in ("id", "what")}
    lists = {name: tuple(string(one) for one in raw.get(name, ())) for name in ("statements", "missing")}
    for name in ("reason", "error", "verdict"):
        string(raw.get(name, ""))
    return built(kind, {**raw, **lists, **texts})


def _record(raw: Mapping[str, Any]) -> IndexRecord:
    texts = {name: string(raw[name]) for name in ("schema", "name", "table", "definition")}
    targets = tuple((whole(column), whole(target)) for column, target in raw.get("statistics_targets", ()))
    lists = {name: tuple(string(one) for one in raw.get(name, ())) for name in ("depends_on", "restore")}
    return built(
        IndexRecord, {**raw, **texts, **lists, "oid": whole(raw["oid"]), "statistics_targets": targets}
    )
