"""How indexes are used, looked up: samples of every server, those that are kept, the catalog, bloat, and the verdicts on all.

For the verb ``usage`` and for ``manage.py analyze_indexes``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from indexical.catalog import snapshot
from indexical.cli.door import Door
from indexical.cli.progress import OnEvent
from indexical.cli.source import url_of
from indexical.errors import InputError
from indexical.model import Catalog, ExistingIndex, Limits, Table
from indexical.model.maintenance import Bloat
from indexical.model.usage import IndexUse, Sample, TableUse, UseVerdict
from indexical.model.using import Blocks, IndexUsage, NodeUsage, Standing, TableUsage, Usage
from indexical.pg import bloat
from indexical.pg.session import Session, connect
from indexical.report.units import plural
from indexical.selection.redundancy import redundancies
from indexical.usage import Covered, Narrow, SampleStore, judge, sample, standings

PRIMARY = "primary"
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Taken:
    """What is known of the servers' counters."""

    now: Mapping[str, Sample]
    """This moment, by the name that a server's samples are kept under."""
    every: Mapping[str, tuple[Sample, ...]]
    """With those that were kept; oldest first."""


def take(session: Session, nodes: Sequence[str], door: Door, *, store: SampleStore | None = None) -> Taken:
    """One sample of the server behind the session and of each of ``nodes`` (connection URLs), and those in the store.

    Raises :class:`InputError` when a node is named twice or is no server of the same cluster, and what connecting raises.
    """
    now = {PRIMARY: sample(session, PRIMARY, statements=True)}
    for number, url in enumerate(nodes, 1):
        name = f"replica {number}"
        if not url:
            raise InputError("--node needs a connection URL such as postgresql://user@host/database")
        with connect(url_of(url, door)) as node:
            found = sample(node, name, statements=True)
        _refuse_strangers(now, name, found)
        now[name] = found
    state = now[PRIMARY].state
    kept = (
        {}
        if store is None
        else {node: store.samples(state, node, thinned=True) for node in store.nodes(state)}
    )
    every = {node: (*kept.get(node, ()), *_one(now, node)) for node in sorted({*kept, *now})}
    return Taken(now, {node: found for node, found in every.items() if found})


def _one(now: Mapping[str, Sample], node: str) -> tuple[Sample, ...]:
    return (now[node],) if node in now else ()


def _refuse_strangers(known: Mapping[str, Sample], name: str, found: Sample) -> None:
    first = known[PRIMARY].state
    # A role that may not ask for the cluster's identity leaves it empty.
    same = first.system == found.state.system or not (first.system and found.state.system)
    if not same or first.database != found.state.database:
        raise InputError(
            f"{name} is not a server of the source's cluster (another cluster or another database); name one that is"
        )
    for other, each in known.items():
        if each.state.started == found.state.started and each.state.standby == found.state.standby:
            raise InputError(f"{name} is {other} once more; name each server once")


def examine(
    session: Session,
    taken: Taken,
    *,
    unused_after: float = Limits().unused_after,
    exact_bloat: bool = False,
    catalog: Catalog | None = None,
    on_event: OnEvent | None = None,
) -> Usage:
    """Everything that a report of use says. Reads only; raises :class:`indexical.errors.DatabaseError`.

    ``catalog`` is the database's, where it was read already.
    """
    catalog = catalog or snapshot(session, on_event=on_event)
    existing = tuple(each for table in catalog.tables for each in table.indexes)
    verdicts = _verdicts(taken, existing, unused_after)
    covered = {
        (each.existing.index.schema, each.existing.name): Covered(
            "duplicate" if each.reason == "duplicate" else "redundant",
            each.covered_by,
            each.evidence.rpartition("; ")[0],
        )
        for each in redundancies(catalog)
    }
    missing = _missing(taken)
    silent = next((why for what, why in missing if what == _COUNTERS), "")
    found = standings(catalog, verdicts, covered, not_counting=silent)
    able = bloat.can_measure(session) if exact_bloat else None
    air = _bloat(session, existing, exact=bool(able), on_event=on_event)
    places = {(each.index.schema, each.name): each for each in existing}
    uses = [_indexes(samples[-1]) for samples in taken.every.values()]
    seen = _seen(taken)
    indexes = tuple(
        _usage(
            each, [use[place] for use in uses if place in use], verdicts[place], found[place],
            air.get(each.oid), covered.get(place), seen.get(place, ""),
        )
        for place, each in sorted(places.items(), key=lambda item: (item[1].index.qualified_table, item[0]))
    )  # fmt: skip
    return Usage(
        catalog.database,
        catalog.server_version,
        catalog.taken_at,
        unused_after,
        tuple(_node(name, samples) for name, samples in taken.every.items()),
        indexes,
        _tables(catalog, taken),
        (*missing, *_not_measured(air, able.reason if able is not None else "")),
    )


def _verdicts(
    taken: Taken, existing: Sequence[ExistingIndex], unused_after: float
) -> dict[Place, UseVerdict]:
    narrow = {node: [Narrow(each) for each in samples] for node, samples in taken.every.items()}
    found = {}
    for each in existing:
        place = (each.index.schema, each.name)
        if each.partitioned:
            found[place] = UseVerdict("not-measured", *place, "it has no scans of its own: its parts have")
            continue
        samples = {node: [one.to(*place) for one in several] for node, several in narrow.items()}
        found[place] = judge(samples, *place, at_least=unused_after)
    return found


def _indexes(found: Sample) -> dict[Place, IndexUse]:
    return {(each.schema, each.name): each for each in found.indexes}


def _usage(
    existing: ExistingIndex,
    uses: Sequence[IndexUse],
    verdict: UseVerdict,
    standing: tuple[Standing, str],
    air: Bloat | None,
    covered: Covered | None,
    seen: str,
) -> IndexUsage:
    blocks = Blocks(sum(use.blocks_hit for use in uses), sum(use.blocks_read for use in uses))
    return IndexUsage(
        existing,
        *standing,
        verdict,
        sum(use.scans for use in uses),
        sum(use.tuples_read for use in uses),
        sum(use.tuples_fetched for use in uses),
        max((use.last_scan for use in uses), default="") or seen,
        blocks,
        air,
        covered.covered_by if covered is not None else "",
    )


def _seen(taken: Taken) -> dict[Place, str]:
    """When more scans were last seen than before, for servers that do not say when the last one was."""
    latest: dict[Place, str] = {}
    for samples in taken.every.values():
        before: dict[Place, int] = {}
        for each in samples:
            now = {(use.schema, use.name): use.scans for use in each.indexes}
            for place, scans in now.items():
                if scans > before.get(place, scans):
                    latest[place] = max(latest.get(place, ""), each.taken_at)
            before = now
    return latest


def _node(name: str, samples: Sequence[Sample]) -> NodeUsage:
    last = samples[-1]
    return NodeUsage(
        name,
        last.state.standby,
        last.taken_at,
        last.state.counted_since,
        len(samples),
        samples[0].taken_at,
        sum(each.scans for each in last.indexes),
        Blocks(sum(each.heap_hit for each in last.tables), sum(each.heap_read for each in last.tables)),
        Blocks(sum(each.index_hit for each in last.tables), sum(each.index_read for each in last.tables)),
    )


def _tables(catalog: Catalog, taken: Taken) -> tuple[TableUsage, ...]:
    lasts = [samples[-1] for samples in taken.every.values()]
    counted = [{(use.schema, use.name): use for use in each.tables} for each in lasts]
    writer = next((number for number, each in enumerate(lasts) if not each.state.standby), None)
    found = []
    for table in catalog.tables:
        place = (table.schema, table.name)
        uses = [each[place] for each in counted if place in each]
        if uses:
            written = None if writer is None else counted[writer].get(place)
            found.append(_table(table, uses, written or TableUse(0, *place)))
    return tuple(found)


def _table(table: Table, uses: Sequence[TableUse], written: TableUse) -> TableUsage:
    return TableUsage(
        table.schema,
        table.name,
        max(use.size for use in uses),
        len(table.indexes),
        sum(each.size for each in table.indexes),
        written.inserts,
        written.updates,
        written.hot_updates,
        written.deletes,
        Blocks(sum(use.heap_hit for use in uses), sum(use.heap_read for use in uses)),
        Blocks(sum(use.index_hit for use in uses), sum(use.index_read for use in uses)),
    )


def _bloat(
    session: Session, existing: Sequence[ExistingIndex], *, exact: bool, on_event: OnEvent | None
) -> dict[int, Bloat]:
    with_pages = [each for each in existing if not each.partitioned]
    found = bloat.estimate(session, [each.oid for each in with_pages])
    if not exact:
        return found
    for number, each in enumerate(with_pages):
        if on_event is not None:
            on_event("bloat", number / len(with_pages), each.name)
        if each.index.method == "btree":
            found[each.oid] = bloat.measured(session, each.oid)
    return found


_COUNTERS = "use"


def _missing(taken: Taken) -> list[tuple[str, str]]:
    missing = []
    silent = sorted(node for node, samples in taken.every.items() if not samples[-1].state.counting)
    if silent:
        why = f"track_counts is off on {', '.join(silent)}, so nothing is counted there; set it to on"
        missing.append((_COUNTERS, why))
    if not any(not samples[-1].state.standby for samples in taken.every.values()):
        missing.append(
            (
                "writes",
                "only standbys were looked at, and only the primary counts writes; name it with --node",
            )
        )
    first = taken.now[PRIMARY]
    if not first.state.system:
        why = "our role may not execute pg_control_system(); samples of another cluster could be taken for this one's"
        missing.append(("the server's identity", why))
    if not first.state.counted_since:
        why = (
            "the server does not tell since when it counts, or our role may not ask (GRANT pg_monitor TO it); only samples "
            "make windows: take them with usage --sample"
        )
        missing.append(("the age of the counters", why))
    if first.statements_missing:
        missing.append(("slow statements", first.statements_missing))
    return missing


def _not_measured(found: Mapping[int, Bloat], asked: str) -> list[tuple[str, str]]:
    """Why bloat is not known, a line for each reason; ``asked`` is why it could not be measured although it was asked for."""
    reasons: dict[str, int] = {}
    for each in found.values():
        if each.how == "not-measured":
            reasons[each.reason] = reasons.get(each.reason, 0) + 1
    lines = [("exact bloat", asked)] if asked else []
    return lines + [
        (f"bloat of {plural(count, 'index', 'indexes')}", why) for why, count in sorted(reasons.items())
    ]
