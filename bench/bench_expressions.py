"""How true the statistics are that the twin derives for expression indexes that do not exist.

Each index is really built and the database analysed; the twin knows the very same column statistics, and neither the indexes nor
what ANALYZE found of their expressions. Rows and costs of questions about the expressions are compared: the common values, rare
ones, ranges and groups that the database's own statistics of the expression name.

    make bench-expressions          1,000,000 rows
    bench_expressions.py --rows N
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from result import publish

from indexical.catalog import snapshot
from indexical.ddl import create_index
from indexical.model import Catalog, Configuration, Index, Key, Statement
from indexical.pg.explain import explain
from indexical.pg.session import Session, connect
from indexical.twin.engine import find
from indexical.twin.server import PrivateServer
from indexical.twin.twin import open_twin

BAND = 0.05
TABLE = """
CREATE TABLE people AS SELECT
    i AS id,
    (ARRAY['Anna','Ben','Carla','David','Eva','Finn','Greta','Hans','Ida','Jan'])[1 + (10 * random() ^ 2)::int % 10]
        || ' ' || initcap(md5((i % 20000)::text)) AS name,
    'User' || i || '@Example' || (i % 40) || '.com' AS email,
    (ARRAY['Berlin','Hamburg','MUNICH','Cologne','Essen','Bremen','berlin'])[1 + (7 * random() ^ 3)::int % 7] AS city,
    lpad((10 + (25 * random())::int % 25)::text, 2, '0') || '-' || lpad((random() * 999)::int::text, 3, '0') || '-' || i AS phone,
    timestamptz '2024-01-01Z' + i * interval '1 minute' AS created,
    date '2020-01-01' + (random() * 1800)::int AS born,
    (random() * 1000)::numeric(10,2) AS price,
    (random() * random() * 100)::int AS quantity,
    CASE WHEN random() < 0.3 THEN NULL ELSE (random() * 50)::int END AS score,
    jsonb_build_object('status', (ARRAY['new','paid','sent','done','void'])[1 + (5 * random() ^ 2)::int % 5],
        'customer', i % 5000, 'total', (random() * 1000)::int) AS data
FROM generate_series(1, {rows}) i
"""
EXPRESSIONS = {
    "upper(name)": "upper(name)",
    "lower(email)": "lower(email)",
    "lower(city)": "lower(city)",
    "substring(phone)": "SUBSTRING(phone FROM 1 FOR 2)",
    "left(name)": "left(name, 3)",
    "date_trunc(day)": "date_trunc('day', created AT TIME ZONE 'UTC')",
    "created date": "(created AT TIME ZONE 'UTC')::date",
    "extract(year)": "EXTRACT(year FROM born)",
    "extract(month)": "EXTRACT(month FROM born)",
    "price rounded": "round(price)",
    "price % 10": "(price::int % 10)",
    "coalesce(score)": "COALESCE(score, 0)",
    "abs(quantity - 50)": "abs(quantity - 50)",
    "status": "data ->> 'status'",
    "customer": "(data ->> 'customer')::int",
    "price * quantity": "price * quantity",
    "quantity + score": "quantity + score",
}
SEVERAL = frozenset({"price * quantity", "quantity + score"})
DOCUMENTS = frozenset({"status", "customer"})


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    question: str
    rows: float
    real_rows: float
    cost: float
    real_cost: float

    @property
    def row_ratio(self) -> float:
        return self.rows / self.real_rows

    @property
    def cost_ratio(self) -> float:
        return self.cost / self.real_cost


def index_on(expression: str) -> Index:
    return Index("public", "people", (Key(expression=expression),))


def questions(session: Session, name: str, expression: str) -> Iterator[tuple[str, str]]:
    """What is asked about an expression, with values from the database's own statistics of it."""
    (known,) = session.rows(
        "SELECT most_common_vals::text::text[] AS common, histogram_bounds::text::text[] AS bounds"
        " FROM pg_catalog.pg_stats WHERE tablename = %s",
        (index_name(name),),
    )
    (kind,) = session.rows(f"SELECT pg_catalog.pg_typeof({expression})::text AS type FROM people LIMIT 1")
    common: list[str] = known["common"] or []
    bounds: list[str] = known["bounds"] or []

    def value(text: str) -> str:
        return f"{session.literal(text)}::{kind['type']}"

    if common:
        yield "the commonest", f"SELECT * FROM people WHERE {expression} = {value(common[0])}"
        yield "a common one", f"SELECT * FROM people WHERE {expression} = {value(common[len(common) // 2])}"
    if bounds:
        low, high = bounds[len(bounds) // 2], bounds[-(len(bounds) // 4) - 1]
        yield "a rare one", f"SELECT * FROM people WHERE {expression} = {value(low)}"
        yield "a range", f"SELECT * FROM people WHERE {expression} BETWEEN {value(low)} AND {value(high)}"
    yield "groups", f"SELECT count(*) FROM people GROUP BY {expression}"
    yield "first in order", f"SELECT * FROM people ORDER BY {expression} LIMIT 100"


def index_name(name: str) -> str:
    return f"e_{list(EXPRESSIONS).index(name)}"


def without(catalog: Catalog) -> Catalog:
    return replace(
        catalog,
        tables=tuple(replace(table, indexes=(), expression_statistics=()) for table in catalog.tables),
    )


def measure(session: Session) -> list[Line]:
    catalog = snapshot(session)
    lines = []
    with open_twin(without(catalog)) as twin:
        for name, expression in EXPRESSIONS.items():
            index = index_on(expression)
            visible = Configuration(frozenset({index}))
            oids = "SELECT indexrelid FROM pg_index WHERE indrelid = 'people'::regclass AND indexrelid <> %s::regclass"
            for question, sql in questions(session, name, expression):
                statement = Statement(id=question, sql=sql)
                with session.transaction(roll_back=True):
                    session.execute(
                        f"UPDATE pg_index SET indisvalid = false WHERE indexrelid IN ({oids})",
                        (index_name(name),),
                    )
                    real = explain(session, statement, ()).plan()
                plan = twin.plan(statement, (), visible)
                lines.append(
                    Line(name, question, plan.nodes[0].rows, real.nodes[0].rows, plan.cost, real.cost)
                )
            size = twin.size(index)
            (true,) = session.rows("SELECT pg_relation_size(%s::regclass) AS size", (index_name(name),))
            lines.append(Line(name, "size", size, true["size"], size, true["size"]))
    return lines


def tell(lines: Sequence[Line]) -> dict[str, object]:
    for line in lines:
        mark = "" if abs(line.row_ratio - 1) <= BAND and abs(line.cost_ratio - 1) <= BAND else "  <--"
        print(
            f"{line.name:20} {line.question:15} rows {line.rows:10.0f} {line.real_rows:10.0f} ratio {line.row_ratio:6.3f}"
            f"   cost ratio {line.cost_ratio:6.3f}{mark}"
        )
    plain = [line for line in lines if line.name not in SEVERAL | DOCUMENTS and line.question != "size"]
    told: dict[str, object] = {}
    for kind, group in (
        ("one_column", plain),
        ("documents", [line for line in lines if line.name in DOCUMENTS and line.question != "size"]),
        ("several_columns", [line for line in lines if line.name in SEVERAL and line.question != "size"]),
        ("sizes", [line for line in lines if line.question == "size"]),
    ):
        told[kind] = {
            "asked": len(group),
            "rows_within_5_percent": sum(abs(line.row_ratio - 1) <= BAND for line in group),
            "costs_within_5_percent": sum(abs(line.cost_ratio - 1) <= BAND for line in group),
            "worst_rows": round(max((line.row_ratio for line in group), key=lambda r: max(r, 1 / r)), 3),
            "median_cost_error": round(statistics.median(abs(line.cost_ratio - 1) for line in group), 4),
        }
        print(f"{kind}: {told[kind]}")
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with (
        PrivateServer(find(), settings={"autovacuum": "off", "jit": "off"}, shared_buffers="256MB") as server,
        connect(server.url(), read_only=False, statement_timeout_ms=0) as session,
    ):
        session.execute("SELECT setseed(0.3)")
        session.execute(TABLE.format(rows=rows))
        for name, expression in EXPRESSIONS.items():
            session.execute(create_index(index_on(expression), index_name(name)))
        session.execute("VACUUM (ANALYZE)")
        lines = measure(session)
    told = tell(lines)
    result = {
        "name": "expressions",
        "rows": rows,
        **told,
    }
    publish(result)


if __name__ == "__main__":
    main()
