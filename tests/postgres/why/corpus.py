"""Queries, the tables they run on, and the one true cause for which each does not use an index."""

from __future__ import annotations

from dataclasses import dataclass

ROWS = 40_000
COLUMNS = (
    "(id bigint PRIMARY KEY, a int NOT NULL, b int NOT NULL, kind varchar(20) NOT NULL, email text NOT NULL, "
    "name varchar(60) NOT NULL, at timestamptz NOT NULL, flag boolean NOT NULL, c int NOT NULL, d int NOT NULL, "
    "note text)"
)  # fmt: skip
FILL = (
    "INSERT INTO {t} SELECT i, (i * 7919) % 500, i % 7, "
    "CASE WHEN i % 500 = 0 THEN 'void' WHEN i % 33 = 0 THEN 'open' ELSE 'paid' END, "
    "'user' || (i * 7919) % 40009 || '@example.org', 'name ' || (i * 7919) % 40009, "
    "'2026-01-01 00:00+00'::timestamptz + i * interval '1 minute', i % 50 = 0, i % 2, i % 2, repeat(md5(i::text), 3) "
    "FROM generate_series(1, {rows}) i"
)

_SOME = (
    "INSERT INTO {{t}} SELECT i, {}, i, '{}', 'e', 'n', now(), false, 0, 0, repeat(md5(i::text), 3) "
    "FROM generate_series({}, {}) i"
)


@dataclass(frozen=True, slots=True)
class Pair:
    """One query and what is true of it."""

    name: str
    query: str
    cause: str
    """Empty: nothing is wrong."""
    indexes: tuple[str, ...] = ()
    """``(a)``, each named ``<name>_<n>``."""
    index: str = ""
    """Of the question; ``1`` is the first of ``indexes``."""
    rows: int = ROWS
    analyse: bool = True
    before: tuple[str, ...] = ()
    """Instead of filling the table: statements of its own."""
    after: tuple[str, ...] = ()
    """Run at the very end, after ANALYZE."""
    samples: tuple[tuple[str, ...], ...] = ()
    types: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    elsewhere: str = ""
    """An index that another node has."""
    hint: str = ""

    @property
    def table(self) -> str:
        return f"t_{self.name}"


PAIRS: tuple[Pair, ...] = (
    # Nothing is wrong.
    Pair("used_equal", "SELECT * FROM {t} WHERE a = 5", "", ("(a)",)),
    Pair("used_key", "SELECT * FROM {t} WHERE id = 77", ""),
    Pair("used_order", "SELECT * FROM {t} ORDER BY at DESC LIMIT 10", "", ("(at)",)),
    Pair("used_expression", "SELECT * FROM {t} WHERE lower(email) = 'user5@example.org'", "", ("(lower(email))",)),
    Pair("used_partial", "SELECT * FROM {t} WHERE kind = 'void' AND a = 5", "", ("(a) WHERE kind = 'void'",), "1"),
    # Nothing serves it.
    Pair("none_equal", "SELECT * FROM {t} WHERE a = 5", "no-index"),
    Pair("none_range", "SELECT * FROM {t} WHERE at > '2026-01-28 12:00+00'", "no-index"),
    Pair("none_order", "SELECT * FROM {t} ORDER BY at DESC LIMIT 10", "no-index"),
    Pair("none_other", "SELECT * FROM {t} WHERE a = 5", "no-index", ("(email)",)),
    Pair("none_join", "SELECT x.id FROM {t} x JOIN {t} y ON y.a = x.b WHERE x.id = 3", "no-index"),
    # The index itself.
    Pair("invalid", "SELECT * FROM {t} WHERE a = 5", "invalid", ("(a)",),
         after=("UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{t}_1'::regclass",)),
    Pair("half_built", "SELECT * FROM {t} WHERE a = 5", "invalid", ("(a)",), "1",
         after=("UPDATE pg_index SET indisvalid = false, indisready = false WHERE indexrelid = '{t}_1'::regclass",)),
    Pair("other_node", "SELECT * FROM {t} WHERE a = 5", "other-node", elsewhere="a"),
    # The planner is told not to.
    Pair("setting_off", "SELECT * FROM {t} WHERE a = 5", "setting-off", ("(a)",),
         settings=(("enable_bitmapscan", "off"), ("enable_indexscan", "off"))),
    Pair("setting_off_order", "SELECT * FROM {t} ORDER BY at LIMIT 3", "setting-off", ("(at)",),
         settings=(("enable_indexscan", "off"),)),
    # Values that are not known when the plan is made.
    Pair("generic_partial", "SELECT * FROM {t} WHERE a = $1 AND kind = $2", "generic-plan", ("(a) WHERE kind = 'open'",), "1",
         types=("int4", "varchar"), samples=(("5", "open"),)),
    Pair("generic_flag", "SELECT * FROM {t} WHERE flag = $1 AND at > $2", "generic-plan", ("(at) WHERE flag",), "1",
         types=("bool", "timestamptz"), samples=(("t", "2026-01-20 00:00+00"),)),
    # Rows that the index does not hold.
    Pair("partial_flag", "SELECT * FROM {t} WHERE a = 5", "partial-not-implied", ("(a) WHERE flag",)),
    Pair("partial_kind", "SELECT * FROM {t} WHERE at > '2026-01-28 12:00+00'", "partial-not-implied",
         ("(at) WHERE kind = 'open'",)),
    Pair("partial_other", "SELECT * FROM {t} WHERE a = 5 AND kind IN ('open', 'void')", "partial-not-implied",
         ("(a) WHERE kind = 'open'",), "1"),
    # Something is done to the column.
    Pair("function_lower", "SELECT * FROM {t} WHERE lower(email) = 'user5@example.org'", "function-on-column", ("(email)",)),
    Pair("function_upper", "SELECT * FROM {t} WHERE upper(email) = 'USER5@EXAMPLE.ORG'", "function-on-column", ("(email)",), "1"),
    Pair("function_day", "SELECT * FROM {t} WHERE (at AT TIME ZONE 'UTC')::date = '2026-01-05'", "function-on-column", ("(at)",)),
    Pair("function_cast", "SELECT * FROM {t} WHERE a::text = '5'", "function-on-column", ("(a)",)),
    Pair("function_arithmetic", "SELECT * FROM {t} WHERE a + 1 = 6", "function-on-column", ("(a)",)),
    # The value has another type.
    Pair("type_numeric", "SELECT * FROM {t} WHERE a = 5.0", "type-mismatch", ("(a)",)),
    Pair("type_float", "SELECT * FROM {t} WHERE a = 5::float8", "type-mismatch", ("(a)",), "1"),
    Pair("type_key", "SELECT * FROM {t} WHERE id = 77.0", "type-mismatch"),
    # Patterns.
    Pair("like_prefix", "SELECT * FROM {t} WHERE name LIKE 'name 123%'", "like-needs-pattern-ops", ("(name)",)),
    Pair("like_prefix_named", "SELECT * FROM {t} WHERE name LIKE 'name 77%'", "like-needs-pattern-ops", ("(name)",), "1"),
    Pair("wildcard", "SELECT * FROM {t} WHERE email LIKE '%r1234@%'", "leading-wildcard", ("(email)",)),
    Pair("wildcard_any_case", "SELECT * FROM {t} WHERE email ILIKE '%R1234@%'", "leading-wildcard", ("(email)",)),
    # Collations.
    Pair("collation_order", 'SELECT * FROM {t} ORDER BY email COLLATE "C" LIMIT 5', "collation", ("(email)",), "1"),
    Pair("collation_equal", 'SELECT * FROM {t} WHERE email > \'user39990\' COLLATE "C"', "collation", ("(email)",), "1"),
    # OR.
    Pair("or_two", "SELECT * FROM {t} WHERE a = 5 OR email = 'user9@example.org'", "or-across-columns", ("(a)",)),
    Pair("or_three", "SELECT * FROM {t} WHERE a = 5 OR id = 9 OR name = 'name 9'", "or-across-columns", ("(a)",)),
    # What is not equal.
    Pair("unequal", "SELECT * FROM {t} WHERE kind <> 'paid'", "operator", ("(kind)",)),
    Pair("not_in", "SELECT * FROM {t} WHERE kind NOT IN ('paid', 'open')", "operator", ("(kind)",)),
    # Order of columns.
    Pair("order_equal", "SELECT * FROM {t} WHERE a = 5", "column-order", ("(email, a)",)),
    Pair("order_three", "SELECT * FROM {t} WHERE a = 5 AND b = 3", "column-order", ("(email, a, b)",), "1"),
    # Another table, other columns.
    Pair("not_asked", "SELECT * FROM {t} WHERE email = 'user5@example.org'", "not-asked", ("(a)",), "1"),
    Pair("not_asked_join", "SELECT x.* FROM {t} x JOIN {t} y ON y.id = x.b WHERE y.email = 'user5@example.org'", "not-asked",
         ("(at)",), "1"),
    # Statistics of another time.
    Pair("stale_values", "SELECT * FROM {t} WHERE kind = 'open'", "stale-statistics", ("(kind)",), analyse=False,
         before=(_SOME.format("i", "open", 1, 500), "ANALYZE {t}", _SOME.format("i", "paid", 501, ROWS))),
    Pair("stale_distinct", "SELECT * FROM {t} WHERE a = 5", "stale-statistics", ("(a)",), "1", analyse=False,
         before=(_SOME.format("i % 2 + 5", "k", 1, 300), "ANALYZE {t}", _SOME.format("i", "k", 301, ROWS))),
    # LIMIT.
    Pair("limit", "SELECT * FROM {t} WHERE kind = 'open' ORDER BY at LIMIT 5", "limit", ("(at)", "(kind)"), "2"),
    # Another index.
    Pair("better", "SELECT * FROM {t} WHERE a = 5 AND at < '2026-01-05 00:00+00'", "better-index", ("(a)", "(a, at)"), "1"),
    # Small tables.
    Pair("small", "SELECT * FROM {t} WHERE a = 5", "small-table", ("(a)",), rows=3),
    Pair("small_named", "SELECT * FROM {t} WHERE email = 'user5@example.org'", "small-table", ("(email)",), "1", rows=60),
    # Columns that depend on each other.
    Pair("dependent", "SELECT * FROM {t} WHERE c = 1 AND d = 0 ORDER BY id LIMIT 10", "correlated-columns", ("(c, d)",), "1"),
    # Costs.
    Pair("dear_pages", "SELECT * FROM {t} WHERE a = 5", "cost-settings", ("(a)",), settings=(("random_page_cost", "60"),)),
    Pair("scattered", "SELECT * FROM {t} ORDER BY a", "scattered-rows", ("(a)",), "1",
         settings=(("work_mem", "64MB"),)),
    Pair("scattered_range", "SELECT * FROM {t} WHERE a > 10 ORDER BY a", "scattered-rows", ("(a)",),
         settings=(("work_mem", "64MB"),)),
    Pair("many_equal", "SELECT * FROM {t} WHERE kind = 'paid'", "low-selectivity", ("(kind)",)),
    Pair("many_range", "SELECT * FROM {t} WHERE at > '2026-01-02 00:00+00'", "low-selectivity", ("(at)",)),
    Pair("many_flag", "SELECT * FROM {t} WHERE flag = false", "low-selectivity", ("(flag)",), "1"),
    # The wrong tool.
    Pair("deep_offset", "SELECT * FROM {t} ORDER BY id LIMIT 10 OFFSET 15000", "", hint="deep-offset"),
)  # fmt: skip
