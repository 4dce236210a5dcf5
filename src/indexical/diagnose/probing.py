"""What only the database itself can say, by reading a little of it: fresh statistics, true shares, the plan it makes itself.

Statistics are estimated from a sample of pages as ANALYZE does it (``compute_scalar_stats`` in PostgreSQL's
``src/backend/commands/analyze.c``; the number of distinct values by Haas and Stokes, "Estimating the Number of Classes in a
Finite Population", 1998), and nothing is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from indexical.ddl import qualified, quote
from indexical.errors import ConnectionFailed, DatabaseError, PlanRefused
from indexical.model import Catalog, ColumnStatistics, ExtendedStatistics, Parameters, Plan, Statement, Table
from indexical.pg.explain import explain
from indexical.pg.plans import names_of
from indexical.pg.session import Session
from indexical.twin.arrays import array

_PAGES = 3000
_ROWS = 30_000
_DENSE = 100.0
"""Rows on a page of a table that nothing is known of."""
_MOST_COMMON = 100
_BOUNDS = 101
_TIMEOUT_MS = 15_000
_MORE_OFTEN = 1.25
"""How much commoner than the average a value must be to be listed."""


@dataclass(slots=True)
class Probe:
    """A session that reads a little; ``silent`` says what it could not."""

    session: Session
    silent: list[tuple[str, str]]

    def fresh(self, table: Table, columns: Sequence[str]) -> Table | None:
        """The table with statistics of the given columns made anew; None when it may not be read."""
        try:
            with self.session.transaction(roll_back=True, one_moment=True):
                self._as_snapshots_are_read()
                return self._fresh(table, columns)
        except ConnectionFailed:
            raise
        except DatabaseError as error:
            self.silent.append((f"fresh statistics of {table.qualified}", str(error)))
            return None

    def together(self, table: Table, columns: Sequence[str]) -> ExtendedStatistics | None:
        """How often the values of several columns really occur together; None when that cannot be read."""
        try:
            with self.session.transaction(roll_back=True, one_moment=True):
                self._as_snapshots_are_read()
                return self._together(table, columns)
        except ConnectionFailed:
            raise
        except DatabaseError as error:
            self.silent.append((f"values of {', '.join(columns)} together", str(error)))
            return None

    def _as_snapshots_are_read(self) -> None:
        """Values are printed as those of a snapshot are, whatever the session's own settings."""
        self.session.set("statement_timeout", f"{_TIMEOUT_MS}ms", local=True)
        self.session.set("search_path", "", local=True)
        self.session.set("TimeZone", "UTC", local=True)
        self.session.set("DateStyle", "ISO, YMD", local=True)

    def explain(self, statement: Statement, parameters: Parameters, catalog: Catalog) -> Plan | None:
        """The database's own plan; None when it does not make one."""
        try:
            return explain(self.session, statement, parameters).plan(names_of(catalog.indexes()))
        except PlanRefused as error:
            self.silent.append(("the database's own plan", str(error)))
            return None

    def hidden(self, oid: int) -> bool:
        """Whether an index of this oid must not be used by transactions that are as old as the oldest running one."""
        rows = self.session.rows(
            "SELECT i.indcheckxmin AS hidden FROM pg_catalog.pg_index i WHERE i.indexrelid = %s", (oid,)
        )
        return bool(rows and rows[0]["hidden"])

    def _fresh(self, table: Table, columns: Sequence[str]) -> Table:
        source, share = self._source(table)
        counted = self.session.rows(f"SELECT count(*) AS rows FROM {source}")[0]["rows"]  # noqa: S608
        rows = float(counted) / share
        pages = max(1, self._pages(table))
        made = {name: self._column(table, name, source, rows) for name in columns}
        changed = tuple(
            replace(column, statistics=made[column.name] or column.statistics)
            if column.name in made
            else column
            for column in table.columns
        )
        return replace(table, columns=changed, rows=rows, pages=pages, analysed_pages=pages)

    def _pages(self, table: Table) -> int:
        found = self.session.rows(
            "SELECT pg_catalog.pg_relation_size(%s::pg_catalog.oid) / 8192 AS pages", (table.oid,)
        )
        return int(found[0]["pages"] or 0)

    def _source(self, table: Table) -> tuple[str, float]:
        """What to select from, and the share of the table that it is."""
        place = qualified(table.schema, table.name)
        pages = self._pages(table)
        dense = table.rows / table.analysed_pages if table.rows > 0 and table.analysed_pages > 0 else _DENSE
        share = min(1.0, _PAGES / max(1, pages), _ROWS / max(1.0, dense * pages))
        # Never LIMIT: the planner may then read by an index, and the sample would be its beginning.
        return (
            (place, 1.0)
            if share >= 1.0
            else (f"{place} AS t TABLESAMPLE SYSTEM ({share * 100:.6f}) REPEATABLE (1)", share)
        )

    def _column(self, table: Table, name: str, source: str, rows: float) -> ColumnStatistics | None:
        column = table.column(name)
        if column is None:
            return None
        try:
            with self.session.transaction():
                found = self.session.rows(_VALUES.format(column=quote(name), source=source))
                order = self.session.rows(_ORDER.format(column=quote(name), source=source))
        except ConnectionFailed:
            raise
        except DatabaseError:
            # Types without an order or equality, such as json.
            return None
        return statistics([(row["value"], int(row["times"]), float(row["width"] or 0)) for row in found], rows,
                          order[0]["correlation"])  # fmt: skip

    def _together(self, table: Table, columns: Sequence[str]) -> ExtendedStatistics | None:
        source, _ = self._source(table)
        names = ", ".join(f"s.{quote(name)}" for name in columns)
        texts = ", ".join(f"s.{quote(name)}::pg_catalog.text AS v{n}" for n, name in enumerate(columns))
        found = self.session.rows(
            f"SELECT {texts}, count(*) AS times FROM (SELECT * FROM {source}) AS s "  # noqa: S608
            f"GROUP BY {names} ORDER BY count(*) DESC, {', '.join(str(n + 1) for n in range(len(columns)))} LIMIT 10000"
        )
        total = sum(row["times"] for row in found)
        if not total:
            return None
        own: list[dict[str | None, float]] = []
        for number in range(len(columns)):
            shares: dict[str | None, float] = {}
            for row in found:
                value = row[f"v{number}"]
                shares[value] = shares.get(value, 0.0) + row["times"] / total
            own.append(shares)
        listed = found[:_MOST_COMMON]
        values = [[row[f"v{n}"] for n in range(len(columns))] for row in listed]
        base = []
        for each in values:
            product = 1.0
            for shares, value in zip(own, each, strict=True):
                product *= shares[value]
            base.append(product)
        return ExtendedStatistics(
            schema=table.schema,
            name="indexical_why",
            definition=f"CREATE STATISTICS {qualified(table.schema, 'indexical_why')} (mcv) ON "
            f"{', '.join(quote(name) for name in columns)} FROM {qualified(table.schema, table.name)}",
            columns=tuple(columns),
            common_values=_grid([[value or "" for value in each] for each in values]),
            common_nulls=_grid([["t" if value is None else "f" for value in each] for each in values]),
            common_frequencies=tuple(row["times"] / total for row in listed),
            common_base_frequencies=tuple(base),
        )


_VALUES = """
SELECT s.value::pg_catalog.text AS value, count(*) AS times, avg(pg_catalog.pg_column_size(s.value)) AS width
  FROM (SELECT t.{column} AS value FROM {source}) AS s GROUP BY s.value ORDER BY s.value
"""
_ORDER = """
SELECT corr(o.place, o.rank) AS correlation
  FROM (SELECT row_number() OVER (ORDER BY s.place) AS place, rank() OVER (ORDER BY s.value) AS rank
          FROM (SELECT t.ctid AS place, t.{column} AS value FROM {source}) AS s
         WHERE s.value IS NOT NULL) AS o
"""


def statistics(
    values: Sequence[tuple[str | None, int, float]], rows: float, correlation: float | None
) -> ColumnStatistics | None:
    """What ANALYZE would make of a sample, given as (text, times, bytes) in the type's order; None without a row."""
    sampled = sum(times for _, times, _ in values)
    if not sampled:
        return None
    nulls = sum(times for value, times, _ in values if value is None)
    present = [(value, times) for value, times, _ in values if value is not None]
    width = sum(times * size for value, times, size in values if value is not None) / max(1, sampled - nulls)
    distinct = _distinct([times for _, times in present], sampled - nulls, rows * (1 - nulls / sampled))
    average = (sampled - nulls) / max(1, len(present))
    common = sorted(
        ((times, value) for value, times in present if times > 1 and times > _MORE_OFTEN * average),
        key=lambda each: (-each[0], each[1]),
    )[:_MOST_COMMON]
    if len(present) <= _MOST_COMMON and all(times > 1 for _, times in present):
        common = sorted(((times, value) for value, times in present), key=lambda each: (-each[0], each[1]))
    listed = {value for _, value in common}
    rest = [value for value, times in present if value not in listed for _ in range(times)]
    bounds = _spread(rest) if len(set(rest)) > 1 else []
    return ColumnStatistics(
        null_fraction=nulls / sampled,
        average_width=round(width),
        distinct=distinct,
        common_values=array([value for _, value in common]) if common else "",
        common_frequencies=tuple(times / sampled for times, _ in common),
        histogram=array(bounds) if bounds else "",
        correlation=correlation,
    )


def _distinct(counts: Sequence[int], sampled: int, rows: float) -> float:
    if not counts:
        return 0.0
    once = sum(1 for times in counts if times == 1)
    if once == len(counts):
        return -1.0
    if sampled >= rows * 0.999:
        estimate = float(len(counts))
    else:
        estimate = sampled * len(counts) / ((sampled - once) + once * sampled / max(rows, 1.0))
    estimate = min(max(estimate, float(len(counts))), rows)
    return -estimate / rows if estimate > 0.1 * rows else round(estimate)


def _spread(values: Sequence[str]) -> list[str]:
    """Bounds of equally full buckets, both ends included."""
    count = min(_BOUNDS, len(values))
    picked = [values[round(n * (len(values) - 1) / (count - 1))] for n in range(count)]
    return list(dict.fromkeys(picked))


def _grid(rows: Sequence[Sequence[str]]) -> str:
    return "{" + ",".join(array(list(row)) for row in rows) + "}"
