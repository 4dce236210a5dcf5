"""Tables with a column of every type, on which the rules for everything but plain columns in a B-tree are tried."""

from __future__ import annotations

from dataclasses import replace

from indexical.candidates import generate
from indexical.model import Candidates, Catalog, ColumnStatistics, Function, Limits, RangeType, View
from indexical.testing import catalog, common, existing, statement, table, workload

OWN = frozenset({"expression", "pattern", "trigram", "document", "elements", "words", "overlap", "nearest"})
"""The rules that are tried here."""

ITEMS = table(
    "public.t",
    "id bigint not null, kind integer not null, name varchar(80) not null, note text, code character(8), plain text,"
    "email citext, number uuid, low integer, high integer, price numeric, at timestamptz not null, day date,"
    "born timestamp, gone timestamptz, data jsonb, raw json, extra hstore, tags text[], words tsvector, during tstzrange,"
    "span app.span, address inet, place point, area polygon, active boolean not null, state app.state",
    rows=500_000,
    indexes=["t_pkey: primary id"],
    statistics={
        "gone": ColumnStatistics(null_fraction=0.98, average_width=8, distinct=-0.01),
        "kind": common({"1": 0.5, "2": 0.5}),
        "note": ColumnStatistics(average_width=40, distinct=-0.9),
    },
)
SERVED = table(
    "public.s",
    "id bigint not null, name varchar(80), data jsonb, tags text[], note text, during tstzrange",
    rows=500_000,
    indexes=[
        "s_pkey: primary id",
        existing("public.s", "s_name_upper: (upper((name)::text))", oid=51),
        existing("public.s", "s_name_like: name varchar_pattern_ops", oid=52),
        existing("public.s", "s_data: using gin data", oid=53),
        existing("public.s", "s_tags: using gin tags", oid=54),
        existing("public.s", "s_note: using gin note gin_trgm_ops", oid=55),
        existing("public.s", "s_during: using gist during", oid=56),
    ],
)
"""A table that has them all."""


def _function(schema: str, name: str, arguments: str, promise: str, body: str = "") -> Function:
    definition = (
        f"CREATE OR REPLACE FUNCTION {schema}.{name}({arguments})\n RETURNS text\n LANGUAGE sql\n{promise}"
        f"AS $function$ SELECT '{body}' $function$"
    )
    return Function(schema, name, arguments, "sql", definition)


FUNCTIONS = (
    _function("public", "folded", "text", " IMMUTABLE\n"),
    _function("app", "slug", "text", " IMMUTABLE STRICT\n"),
    _function("public", "wobbly", "text", " STABLE\n", body="IMMUTABLE"),
    _function("public", "both", "text", " IMMUTABLE\n"),
    _function("public", "both", "integer", ""),
)


def database(*extensions: str, version: int = 180000) -> Catalog:
    """The tables above; texts are ordered by a language unless a column says otherwise."""
    kinds = {"state": "e"}
    columns = tuple(
        replace(
            column, type_kind=kinds.get(column.name, "b"), collation="C" if column.name == "plain" else ""
        )
        for column in ITEMS.columns
    )
    made = catalog(replace(ITEMS, columns=columns), SERVED, version=version)
    return replace(
        made,
        settings=(("lc_collate", "en_US.UTF-8"), ("locale_provider", "c"), ("search_path", '"public"')),
        extensions=extensions,
        extension_schemas=tuple((name, "public") for name in extensions),
        functions=FUNCTIONS,
        ranges=(RangeType("app", "span", "integer"),),
        views=(View("public", "v", "SELECT t.id, lower(t.note) AS low FROM public.t;", ("id", "lowered")),),
    )


def ask(
    sql: str, *samples: tuple[str | None, ...], base: Catalog | None = None, limits: Limits | None = None
) -> Candidates:
    asked = statement(sql, calls=100, samples=samples)
    return generate(workload(asked), base or database("hstore", "pg_trgm"), limits or Limits())


def own(found: Candidates) -> list[str]:
    return sorted(c.index.text.removeprefix("public.") for c in found.candidates if c.rule in OWN)
