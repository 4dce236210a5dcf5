"""What a run did, as text, Markdown and JSON: back-up, preflight, each step, what was checked and measured after it.

The record says for each its time, its outcome and its evidence, so that it can be kept beside a ticket and read without the
program.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from indexical.apply.journal.reading import outcome_kind
from indexical.errors import InputError
from indexical.model import (
    Applied,
    BackupEvidence,
    Failed,
    NotMeasured,
    Outcome,
    RunNote,
    RunRecord,
    RunStep,
    Skipping,
    Verified,
)
from indexical.report import markdown, text
from indexical.report.sections import Column, Section, Table
from indexical.report.units import milliseconds, plural, shorten, size

VERSION = 1
FORMATS = ("text", "markdown", "json")
_AFTER = ("verify", "measure")
_WIDE = 400


def render_run(record: RunRecord, format: str = "text", *, width: int = 120, color: bool = False) -> str:
    """The record in one of :data:`FORMATS`. Raises :class:`InputError` for another one."""
    if format == "text":
        return text.render_sections(run_sections(record), width=width, color=color)
    if format == "markdown":
        return markdown.render_sections(run_sections(record))
    if format == "json":
        return json.dumps(run_document(record), indent=2, ensure_ascii=False) + "\n"
    raise InputError(f"there is no format {format!r}; choose one of {', '.join(FORMATS)}")


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """An outcome as plain values, with its ``kind``: applied, skipped, failed, verified or not-measured."""
    return {"kind": outcome_kind(outcome), **asdict(outcome)}


def run_document(record: RunRecord) -> dict[str, Any]:
    """The record as plain values. The keys are a public interface: more may be added, none change meaning."""
    return {
        "version": VERSION,
        "run": record.run,
        "verb": record.verb,
        "undoes": record.undoes or None,
        "target": asdict(record.target),
        "server_version": record.server_version,
        "tool_version": record.tool_version,
        "began": record.began,
        "ended": record.ended or None,
        "result": record.result or None,
        "resumed": record.resumed,
        "torn": record.torn,
        "backup": asdict(record.backup),
        "steps": [_step_document(step) for step in record.steps],
        "notes": [{"at": note.at, "event": note.event, **_details(note)} for note in record.notes],
    }


def run_sections(record: RunRecord) -> tuple[Section, ...]:
    """The record for people, in the order in which things happened."""
    before = tuple(note for note in record.notes if note.event not in _AFTER)
    after = tuple(note for note in record.notes if note.event in _AFTER)
    parts = (
        _heading(record),
        _notes("Before and during the run", before),
        _steps(record.steps),
        _indexes(record.steps),
        _notes("After the run", after),
    )
    return tuple(part for part in parts if part is not None)


def runs_section(records: Sequence[tuple[str, RunRecord]]) -> Section:
    """Several runs, a line each, by the path of their journals."""
    undone = {record.undoes: record.run for _, record in reversed(records) if record.undoes}
    rows = tuple(
        (
            record.run,
            record.verb + (f" of {record.undoes}" if record.undoes else ""),
            record.began,
            record.target.database,
            _state(record) + (f", taken back by {undone[record.run]}" if record.run in undone else ""),
            path,
        )
        for path, record in records
    )
    titles = ("run", "verb", "began", "database", "state", "journal")
    table = Table(tuple(Column(title) for title in titles), rows)
    return Section(
        f"Runs ({len(rows)})", () if rows else ("No run is recorded here.",), table if rows else None
    )


def _heading(record: RunRecord) -> Section:
    rows = [
        ("state", _state(record)),
        ("began", record.began),
        ("ended", record.ended or "not ended"),
        ("database", record.target.database),
        ("cluster", record.target.system_identifier or "unknown"),
        ("server", f"PostgreSQL {record.server_version}" if record.server_version else "unknown"),
        ("tool", f"indexical {record.tool_version}" if record.tool_version else "unknown"),
        ("back-up", _backup(record.backup)),
    ]
    if record.undoes:
        rows.insert(1, ("takes back", f"run {record.undoes}"))
    if record.resumed:
        rows.append(("taken up again", plural(record.resumed, "time")))
    notes = ("The journal's last line was cut; what it said is not known.",) if record.torn else ()
    table = Table((Column("what"), Column("evidence")), tuple(rows))
    return Section(f"Run {record.run} ({record.verb})", (), table, notes)


def _state(record: RunRecord) -> str:
    if record.ended:
        return record.result or "done"
    open_steps = sum(step.state in ("planned", "begun", "interrupted", "pending") for step in record.steps)
    return f"not ended, {plural(open_steps, 'step')} open"


def _backup(backup: BackupEvidence) -> str:
    match backup.kind:
        case "dump":
            parts = [
                backup.detail,
                backup.path,
                size(backup.bytes),
                plural(backup.listing, "entry", "entries"),
            ]
        case "evidence":
            parts = [backup.detail, backup.path, size(backup.bytes) if backup.bytes else ""]
        case _:
            parts = ["none", backup.detail]
    return ", ".join(filter(None, (*parts, backup.made)))


def _steps(steps: Sequence[RunStep]) -> Section:
    columns = tuple(Column(title) for title in ("began", "ended", "state", "step", "outcome"))
    rows = tuple(
        (step.began, step.ended, step.state, shorten(step.statement.summary, _WIDE), _outcome(step))
        for step in steps
    )
    return Section(f"Steps ({len(rows)})", () if rows else ("None.",), Table(columns, rows) if rows else None)


def _outcome(step: RunStep) -> str:
    match step.outcome:
        case Applied() as done:
            return ", ".join(filter(None, (milliseconds(done.milliseconds), done.note)))
        case Skipping() as skipped:
            return shorten(skipped.reason, _WIDE)
        case Failed() as failed:
            state = f" (SQLSTATE {failed.sqlstate})" if failed.sqlstate else ""
            return shorten(f"{failed.code}{state}: {failed.error}; {failed.remedy}", _WIDE)
        case Verified() as verified:
            return shorten(f"{verified.verdict}; {verified.evidence}", _WIDE)
        case NotMeasured() as unknown:
            return shorten(unknown.reason, _WIDE)
        case None:
            return shorten(step.detail, _WIDE)


def _indexes(steps: Sequence[RunStep]) -> Section | None:
    """What was there before: enough to bring it back by hand."""
    rows = tuple(
        (f"{record.schema}.{record.name}", str(record.oid), "; ".join(record.restore) or record.definition)
        for step in steps
        for record in step.records
    )
    if not rows:
        return None
    columns = (Column("index"), Column("oid", right=True), Column("brought back by"))
    return Section(f"Indexes as they were ({len(rows)})", (), Table(columns, rows))


def _notes(title: str, notes: Sequence[RunNote]) -> Section | None:
    rows = tuple((note.at, note.event, shorten(line, _WIDE)) for note in notes for line in _lines(note))
    if not rows:
        return None
    return Section(title, (), Table((Column("at"), Column("what"), Column("evidence")), rows))


def _lines(note: RunNote) -> tuple[str, ...]:
    """One line for each thing that a note lists, else one for all of it."""
    details = _details(note)
    listed = [value for value in details.values() if isinstance(value, list)]
    if not listed:
        return (_told(details),)
    lines = tuple(
        _told(item) if isinstance(item, Mapping) else str(item) for items in listed for item in items
    )
    return lines or ("nothing found",)


def _told(values: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{key.replace('_', ' ')}: {value}"
        for key, value in values.items()
        if value not in ("", None, [], {})
    )


def _details(note: RunNote) -> dict[str, Any]:
    try:
        found = json.loads(note.details)
    except (ValueError, RecursionError):
        return {"detail": note.details}
    return found if isinstance(found, dict) else {"detail": note.details}


def _step_document(step: RunStep) -> dict[str, Any]:
    statement = step.statement
    return {
        "id": statement.id,
        "action": statement.action,
        "summary": statement.summary,
        "sql": statement.sql,
        "undo": statement.undo,
        "migration": statement.migration or None,
        "state": step.state,
        "began": step.began or None,
        "ended": step.ended or None,
        "index_oid": step.index_oid,
        "records": [asdict(record) for record in step.records],
        "outcome": None if step.outcome is None else outcome_document(step.outcome),
        "detail": step.detail,
    }
