"""Judges index sets on indexes that are really built: their true bytes, and what every query costs with exactly them.

Each index is built once and kept, invalid, under a name made of its structure. A judgement makes exactly one set's indexes
valid (``pg_index.indisvalid``) in a transaction that is rolled back. Column statistics stay as they were when the snapshot
was taken: an index on an expression needs an ANALYZE, whose other results are put back in the same transaction
(https://www.postgresql.org/docs/18/functions-admin.html#FUNCTIONS-ADMIN-STATSMOD).
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from select_source import PREFIX

from indexical.ddl import create_index, quote
from indexical.errors import DatabaseError
from indexical.model import Index, Statement
from indexical.pg.explain import explain
from indexical.pg.session import Session

_STATISTICS = (
    "null_frac", "avg_width", "n_distinct", "most_common_vals", "most_common_freqs", "histogram_bounds", "correlation",
    "most_common_elems", "most_common_elem_freqs", "elem_count_histogram",
)  # fmt: skip
_AS_TEXT = frozenset({"most_common_vals", "histogram_bounds", "most_common_elems"})


@dataclass(frozen=True, slots=True)
class Judgement:
    """One set, judged."""

    bytes: int
    costs: Mapping[str, float]
    """EXPLAIN's total cost of each statement, by id."""
    used: frozenset[Index] = field(default=frozenset())

    def rel(self, base: Mapping[str, float], ids: Iterable[str]) -> float:
        """The summed cost over that with primary keys only."""
        chosen = list(ids)
        return sum(self.costs[id] for id in chosen) / sum(base[id] for id in chosen)

    def geometric(self, base: Mapping[str, float], ids: Iterable[str]) -> float:
        """The geometric mean of the statements' own ratios."""
        ratios = [self.costs[id] / base[id] for id in ids]
        return math.exp(sum(math.log(ratio) for ratio in ratios) / len(ratios))


class Judge:
    """Builds and judges on one session of a superuser, open for writing."""

    def __init__(self, session: Session, statements: Sequence[Statement]) -> None:
        self._session = session
        self._statements = statements
        self._oids: dict[str, int] = {}
        self._bytes: dict[Index, int] = {}
        self.failed: dict[Index, str] = {}
        """What PostgreSQL would not build, and why."""
        self.built_seconds = 0.0
        self._look()
        self.base = self.judge(()).costs

    def build(self, indexes: Iterable[Index]) -> None:
        """Builds those that are not there yet."""
        for index in sorted(set(indexes)):
            name = name_of(index)
            if name in self._oids or index in self.failed:
                continue
            begun = time.perf_counter()
            try:
                with self._session.transaction():
                    self._build(index, name)
            except DatabaseError as error:
                self.failed[index] = str(error)
            self.built_seconds += time.perf_counter() - begun
        self._look()

    def bytes(self, index: Index) -> int:
        """True bytes of the main fork; 0 for one that could not be built."""
        if index in self.failed:
            return 0
        if index not in self._bytes:
            rows = self._session.rows(
                "SELECT pg_relation_size(%s::oid) AS bytes", (self._oids[name_of(index)],)
            )
            self._bytes[index] = int(rows[0]["bytes"])
        return self._bytes[index]

    def judge(self, indexes: Iterable[Index]) -> Judgement:
        """Every statement planned with exactly these indexes and the primary keys."""
        chosen = {name_of(index): index for index in indexes if index not in self.failed}
        costs: dict[str, float] = {}
        used: set[Index] = set()
        with self.only(chosen.values()):
            for statement in self._statements:
                plan = explain(self._session, statement, ()).plan()
                costs[statement.id] = plan.cost
                judged = {name for name in plan.index_names if name.startswith(PREFIX)}
                if not judged <= set(chosen):
                    raise RuntimeError(f"{statement.id} was planned with an index that is not in the set")
                used |= {chosen[name] for name in judged}
        return Judgement(sum(self.bytes(index) for index in chosen.values()), costs, frozenset(used))

    @contextmanager
    def only(self, indexes: Iterable[Index]) -> Iterator[None]:
        """A transaction, rolled back, in which of the built indexes exactly these are there."""
        oids = [self._oids[name_of(index)] for index in indexes if index not in self.failed]
        with self._session.transaction(roll_back=True):
            self._session.execute(
                "UPDATE pg_index SET indisvalid = true WHERE indexrelid = ANY (%s::oid[])", (oids,)
            )
            yield

    def _look(self) -> None:
        """What is built; whatever an interrupted run left valid is made invalid."""
        rows = self._session.rows(
            "SELECT relname, oid FROM pg_class WHERE relkind = 'i' AND relname ~ %s", (f"^{PREFIX}",)
        )
        self._oids = {row["relname"]: int(row["oid"]) for row in rows}
        self._session.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indisvalid AND indexrelid = ANY (%s::oid[])",
            (list(self._oids.values()),),
        )

    def _build(self, index: Index, name: str) -> None:
        kept = list(self._statistics(index))
        self._session.execute(create_index(index, name))
        if any(key.expression for key in index.keys):
            self._session.execute(f"ANALYZE {quote(index.schema)}.{quote(index.table)}")
        for sql, values in kept:
            self._session.rows(sql, values)

    def _statistics(self, index: Index) -> Iterator[tuple[str, list[object]]]:
        """Calls that put the table's statistics back as they are now."""
        place = [index.schema, index.table]
        row = self._session.rows(
            "SELECT relpages, reltuples, relallvisible FROM pg_class WHERE oid = format('%%I.%%I', %s::text, %s::text)::regclass",
            place,
        )[0]
        yield (
            (
                "SELECT pg_restore_relation_stats('schemaname', %s::text, 'relname', %s::text,"
                " 'relpages', %s::integer, 'reltuples', %s::real, 'relallvisible', %s::integer)"
            ),
            [*place, *row.values()],
        )
        columns = ", ".join(f"{each}::text" for each in _STATISTICS)
        rows = self._session.rows(
            f"SELECT attname, {columns} FROM pg_stats WHERE schemaname = %s AND tablename = %s ORDER BY attname",
            place,
        )
        for each in rows:
            yield "SELECT pg_clear_attribute_stats(%s, %s, %s, false)", [*place, each["attname"]]
            given = [name for name in _STATISTICS if each[name] is not None]
            words = "".join(f", '{name}', %s::{_type(name)}" for name in given)
            yield (
                (
                    "SELECT pg_restore_attribute_stats('schemaname', %s::text, 'relname', %s::text, 'attname', %s::text,"
                    f" 'inherited', false{words})"
                ),
                [*place, each["attname"], *(each[name] for name in given)],
            )


def _type(statistic: str) -> str:
    if statistic in _AS_TEXT:
        return "text"
    if statistic == "avg_width":
        return "integer"
    return "real" if statistic in ("null_frac", "n_distinct", "correlation") else "real[]"


def name_of(index: Index) -> str:
    """A name that says the structure, and nothing else."""
    return PREFIX + hashlib.sha256(create_index(index, "x").encode()).hexdigest()[:20]
