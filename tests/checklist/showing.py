"""The verdicts as lines for a terminal, as JSON, and as the table of docs/checklist.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.checklist.lines import Line
from tests.checklist.verdicts import NOT_RUN, SHOWN, Verdict

BEGIN = "<!-- lines: written by python -m tests.checklist -->"
END = "<!-- end of lines -->"


def text(verdicts: Sequence[Verdict]) -> str:
    """A line for each, and the sum."""
    rows = []
    for section, some in groupby(verdicts, key=lambda each: each.line.section):
        rows.append(section)
        for each in some:
            rows.append(f"  {each.line.number:>2}  {each.state:<6}  {each.line.text}")
            rows.append(f"              {_evidence(each)}")
            if each.line.claim:
                rows.append(f"              claim: {each.line.claim}")
    rows.append(total(verdicts))
    return "\n".join(rows)


def total(verdicts: Iterable[Verdict]) -> str:
    verdicts = tuple(verdicts)
    shown = sum(each.state == SHOWN for each in verdicts)
    return f"{shown} of {len(verdicts)} lines are shown"


def _evidence(verdict: Verdict) -> str:
    files = sorted({name.partition("::")[0] for name in verdict.line.tests})
    figures = "; ".join(f"{name}: {value}" for name, value in verdict.figures)
    return " · ".join(filter(None, [verdict.evidence, ", ".join(files), figures]))


def document(
    verdicts: Sequence[Verdict], seconds: float, earlier: Iterable[dict[str, Any]] = ()
) -> dict[str, Any]:
    """The JSON object of ``build/checklist.json``; ``earlier`` is what earlier runs said of lines that did not run now."""
    return {
        "version": 1,
        "lines": len(verdicts),
        "shown": sum(each.state == SHOWN for each in verdicts),
        "seconds": round(seconds, 1),
        "verdicts": [_entry(each) for each in verdicts],
        "earlier": list(earlier),
    }


def _entry(verdict: Verdict) -> dict[str, Any]:
    return {
        "number": verdict.line.number,
        "section": verdict.line.section,
        "text": verdict.line.text,
        "state": verdict.state,
        "evidence": verdict.evidence,
        "claim": verdict.line.claim,
        "figures": dict(verdict.figures),
        "tests": [
            {"test": each.test, "state": each.state, "seconds": round(each.seconds, 3)}
            for each in verdict.outcomes
        ],
    }


def earlier(path: Path, now: Iterable[Verdict]) -> list[dict[str, Any]]:
    """What the file says of lines that are not among those of ``now``."""
    if not path.exists():
        return []
    saved = json.loads(path.read_text(encoding="utf-8"))
    ran = {each.line.number for each in now}
    found = {entry["number"]: entry for entry in [*saved.get("earlier", ()), *saved["verdicts"]]}
    return [entry for number, entry in sorted(found.items()) if number not in ran]


def everything(
    lines: Iterable[Line], now: Iterable[Verdict], before: Iterable[dict[str, Any]]
) -> tuple[Verdict, ...]:
    """A verdict for every line: of this run, of an earlier one that was about the same line, or that it has not run."""
    known = {each.line: each for each in now}
    kept = {(entry["number"], entry["text"]): entry for entry in before}
    told = []
    for line in lines:
        entry = kept.get((line.number, line.text), {"state": NOT_RUN, "evidence": ""})
        told.append(known.get(line) or Verdict(line, entry["state"], entry["evidence"]))
    return tuple(told)


def save(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def table(verdicts: Sequence[Verdict]) -> str:
    """A Markdown table for each section."""
    parts = [f"{total(verdicts)}."]
    for section, some in groupby(verdicts, key=lambda each: each.line.section):
        rows = [f"## {section}", "", "| line | what | state | shown by |", "|---|---|---|---|"]
        for each in some:
            claim = f"<br>*{_cell(each.line.claim)}*" if each.line.claim else ""
            cells = (str(each.line.number), _cell(each.line.text) + claim, each.state, _tests(each))
            rows.append(f"| {' | '.join(cells)} |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def _tests(verdict: Verdict) -> str:
    names: dict[str, list[str]] = {}
    for binding in verdict.line.tests:
        file, _, test = binding.partition("::")
        names.setdefault(file, []).append(test.replace("test_", "", 1).replace("_", " "))
    told = "; ".join(
        f"`{file.removeprefix('tests/')}`" + (f": {', '.join(filter(None, tests))}" if any(tests) else "")
        for file, tests in names.items()
    )
    return _cell(told or verdict.evidence)


def _cell(value: str) -> str:
    return value.replace("|", "\\|").replace("\n", " ")


def put(page: str, content: str) -> str:
    """The page with the content between its marks. Raises ValueError when it has lost them."""
    before, found, rest = page.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not found or not ended:
        raise ValueError(f"the page has lost the marks between which the lines stand: {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{content}\n\n{END}{after}"
