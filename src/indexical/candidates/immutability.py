"""Which built-in functions and casts an index expression may have: those that PostgreSQL calls IMMUTABLE.

From ``pg_proc.provolatile`` of PostgreSQL 18 (https://www.postgresql.org/docs/18/xfunc-volatility.html). Left out on purpose:
what depends on a setting (``timestamptz::date``, ``date_trunc`` of a timestamptz, ``to_char``, ``concat``, text to date) is
STABLE, and ``unaccent`` is too.
"""

from __future__ import annotations

TEXT = "text"
TIMESTAMP = "timestamp without time zone"
TIMESTAMPTZ = "timestamp with time zone"
TEXTS = frozenset({TEXT, "character varying", "character", "name", '"char"'})
WHOLE = frozenset({"smallint", "integer", "bigint"})
NUMBERS = WHOLE | {"numeric", "real", "double precision"}
MOMENTS = frozenset({TIMESTAMP, "date", "time without time zone", "interval"})
JSONS = frozenset({"jsonb", "json"})

AS_ARGUMENT = "="
"""The result has the first argument's type."""

TEXT_FUNCTIONS = {
    **dict.fromkeys(
        (
            "lower",
            "upper",
            "initcap",
            "btrim",
            "ltrim",
            "rtrim",
            "trim",
            "left",
            "right",
            "reverse",
            "repeat",
        ),
        TEXT,
    ),
    **dict.fromkeys(
        ("replace", "translate", "split_part", "substr", "substring", "md5", "lpad", "rpad"), TEXT
    ),
    **dict.fromkeys(("regexp_replace", "quote_literal", "quote_ident", "normalize", "overlay"), TEXT),
    **dict.fromkeys(
        ("length", "char_length", "character_length", "octet_length", "bit_length", "strpos", "ascii"),
        "integer",
    ),
}
"""Functions whose first argument is text, and what they return."""

NUMBER_FUNCTIONS = dict.fromkeys(
    ("abs", "round", "floor", "ceil", "ceiling", "trunc", "sign", "mod", "power", "sqrt", "div"), "numeric"
)

ANY_FUNCTIONS = dict.fromkeys(("coalesce", "nullif", "greatest", "least"), AS_ARGUMENT)
"""Part of the grammar rather than functions: immutable with any type."""

OTHER_FUNCTIONS = {
    "jsonb_array_length": "integer",
    "jsonb_typeof": TEXT,
    "jsonb_extract_path_text": TEXT,
    "jsonb_extract_path": "jsonb",
    "cardinality": "integer",
    "array_length": "integer",
    "isempty": "boolean",
    "hashtext": "integer",
}

UNITS_OF_TIME = frozenset({TIMESTAMP, "date", "time without time zone", "interval"})
"""What ``extract`` and ``date_part`` read the same whatever the time zone."""

DATE_TRUNC_IN_ZONE_SINCE = 160000
"""``date_trunc(unit, timestamptz, zone)`` is IMMUTABLE from PostgreSQL 16 on."""


def cast_type(source: str, target: str) -> bool:
    """Whether a cast between two types is immutable."""
    if source == target:
        return True
    if source in TEXTS:
        return (
            target in TEXTS
            or target in NUMBERS
            or target in ("boolean", "uuid", "jsonb", "json", "inet", "citext")
        )
    if source in NUMBERS:
        return target in NUMBERS or target in TEXTS or (source == "integer" and target == "boolean")
    if source in ("boolean", "uuid", "citext", "inet", "cidr"):
        return target in TEXTS or (source, target) in (("boolean", "integer"), ("cidr", "inet"))
    if source in JSONS:
        return target in TEXTS or target == "jsonb" or (source == "jsonb" and target in NUMBERS | {"boolean"})
    if source == "date":
        return target == TIMESTAMP
    return source == TIMESTAMP and target in ("date", "time without time zone")
