"""Indexes of every kind as declarations, each proved by building both on PostgreSQL."""

from __future__ import annotations

import psycopg
import pytest
from tests.django.shop_fixtures import shop_fixture, shop_made_fixture  # noqa: F401
from tests.django.shop_project import Shop

pytestmark = pytest.mark.postgres

DECLARED = {
    # Expressions
    "(UPPER(status::text))": 'Upper("status")',
    "(lower((status)::text), cents DESC)": 'Lower("status"), models.F("cents").desc()',
    "(length(note))": 'Length("note")',
    "(abs(cents), status)": 'Abs("cents"), "status"',
    "((cents + 1))": 'models.F("cents") + 1',
    "(((cents + id) * 2))": '(models.F("cents") + models.F("id")) * 2',
    "((cents % 10) DESC)": '(models.F("cents") % 10).desc()',
    "(((created_at AT TIME ZONE 'America/Chicago')::date))": 'TruncDate("created_at")',
    "(date_trunc('month', created_at AT TIME ZONE 'America/Chicago'))": 'TruncMonth("created_at")',
    "(EXTRACT(isodow FROM day))": 'ExtractIsoWeekDay("day")',
    "((EXTRACT(year FROM day)), (EXTRACT(week FROM day)))": 'ExtractYear("day"), ExtractWeek("day")',
    "((cents::text))": 'Cast("cents", models.TextField())',
    "((price::numeric(7,1)))": 'Cast("price", models.DecimalField(max_digits=7, decimal_places=1))',
    "(COALESCE(price, 0))": 'Coalesce("price", models.Value(0))',
    "(GREATEST(cents, 5))": 'Greatest("cents", models.Value(5))',
    "(btrim(note))": 'Trim("note")',
    "(TRIM(note))": 'Trim("note")',
    "(substring(note, 1, 3))": 'Substr("note", 1, 3)',
    "(to_tsvector('english', note))": 'models.Func(models.Value("english"), "note", function="TO_TSVECTOR")',
    "(left(note, 3) text_pattern_ops)": 'OpClass(Left("note", 3), name="text_pattern_ops")',
    "(replace(note, 'a', ''))": 'Replace("note", models.Value("a"), models.Value(""))',
    # Collations and operator classes
    '(status COLLATE "C")': 'Collate("status", "C")',
    '((status COLLATE "C") DESC)': 'Collate("status", "C").desc()',
    '(lower(status::text) COLLATE "C" text_pattern_ops)': 'OpClass(Collate(Lower("status"), "C"), name="text_pattern_ops")',
    "(status varchar_pattern_ops, cents)": 'fields=["status", "cents"], opclasses=["varchar_pattern_ops", ""]',
    "(status varchar_pattern_ops DESC)": 'fields=["-status"], opclasses=["varchar_pattern_ops"]',
    "(note public.gist_trgm_ops (siglen='32'))": 'fields=["note"], opclasses=["gist_trgm_ops(siglen=32)"]',
    # Order of NULLs
    "(cents DESC NULLS LAST, price NULLS FIRST)": (
        'models.F("cents").desc(nulls_last=True), models.F("price").asc(nulls_first=True)'
    ),
    "(cents, created_at DESC) INCLUDE (status, client)": 'fields=["cents", "-created_at"], include=["status", "customer"]',
    # Conditions
    "(cents) WHERE paid OR cents > 5": 'condition=models.Q(cents__gt=5) | models.Q(paid=True)',
    "(cents) WHERE NOT paid AND (status = 'NEW' OR price IS NULL)": (
        'condition=models.Q(paid=False) & (models.Q(price__isnull=True) | models.Q(status="NEW"))'
    ),
    "(cents) WHERE (paid AND cents > 1) OR status = 'NEW'": (
        'condition=models.Q(status="NEW") | models.Q(cents__gt=1, paid=True)'
    ),
    "(cents) WHERE NOT (paid AND status = 'NEW')": 'condition=~models.Q(paid=True, status="NEW")',
    "(cents) WHERE NOT (paid OR status = 'NEW')": 'condition=~(models.Q(paid=True) | models.Q(status="NEW"))',
    "(cents) WHERE status <> 'NEW' AND status <> 'PAID'": 'condition=~models.Q(status="NEW") & ~models.Q(status="PAID")',
    "(cents) WHERE status NOT IN ('NEW', 'PAID')": 'condition=~models.Q(status__in=["NEW", "PAID"])',
    "(cents) WHERE NOT (price = 5 AND price IS NOT NULL)": 'condition=~models.Q(price="5")',
    "(cents) WHERE cents BETWEEN 5 AND 9": "condition=models.Q(cents__gte=5, cents__lte=9)",
    "(cents) WHERE status LIKE 'NE%'": 'condition=models.Q(status__startswith="NE")',
    "(cents) WHERE status LIKE '%E\\_W'": 'condition=models.Q(status__endswith="E_W")',
    "(cents) WHERE created_at > '2024-01-01 00:00:00+00'::timestamptz": (
        'condition=models.Q(created_at__gt="2024-01-01 00:00:00+00:00")'
    ),
    "(cents) WHERE day >= '2024-01-01'::date": 'condition=models.Q(day__gte="2024-01-01")',
    "(cents) WHERE id > cents": 'condition=models.Q(id__gt=models.F("cents"))',
    "(cents) WHERE id = cents": 'condition=models.Q(id__exact=models.F("cents"))',
}  # fmt: skip
METHODS = {
    "gin (note gin_trgm_ops)": 'GinIndex(fields=["note"], opclasses=["gin_trgm_ops"]',
    "gin (UPPER(note) public.gin_trgm_ops)": 'GinIndex(OpClass(Upper("note"), name="gin_trgm_ops")',
    "gin (to_tsvector('english'::regconfig, COALESCE(note, '')))": 'GinIndex(SearchVector("note", config="english")',
    "gin (to_tsvector('simple'::regconfig, COALESCE(note, '') || ' ' || COALESCE(status, '')))": (
        'GinIndex(SearchVector("note", "status", config="simple")'
    ),
    "gist (note gist_trgm_ops)": 'GistIndex(fields=["note"], opclasses=["gist_trgm_ops"]',
    "spgist (note)": 'SpGistIndex(fields=["note"]',
    "hash (number)": 'HashIndex(fields=["number"]',
    "brin (created_at) WITH (pages_per_range='32', autosummarize='on')": (
        'BrinIndex(fields=["created_at"], autosummarize=True, pages_per_range=32'
    ),
    "gin (note gin_trgm_ops) WITH (fastupdate=off)": (
        'GinIndex(fields=["note"], opclasses=["gin_trgm_ops"], fastupdate=False'
    ),
    "btree (cents) WITH (fillfactor='70')": 'BTreeIndex(fields=["cents"], fillfactor=70',
    "brin (cents) WHERE paid": 'BrinIndex(fields=["cents"], condition=models.Q(paid=True)',
}  # fmt: skip
REFUSED = {
    "(to_tsvector(status::regconfig, note))": "no certain field for the cast to REGCONFIG",
    "((cents > 5))": "no certain expression",
    "(((created_at AT TIME ZONE 'UTC')::date))": "which is not the project's TIME_ZONE",
    '(status COLLATE "en_US.utf8")': "does not take the name",
    "(cents) WHERE status LIKE 'N_W'": "Q() does not say",
    "(cents) WHERE status LIKE 'NEW'": "Q() does not say",
    "(cents) WHERE status ~ '^N'": "Q() does not say",
    "(cents) WHERE created_at > '2024-01-01 00:00:00'": "write the condition by hand",
    "(cents) WHERE price <> 5": "for which Django adds IS NOT NULL",
    "(cents) WHERE lower(status) = 'new'": "which is no field of",
    "(cents) WITH (deduplicate_items=off, vacuum_cleanup_index_scale_factor=1)": "",
}


@pytest.fixture(name="trigrams")
def trigrams_fixture(shop: Shop) -> Shop:
    with psycopg.connect(shop.url) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
    return shop


def test_every_kind_of_index_is_declared_and_built_as_asked(trigrams: Shop) -> None:
    asked = [_statement(f"USING gist {keys}" if "gist_" in keys else keys) for keys in DECLARED]
    asked += [_statement(f"USING {keys}") for keys in METHODS]
    answers = trigrams.emit(declare=asked)["declared"]
    with psycopg.connect(trigrams.url) as connection:
        for sql, text, (declaration, compiled) in zip(
            asked, [*DECLARED.values(), *METHODS.values()], answers, strict=True
        ):
            assert text in declaration, (sql, compiled)
            assert _built(connection, compiled) == _built(connection, sql), sql


def test_what_django_cannot_say_is_not_declared(trigrams: Shop) -> None:
    answers = trigrams.emit(declare=[_statement(keys) for keys in REFUSED])["declared"]
    for (keys, reason), (declaration, said) in zip(REFUSED.items(), answers, strict=True):
        assert declaration == "", keys
        assert reason in said, keys


def _statement(keys: str) -> str:
    return f"CREATE INDEX a ON shop_order {keys}"


def _built(connection: psycopg.Connection, statement: str) -> str:
    """What PostgreSQL makes of it, after its own simplifications; names of functions and casts as it prints them."""
    with connection.transaction(force_rollback=True):
        connection.execute(statement)  # type: ignore[call-overload]
        row = connection.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'a'").fetchone()
    assert row is not None
    from indexical.django.compiled import read_index, read_options

    return str((read_index(row[0]), read_options(row[0])))
