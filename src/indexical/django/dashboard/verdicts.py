"""What is to be said of each index of a catalog: one word, and why; pure. The words are :mod:`indexical.usage.standing`'s."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from indexical.model import Catalog, ExistingIndex, Limits
from indexical.model.usage import IndexUse, Sample, UseVerdict
from indexical.model.using import Standing
from indexical.selection.redundancy import redundancies
from indexical.usage import judge
from indexical.usage.standing import Covered, standings

_MAY_GO = frozenset({"unused", "duplicate", "redundant"})


@dataclass(frozen=True, slots=True)
class Judged:
    existing: ExistingIndex
    verdict: Standing
    reason: str
    use: UseVerdict
    counted: IndexUse | None
    """By the server that was looked at; None for an index it has no counters of."""
    covered_by: str = ""

    @property
    def may_go(self) -> bool:
        """Whether dropping it may be proposed."""
        return self.verdict in _MAY_GO


def judged(
    catalog: Catalog,
    samples: Mapping[tuple[str, str], Mapping[str, Sequence[Sample]]],
    nodes: Sequence[str],
    *,
    not_counting: str = "",
    at_least: float = Limits().unused_after,
) -> tuple[Judged, ...]:
    """Every index of the catalog, by table and name.

    Args:
        samples: by schema and name of the index, each server's samples of it, the newest of the looked at one from now.
        nodes: the servers that were sampled.
        not_counting: why the counters say nothing; empty when they do.
        at_least: seconds without a scan after which an index is unused.
    """
    own = {
        (each.index.schema, each.name): samples.get((each.index.schema, each.name), dict.fromkeys(nodes, ()))
        for each in catalog.indexes()
    }
    covered = {
        (each.existing.index.schema, each.existing.name): Covered(
            "duplicate" if each.reason == "duplicate" else "redundant",
            each.covered_by,
            each.evidence.rpartition("; ")[0],
        )
        for each in redundancies(catalog)
    }
    verdicts = {key: judge(kept, *key, at_least=at_least) for key, kept in own.items()}
    words = standings(catalog, verdicts, covered, not_counting=not_counting)
    found = []
    for each in catalog.indexes():
        key = (each.index.schema, each.name)
        word, reason = words[key]
        last = own[key].get("primary", ())
        counted = next(iter(last[-1].indexes), None) if last else None
        covering = covered[key].covered_by if key in covered else ""
        found.append(Judged(each, word, reason, verdicts[key], counted, covering))
    return tuple(sorted(found, key=lambda each: (each.existing.index.qualified_table, each.existing.name)))
