"""The gate's findings as text, JSON and annotations; SARIF has a file of its own."""

from __future__ import annotations

import json
from dataclasses import asdict

from indexical.model.check import RULES, SEVERITIES, Checked, CheckFinding, Severity
from indexical.report.sections import Section
from indexical.report.text import render_sections
from indexical.report.units import plural, printable

VERSION = 1

_COMMANDS: dict[Severity, str] = {"error": "error", "warning": "warning", "note": "notice"}
"""Severity → workflow command
(https://docs.github.com/actions/reference/workflow-commands-for-github-actions#setting-an-error-message)."""


def render_text(checked: Checked, *, width: int = 120, color: bool = False) -> str:
    """Findings by severity, each with what to do; then what was not examined; then the count in one line."""
    sections = [
        Section(
            {"error": "Errors", "warning": "Warnings", "note": "Notes"}[severity],
            tuple(line for each in checked.findings if each.severity == severity for line in _lines(each)),
        )
        for severity in SEVERITIES
        if any(each.severity == severity for each in checked.findings)
    ]
    if checked.not_examined:
        sections.append(
            Section("Not examined", notes=tuple(f"{each.what}: {each.why}" for each in checked.not_examined))
        )
    sections.append(Section(summary(checked), lines=_basis(checked)))
    return render_sections(sections, width=width, color=color)


def summary(checked: Checked) -> str:
    """``2 errors, 1 warning, no notes; 3 known``."""
    counts = [
        plural(sum(each.severity == severity for each in checked.findings), severity)
        for severity in SEVERITIES
    ]
    known = f"; {plural(len(checked.known), 'finding')} of the baseline not counted" if checked.known else ""
    return f"{', '.join(counts)}{known}"


def _basis(checked: Checked) -> tuple[str, ...]:
    if not checked.database:
        return ()
    since = f", counters since {checked.counters_since}" if checked.counters_since else ""
    return (
        f"{checked.database}, PostgreSQL {checked.server_version}, statistics of {checked.taken_at}{since}",
    )


def _lines(each: CheckFinding) -> tuple[str, ...]:
    place = f"  {each.file}:{each.line}" if each.line else f"  {each.file}" if each.file else ""
    return f"{each.code}  {each.subject}{place}", f"    {each.message}", f"    → {each.action}"


def render_json(checked: Checked) -> str:
    """Version 1: keys may be added, none changes its meaning."""
    document = {
        "version": VERSION,
        "database": checked.database,
        "server_version": checked.server_version,
        "statistics": {"taken_at": checked.taken_at, "counters_since": checked.counters_since},
        "counts": {
            severity: sum(each.severity == severity for each in checked.findings) for severity in SEVERITIES
        },
        "findings": [_document(each) for each in checked.findings],
        "known": [each.fingerprint for each in checked.known],
        "not_examined": [asdict(each) for each in checked.not_examined],
    }
    return json.dumps(document, indent=2) + "\n"


def _document(each: CheckFinding) -> dict[str, object]:
    return {
        "code": each.code,
        "severity": each.severity,
        "subject": each.subject,
        "message": each.message,
        "action": each.action,
        "file": each.file or None,
        "line": each.line or None,
        "fingerprint": each.fingerprint,
    }


def render_annotations(checked: Checked) -> str:
    """One workflow command a finding, which GitHub shows beside the line of code; nothing in it can start another command."""
    lines = []
    for each in checked.findings:
        properties = {"title": RULES[each.code].title}
        if each.file:
            properties["file"] = each.file
        if each.line:
            properties["line"] = str(each.line)
        listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
        message = _data(f"{each.subject}: {each.message}. {each.action}")
        lines.append(f"::{_COMMANDS[each.severity]} {listed}::{message}")
    lines += [f"::notice title=Not examined::{_data(f'{e.what}: {e.why}')}" for e in checked.not_examined]
    lines.append(_data(summary(checked)))
    return "\n".join(lines) + "\n"


def _data(text: str) -> str:
    """The message of a workflow command: percent, carriage return and newline are escaped, other control characters shown."""
    return printable(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
