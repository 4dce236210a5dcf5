"""Claims beside what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from indexical.model.claims import Judged
from indexical.report.sections import Column, Section, Table
from indexical.report.units import shorten

WORDS = {"met": "met", "not-met": "not met", "not-measured": "not measured"}


def section(judged: Sequence[Judged], title: str = "Claims") -> Section:
    """One line for each claim: what was said, what is true, and the verdict."""
    counts = {word: sum(each.verdict == word for each in judged) for word in WORDS}
    line = ", ".join(f"{counts[verdict]} {word}" for verdict, word in WORDS.items()) + f" of {len(judged)}."
    rows = tuple(
        (
            shorten(each.claim.what, 60)
            + (f"\n({shorten(each.claim.scale, 20)})" if each.claim.scale else ""),
            claimed(each),
            WORDS[each.verdict],
            shorten(each.reason, 200),
        )
        for each in judged
    )
    columns = (Column("claim"), Column("claimed"), Column("verdict"), Column("measured"))
    return Section(title, (line,), Table(columns, rows))


def ways_section(judged: Mapping[str, Sequence[Judged]], title: str) -> Section:
    """The same claims under several index sets, by the set's name; every set has them in the same order."""
    names = list(judged)
    rows = []
    for each in zip(*judged.values(), strict=True):
        claim = each[0].claim
        what = shorten(claim.what, 60) + (f" ({shorten(claim.scale, 20)})" if claim.scale else "")
        cells = [f"{WORDS[one.verdict]}: {shorten(one.reason, 220)}" for one in each]
        rows.append((what, claimed(each[0]), *cells))
    lines = tuple(
        f"{name}: "
        + ", ".join(
            f"{sum(one.verdict == verdict for one in found)} {word}" for verdict, word in WORDS.items()
        )
        + f" of {len(found)}."
        for name, found in judged.items()
    )
    columns = (Column("claim"), Column("claimed"), *(Column(name) for name in names))
    return Section(title, lines, Table(columns, tuple(rows)))


def claimed(judged: Judged) -> str:
    """The document's own figure: ``80 → 5 ms``."""
    claim = judged.claim
    after = f"{claim.after:g}" if claim.after is not None else "?"
    unit = f" {claim.unit}" if claim.unit != "x" else "x"
    if claim.before is None:
        return f"{after}{unit}"
    return f"{claim.before:g} → {after}{unit}"


def to_json(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    return [
        {
            "id": each.claim.id,
            "what": each.claim.what,
            "scale": each.claim.scale,
            "source": each.claim.source,
            "claimed": {"before": each.claim.before, "after": each.claim.after, "unit": each.claim.unit},
            "verdict": each.verdict,
            "before": each.before,
            "after": each.after,
            "reason": each.reason,
        }
        for each in judged
    ]
