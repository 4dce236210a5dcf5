"""One look at a database of the settings, shared by everybody for some seconds: its catalog, its counters and what was sampled.

Only aliases of ``DATABASES`` can be looked at: nothing that a request holds is ever connected to.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import connections

from indexical.catalog import snapshot
from indexical.django.dashboard.records import kept_samples
from indexical.django.dashboard.verdicts import Judged, judged
from indexical.django.database import database_url
from indexical.errors import InputError
from indexical.model import Catalog
from indexical.model.usage import Sample
from indexical.pg.session import connect
from indexical.usage import sample

SECONDS = "INDEXICAL_DASHBOARD_SECONDS"
"""Setting: how long a look is good for."""
_DEFAULT_SECONDS = 15.0
_TIMEOUT_MS = 10_000
PRIMARY = "primary"

Samples = Mapping[str, Sequence[Sample]]


@dataclass(frozen=True, slots=True)
class Look:
    """A database at one moment."""

    alias: str
    catalog: Catalog
    now: Sample
    kept: Mapping[tuple[str, str], Samples]
    """By schema and name of an index: by server, what was sampled of it and now."""
    judged: tuple[Judged, ...]
    at: float
    """When, by a clock that only tells how long ago something was."""
    sampled: tuple[tuple[str, int, str], ...] = ()
    """(server, samples kept, time of the last)."""
    problem: str = ""
    """Why kept samples could not be used; empty when they could."""

    @property
    def age(self) -> float:
        """Seconds."""
        return time.monotonic() - self.at

    def index(self, oid: int) -> Judged | None:
        return next((each for each in self.judged if each.existing.oid == oid), None)


_looks: dict[str, Look] = {}
_locks: dict[str, threading.Lock] = defaultdict(threading.Lock)


def aliases() -> tuple[str, ...]:
    """The PostgreSQL databases of the settings."""
    return tuple(sorted(alias for alias in connections if connections[alias].vendor == "postgresql"))


def look(alias: str, *, fresh: bool = False) -> Look:
    """The database as it was some seconds ago at most, or now when ``fresh``.

    Raises :class:`KeyError` for an alias that is not one of :func:`aliases`, and :class:`indexical.errors.IndexicalError` when
    the database cannot be read.
    """
    if alias not in aliases():
        raise KeyError(alias)
    with _locks[alias]:
        known = _looks.get(alias)
        if known is None or fresh or known.age > float(getattr(settings, SECONDS, _DEFAULT_SECONDS)):
            known = _looks[alias] = _taken(alias)
        return known


def forget() -> None:
    """The next look is a new one."""
    _looks.clear()


def _taken(alias: str) -> Look:
    at = time.monotonic()
    with connect(
        database_url(alias), application_name="indexical dashboard", statement_timeout_ms=_TIMEOUT_MS
    ) as session:
        now = sample(session, PRIMARY)
        catalog = snapshot(session)
    problem, kept = "", {}
    try:
        kept = kept_samples(now.state)
    except InputError as error:
        problem = str(error)
    kept = {**kept, PRIMARY: (*kept.get(PRIMARY, ()), now)}
    by_index = _by_index(kept)
    sampled = tuple(
        (node, len(each), each[-1].taken_at)
        for node, all_of in sorted(kept.items())
        if (each := [one for one in all_of if one is not now])
    )
    silent = "" if now.state.counting else "track_counts is off on this server, so nothing is counted"
    verdicts = judged(catalog, by_index, tuple(kept), not_counting=silent)
    return Look(alias, catalog, now, by_index, verdicts, at, sampled, problem)


def _by_index(kept: Samples) -> dict[tuple[str, str], Samples]:
    """Each index's own samples: to look through all of a sample for each index takes the square of their number."""
    found: dict[tuple[str, str], dict[str, list[Sample]]] = defaultdict(dict)
    names = sorted({(use.schema, use.name) for each in kept[PRIMARY][-1:] for use in each.indexes})
    for node, samples in kept.items():
        for each in samples:
            uses = {(use.schema, use.name): use for use in each.indexes}
            tables = {(table.schema, table.name): table for table in each.tables}
            for key in names:
                use = uses.get(key)
                table = tables.get((use.schema, use.table)) if use else None
                own = replace(each, indexes=(use,) if use else (), tables=(table,) if table else ())
                found[key].setdefault(node, []).append(own)
    return dict(found)
