"""The page of the advice that the settings name."""

from __future__ import annotations

from collections.abc import Sequence

from indexical.django.dashboard.records import SavedAdvice
from indexical.django.dashboard.words import ago, at
from indexical.report.sections import Column, Fact, Section, Table
from indexical.report.units import number, shorten, size

_WIDE = 160


def advice_page(advice: SavedAdvice) -> tuple[Section, ...]:
    """The advice that the settings name."""
    document, accepted = advice.document, advice.accepted
    create = tuple(
        (
            item.name,
            item.index.text,
            size(item.size),
            number(item.benefit),
            ", ".join(item.statements[:5]),
            item.phase,
        )
        for item in accepted.create
    )
    drop = tuple(
        (item.existing.name, item.existing.index.qualified_table, item.reason, item.evidence)
        for item in accepted.drop
    )
    refused = tuple(
        (str(item.get("index", "")), str(item.get("reason", "")), shorten(str(item.get("detail", "")), _WIDE))
        for item in document.get("refused", ())
        if isinstance(item, dict)
    )
    facts = (
        Fact("to create", number(len(create)), size(sum(item.size for item in accepted.create))),
        Fact("to drop", number(len(drop)), size(sum(item.existing.size for item in accepted.drop))),
        Fact("considered and refused", number(len(refused))),
    )
    made = f"For the database {accepted.database or 'of an unknown name'}, from {advice.path}{advice_age(advice)}."
    titles = ("index", "structure", "size", "benefit, planner units", "statements", "phase")
    return (
        Section("Summary", (made, "Nothing is changed from here: apply it with the command."), facts=facts),
        _rows(f"To create ({len(create)})", titles, create),
        _rows(f"To drop ({len(drop)})", ("index", "table", "reason", "evidence"), drop),
        _rows(f"Refused ({len(refused)})", ("index", "reason", "detail"), refused),
    )


def advice_age(advice: SavedAdvice) -> str:
    """When its figures were read, as the end of a sentence."""
    statistics = advice.document.get("statistics")
    taken = statistics.get("taken_at") if isinstance(statistics, dict) else ""
    return f", made from figures of {at(taken)} ({ago(taken)})" if isinstance(taken, str) and taken else ""


def _rows(title: str, columns: Sequence[str], rows: tuple[tuple[str, ...], ...]) -> Section:
    table = Table(tuple(Column(column) for column in columns), rows) if rows else None
    return Section(title, () if rows else ("None.",), table)
