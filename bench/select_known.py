"""Every set that was ever judged on this database, so that a run knows the best one so far for each budget."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from select_judge import Judgement

from indexical.model import Index, Key


@dataclass(frozen=True, slots=True)
class KnownSet:
    by: str
    indexes: frozenset[Index]
    bytes: int
    costs: Mapping[str, float]


class Known:
    """A file of JSON lines beside the database; what was judged with other statistics or settings is left out."""

    def __init__(self, file: Path, base: Mapping[str, float]) -> None:
        self._file = file
        self._base = dict(base)
        self._sets: dict[frozenset[Index], KnownSet] = {}
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else ()
        for line in lines:
            found = json.loads(line)
            if found["base"] == self._base:
                structures = frozenset(_index(each) for each in found["indexes"])
                known = KnownSet(found["by"], structures, found["bytes"], found["costs"])
                self._sets[known.indexes] = known

    def add(self, by: str, indexes: Iterable[Index], judgement: Judgement) -> None:
        structures = frozenset(indexes)
        if structures in self._sets:
            return
        known = KnownSet(by, structures, judgement.bytes, dict(judgement.costs))
        self._sets[structures] = known
        line = {
            "by": by,
            "indexes": [asdict(each) for each in sorted(structures)],
            "bytes": known.bytes,
            "costs": known.costs,
            "base": self._base,
        }
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def indexes(self) -> tuple[Index, ...]:
        """Every index of any set."""
        return tuple(sorted({index for known in self._sets.values() for index in known.indexes}))

    def best(self, budget: int | None, ids: Iterable[str]) -> tuple[float, KnownSet] | None:
        """The least summed cost of a set within the budget's true bytes, relative to primary keys only."""
        chosen = tuple(ids)
        fitting = [known for known in self._sets.values() if budget is None or known.bytes <= budget]
        if not fitting:
            return None
        best = min(fitting, key=lambda known: (sum(known.costs[id] for id in chosen), sorted(known.indexes)))
        return sum(best.costs[id] for id in chosen) / sum(self._base[id] for id in chosen), best


def _index(raw: dict[str, Any]) -> Index:
    keys = tuple(Key(**key) for key in raw["keys"])
    return Index(**{**raw, "keys": keys, "include": tuple(raw["include"])})
