"""What Indexical itself chooses: by its default limits, and without the floors that keep small gains out of the advice.

The references have no such floors, so the second kind is what compares with them on equal terms.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from indexical.advise import advise_catalog
from indexical.candidates import generate
from indexical.confirm import Effort, confirm
from indexical.ddl import quote
from indexical.model import Advice, Candidate, Candidates, Catalog, Index, Limits, Workload
from indexical.pg.session import connect
from indexical.report.json import advice_document

NO_FLOORS = "ours, no floors"
CONFIRMED = "{}, confirmed"
KNOWN = "all_known"
SEEDS = (0, 1, 2, 3, 4)
EFFORT = Effort(rounds=3, timeout_ms=8_000)
"""Of a confirmation. Two of the queries run for minutes without an index; no other one needs half that long."""

_WORD = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Choice:
    """What an advisor answered for one storage budget."""

    by: str
    budget: int | None
    """Bytes; None is no limit."""
    sizes: dict[Index, int]
    """The chosen indexes with their estimated bytes."""
    seconds: float
    calls: int
    """Planner calls."""
    estimate: float
    """What the advisor believes: the cost after over the cost before."""
    costs: Mapping[str, float]
    """What it believes each statement costs under the set, by id."""
    bound: float = 0.0
    """No set of its candidates can be better, relative to the cost before; 0 when it does not say."""
    proved: bool = False
    advice: Advice | None = None
    """Where it is ours."""

    @property
    def size(self) -> int:
        return sum(self.sizes.values())


def limits_for(budget: int | None, *, floors: bool) -> Limits:
    limits = Limits(storage_budget=budget)
    if floors:
        return limits
    lowest: dict[str, Any] = {each.name: 0 for each in fields(Limits) if each.name.startswith("min_")}
    return replace(limits, **lowest)


def choose(catalog: Catalog, workload: Workload, budget: int | None, *, floors: bool) -> Choice:
    """The advice, its time from the snapshot in memory to the answer: the twin's start is in it."""
    begun = time.perf_counter()
    advice = advise_catalog(workload, catalog, limits_for(budget, floors=floors))
    seconds = time.perf_counter() - begun
    return Choice(
        by="ours" if floors else NO_FLOORS,
        budget=budget,
        sizes={each.index: each.size for each in advice.create},
        seconds=seconds,
        calls=advice.planner.calls,
        estimate=advice.total_after / advice.cost_before,
        costs={each.id: each.cost_after for each in advice.statements},
        bound=advice.bound / advice.cost_before,
        proved=advice.proved,
        advice=advice,
    )


def choose_confirmed(url: str, workload: Workload, choice: Choice) -> Choice:
    """Our choice after ``--confirm`` on a database with the same data, which it marks as disposable."""
    assert choice.advice is not None
    name = url.partition("?")[0].rpartition("/")[2]
    with connect(url, read_only=False) as session:
        session.execute(f"ALTER DATABASE {quote(name)} SET indexical.disposable = on")
    begun = time.perf_counter()
    advice = confirm(url, workload, choice.advice, effort=EFFORT, on_event=_tell)
    found = advice.confirmation
    assert found is not None
    for each in found.indexes:
        print(f"  {each.index.text}: {each.verdict} {each.reason}", file=sys.stderr, flush=True)
    return replace(
        choice,
        by=CONFIRMED.format(choice.by),
        sizes={each.index: each.size for each in advice.create},
        seconds=choice.seconds + time.perf_counter() - begun,
        estimate=advice.total_after / advice.cost_before,
        costs={each.id: each.cost_after for each in advice.statements},
        proved=False,
        advice=advice,
    )


def _tell(stage: str, share: float, detail: str) -> None:
    print(f"  {time.strftime('%H:%M:%S')} {stage} {detail}", file=sys.stderr, flush=True)


@contextmanager
def considering(indexes: Iterable[Index]) -> Iterator[None]:
    """Meanwhile the advice considers these indexes, too, whatever its own rules propose."""
    more = tuple(indexes)

    def generated(workload: Workload, catalog: Catalog, limits: Limits) -> Candidates:
        found = generate(workload, catalog, limits)
        own = {each.index for each in found.candidates}
        added = [index for index in more if index not in own]
        relevant = dict(found.relevant)
        asked: dict[Index, list[str]] = {index: [] for index in added}
        for statement in workload.statements:
            words = set(_WORD.findall(statement.sql.lower()))
            theirs = [
                index for index in added if words & set(_WORD.findall(index.text.partition(" ")[2].lower()))
            ]
            relevant[statement.id] = tuple(sorted({*relevant.get(statement.id, ()), *theirs}))
            for index in theirs:
                asked[index].append(statement.id)
        made = tuple(Candidate(index, "known", tuple(sorted(ids))) for index, ids in asked.items() if ids)
        candidates = tuple(sorted((*found.candidates, *made), key=lambda each: each.index))
        return replace(found, candidates=candidates, relevant=tuple(sorted(relevant.items())))

    with patch("indexical.advise.generate", generated):
        yield


def without_times(advice: Advice) -> str:
    """The advice as JSON, without what a clock says."""
    document: dict[str, Any] = advice_document(advice)
    document.pop("milliseconds")
    document["planner"].pop("milliseconds")
    return json.dumps(document, indent=1)


def same_bytes(script: Path, options: Sequence[str]) -> dict[int, str]:
    """A digest of the advice under each ``PYTHONHASHSEED``, each in a process of its own.

    ``script`` called with ``options`` writes the advice to its standard output.
    """
    digests = {}
    for seed in SEEDS:
        done = subprocess.run(
            [sys.executable, str(script), *options],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            stdout=subprocess.PIPE,
            check=True,
        )
        digests[seed] = hashlib.sha256(done.stdout).hexdigest()[:16]
    return digests
