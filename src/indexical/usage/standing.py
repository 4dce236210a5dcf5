"""One word on each index, from its scans, its neighbours and what the schema needs of it; pure.

What looks like a drop must survive every other reason first: an index that is not valid is neither used nor unused, one that
a constraint or a foreign key needs stays whatever its scans, and one that is to do the work of a redundant one is about to be
used (:mod:`indexical.model.keeping`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from indexical.model import Catalog, ExistingIndex, Table
from indexical.model.keeping import needed_by, surroundings
from indexical.model.usage import UseVerdict
from indexical.model.using import Standing

Place = tuple[str, str]
"""Schema and name of an index."""


@dataclass(frozen=True, slots=True)
class Covered:
    """An index whose work another one does."""

    reason: Standing
    """``duplicate`` or ``redundant``"""
    covered_by: str
    evidence: str


def standings(
    catalog: Catalog,
    verdicts: Mapping[Place, UseVerdict],
    covered: Mapping[Place, Covered],
    *,
    not_counting: str = "",
) -> dict[Place, tuple[Standing, str]]:
    """A standing and its reason for every index of the catalog.

    ``not_counting`` is why the counters of a server say nothing; empty when they do.
    """
    scanned = any(verdict.use == "used" for verdict in verdicts.values())
    silent = not_counting or ("" if scanned else _SILENT)
    found: dict[Place, tuple[Standing, str]] = {}
    for table in catalog.tables:
        going = {each.name for each in table.indexes if _place(each) in covered}
        takers = {covered[_place(each)].covered_by: each.name for each in table.indexes if each.name in going}
        # The largest first: of two that need each other only one may go.
        for each in sorted(table.indexes, key=lambda each: (-each.size, each.name)):
            verdict = verdicts.get(_place(each))
            standing = _plain(each, covered.get(_place(each)), verdict)
            if standing is None and verdict is not None:
                standing = _unscanned(each, table, going, takers, verdict, silent)
                if standing[0] == "unused":
                    going.add(each.name)
            found[_place(each)] = standing or ("not-measured", "no server was sampled")
    return found


_SILENT = "no index of this database was scanned in that time: its counters have just begun, or nobody asks this copy"


def _place(existing: ExistingIndex) -> Place:
    return existing.index.schema, existing.name


def _plain(
    existing: ExistingIndex, covered: Covered | None, verdict: UseVerdict | None
) -> tuple[Standing, str] | None:
    if existing.partitioned and not existing.valid:
        return "invalid", "not every partition has its part of it yet"
    if not (existing.valid and existing.ready):
        return "invalid", "a concurrent build failed or is still running: it takes writes and serves no query"
    if covered is not None:
        return covered.reason, covered.evidence
    if verdict is not None and verdict.use == "used":
        return "used", verdict.reason
    return None


def _unscanned(
    existing: ExistingIndex,
    table: Table,
    going: set[str],
    takers: Mapping[str, str],
    verdict: UseVerdict,
    silent: str,
) -> tuple[Standing, str]:
    staying = [
        other.index
        for other in table.indexes
        if other.name != existing.name and other.name not in going and other.valid and other.ready
    ]
    why = needed_by(existing, surroundings(table, staying))
    if why:
        return "needed", why
    if existing.name in takers:
        return "needed", f"it is to do the work of {takers[existing.name]}"
    if table.kind not in ("r", "m"):
        return "needed", "it is the index of a partitioned table: its parts are judged one by one"
    if verdict.use != "unused":
        return verdict.use, verdict.reason
    return ("too-early", f"{verdict.reason}, but {silent}") if silent else ("unused", verdict.reason)
