"""The search path of a run: closed for our own queries, the application's own where an index definition needs it."""

from __future__ import annotations

import pytest

from indexical.apply.build import apply_sql, create_statement, drop_statement
from indexical.apply.journal import identity, read_run
from indexical.apply.preflight import check
from indexical.apply.resume import resume
from indexical.apply.undo import plan_undo
from indexical.catalog import snapshot
from indexical.model import Applied, Index, Key, Skipping
from indexical.pg.indexes import existing_indexes
from indexical.pg.session import connect
from indexical.usage import sample
from tests.security.test_roles import TROJANS, USER

CLEANED = Index("public", "orders", (Key(expression="cleaned(note)"),))
# What a query of ours would find before PostgreSQL's own once a schema of others comes first: equal types, so always chosen.
SAME_TYPES = (
    "CREATE FUNCTION evil.same_name(name, name) RETURNS bool LANGUAGE sql AS 'SELECT evil.hit() = 1'",
    "CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = name, FUNCTION = evil.same_name)",
    "CREATE FUNCTION evil.same_text(text, text) RETURNS bool LANGUAGE sql AS 'SELECT evil.hit() = 1'",
    "CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.same_text)",
    "CREATE FUNCTION evil.same_oid(oid, oid) RETURNS bool LANGUAGE sql AS 'SELECT evil.hit() = 1'",
    "CREATE OPERATOR evil.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.same_oid)",
    'CREATE FUNCTION evil.same_char("char", "char") RETURNS bool LANGUAGE sql AS \'SELECT evil.hit() = 1\'',
    'CREATE OPERATOR evil.= (LEFTARG = "char", RIGHTARG = "char", FUNCTION = evil.same_char)',
)


def trojans(shop) -> None:
    shop.run("CREATE ROLE mallory")
    shop.run(*TROJANS, *SAME_TYPES)
    shop.run(f"ALTER DATABASE {shop.database} SET search_path = evil, public, pg_catalog")


def nothing_gained(shop) -> None:
    assert shop.value("SELECT count(*) OPERATOR(pg_catalog.=) 0 FROM evil.hits") is True
    assert shop.value("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname::text LIKE 'mallory'") is False


@pytest.mark.security("S8")
def test_nothing_of_a_whole_run_and_its_way_back_meets_the_trojan(shop, tmp_path):
    shop.run("CREATE INDEX old_idx ON public.orders (status)")
    trojans(shop)
    journal, back = tmp_path / "run.jsonl", tmp_path / "back.jsonl"
    with connect(shop.url()) as session:
        (old,) = [each for each in existing_indexes(session) if each.name == "old_idx"]
        check(session, [("orders_user_idx", USER)], [old])
    plan = [create_statement("orders_user_idx", USER), drop_statement(old)]
    outcomes = apply_sql(shop.open, plan, journal=journal)
    assert [type(each) for each in outcomes] == [Applied, Applied]
    resume(journal, shop.open)
    with connect(shop.url()) as session:
        undo = plan_undo(session, read_run(journal))
    outcomes = apply_sql(shop.open, undo.statements, journal=back, verb="rollback", own_way=undo.own_way)
    assert [type(each) for each in outcomes] == [Applied, Applied], outcomes
    nothing_gained(shop)


@pytest.mark.security("S8")
def test_nothing_that_looks_meets_the_trojan(shop):
    trojans(shop)
    with connect(shop.url()) as session:
        identity(session)
        sample(session)
        catalog = snapshot(session)
        # The path itself is what it was, for statements of the application.
        assert session.rows("SHOW search_path")[0]["search_path"].startswith("evil")
    assert dict(catalog.settings)["search_path"] == '"evil", "public", "pg_catalog"'
    nothing_gained(shop)


@pytest.mark.security("S8")
def test_a_function_that_only_the_applications_path_finds_is_built_found_again_and_checked(shop):
    shop.run(
        "CREATE FUNCTION public.cleaned(text) RETURNS text IMMUTABLE LANGUAGE sql AS "
        "'SELECT pg_catalog.lower($1)'"
    )
    with connect(shop.url()) as session:
        assert [each for each in check(session, [("clean_idx", CLEANED)]) if each.severity == "refuse"] == []
    (outcome,) = apply_sql(shop.open, [create_statement("clean_idx", CLEANED)])
    assert isinstance(outcome, Applied), outcome
    (outcome,) = apply_sql(shop.open, [create_statement("clean_idx", CLEANED)])
    assert isinstance(outcome, Skipping)
    assert "(cleaned(note))" in str(shop.value("SELECT pg_get_indexdef('public.clean_idx'::regclass)"))


@pytest.mark.security("S8")
def test_one_that_changes_is_still_found_by_its_bare_name(shop):
    shop.run("CREATE FUNCTION public.cleaned(text) RETURNS text VOLATILE LANGUAGE sql AS 'SELECT $1'")
    with connect(shop.url()) as session:
        found = check(session, [("clean_idx", CLEANED)])
    assert any(each.severity == "refuse" and "cleaned" in each.text for each in found), found


@pytest.mark.security("S8")
def test_what_pg_catalog_has_is_never_taken_from_the_applications_path(shop):
    shop.run(
        "CREATE FUNCTION public.lower(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1'",
        f"ALTER DATABASE {shop.database} SET search_path = public, pg_catalog",
    )
    lower = Index("public", "orders", (Key(expression="lower(note)"),), predicate="status = 'PAID'")
    (outcome,) = apply_sql(shop.open, [create_statement("lower_idx", lower)])
    assert isinstance(outcome, Applied), outcome
    shop.run(f"ALTER DATABASE {shop.database} RESET search_path")
    assert "public.lower" not in str(shop.value("SELECT pg_get_indexdef('public.lower_idx'::regclass)"))


@pytest.mark.security("S8")
def test_operator_classes_of_extensions_are_found_by_their_bare_names(shop):
    if not shop.value("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'"):
        pytest.skip("not proven: pg_trgm is not installed with this server")
    shop.run("CREATE EXTENSION pg_trgm")
    for name, opclass in (("bare", "gin_trgm_ops"), ("whole", "public.gin_trgm_ops")):
        trigrams = Index("public", "orders", (Key("note", opclass=opclass),), method="gin")
        (outcome,) = apply_sql(shop.open, [create_statement(f"trigrams_{name}_idx", trigrams)])
        assert isinstance(outcome, Applied | Skipping), outcome
    similar = Index("public", "orders", (Key("id"),), predicate="similarity(note, 'canary') > 0.5")
    (outcome,) = apply_sql(shop.open, [create_statement("similar_idx", similar)])
    assert isinstance(outcome, Applied), outcome


def test_a_path_that_was_closed_for_a_while_is_as_it_was(shop):
    with shop.open() as session:
        session.set("search_path", 'public, "$user"')
        with session.closed_path(), session.closed_path():
            assert session.rows("SHOW search_path")[0]["search_path"] == ""
            with session.own_path_after_ours():
                assert session.rows("SHOW search_path")[0]["search_path"] == 'pg_catalog, public, "$user"'
            assert session.rows("SHOW search_path")[0]["search_path"] == ""
        assert session.rows("SHOW search_path")[0]["search_path"] == 'public, "$user"'
