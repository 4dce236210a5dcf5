"""The roles of the documentation, made by the very SQL that stands there, on both versions."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from indexical.apply.build import apply_sql, create_statement
from indexical.apply.preflight import check
from indexical.catalog import snapshot
from indexical.model import Applied, Failed, Index, Key, Statement
from indexical.pg.explain import explain
from indexical.pg.session import connect

_DOCS = Path(__file__).parents[2] / "docs"
_READ_ONLY = "25006"
_NO_RIGHT = "42501"
USER = Index("public", "orders", (Key.asc("user_id"),))
AS_OWNER = {"options": "-c%20role%3Dshop_owner"}

FORBIDDEN = (
    "INSERT INTO public.orders VALUES (-1, 1, 'x', 'x')",
    "UPDATE public.orders SET user_id = 1",
    "DELETE FROM public.orders",
    "TRUNCATE public.orders",
    "CREATE TABLE public.mine (a int)",
    "CREATE TEMP TABLE mine (a int)",
    "CREATE INDEX mine ON public.orders (user_id)",
    "DROP INDEX public.orders_pkey",
    "ALTER TABLE public.orders ADD COLUMN mine int",
    "DROP TABLE public.canary",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE ROLE mine",
    "COMMENT ON TABLE public.orders IS 'mine'",
    "DO $$ BEGIN LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE; END $$",
    "COPY public.orders TO PROGRAM 'true'",
    "DROP EXTENSION plpgsql",
    "ALTER SYSTEM SET fsync = off",
    "REINDEX TABLE public.orders",
    "SELECT setval('public.numbers', 1)",
)


def recipe(page: str, which: str) -> list[str]:
    """The statements of an SQL block of the documentation, by its first line."""
    text = (_DOCS / page).read_text(encoding="utf-8")
    (block,) = [each for each in re.findall(r"```sql\n(.*?)```", text, re.DOTALL) if which in each]
    return [line.partition(";")[0] for line in block.splitlines() if line and not line.startswith("--")]


def make(shop, which: str) -> None:
    shop.run(
        *(
            line.replace("DATABASE shop ", f"DATABASE {shop.database} ")
            for line in recipe("security.md", which)
        )
    )


@pytest.mark.security("S6")
def test_the_role_that_reads_can_change_nothing(shop):
    shop.run("CREATE SEQUENCE public.numbers")
    make(shop, "the role that reads")
    for release in ((), ("SET default_transaction_read_only = off",)):
        for statement in FORBIDDEN:
            with psycopg.connect(shop.url("looker"), autocommit=True) as connection:
                for each in release:
                    connection.execute(each)
                if release and "TEMP" in statement:
                    # A table that goes with the session is everybody's right; nothing of it stays.
                    continue
                with pytest.raises(psycopg.Error) as caught:
                    connection.execute(statement)
                assert caught.value.sqlstate in {_READ_ONLY, _NO_RIGHT}, statement
    assert shop.value("SELECT count(*) FROM public.orders") == 20000


@pytest.mark.security("S6")
def test_the_role_that_reads_can_do_its_work(shop):
    make(shop, "the role that reads")
    with connect(shop.url("looker")) as session:
        catalog = snapshot(session)
        assert catalog.table("public", "orders").column("user_id").statistics is not None
        assert (
            explain(
                session, Statement(id="one", sql="SELECT id FROM public.orders WHERE user_id = 7"), ()
            ).cost
            > 0
        )


@pytest.mark.security("S6")
def test_both_pages_make_the_same_role():
    assert recipe("security.md", "the role that reads") == recipe("snapshot.md", "CREATE ROLE looker")


@pytest.mark.security("S7")
def test_the_role_that_changes_can_build_as_the_owner_and_do_nothing_without(shop):
    make(shop, "the role that changes")
    plain = apply_sql(lambda: shop.open("index_builder"), [create_statement("orders_user_idx", USER)])
    assert isinstance(plain[0], Failed)
    assert plain[0].code == "RIGHTS"
    asked = apply_sql(
        lambda: shop.open("index_builder", **AS_OWNER), [create_statement("orders_user_idx", USER)]
    )
    assert isinstance(asked[0], Applied), asked
    with shop.open("index_builder") as session:
        assert session.rows(
            "SELECT rolsuper OR rolinherit AS more FROM pg_roles WHERE rolname = current_user"
        ) == [{"more": False}]
        for statement in (
            "DROP INDEX public.orders_user_idx",
            "DROP TABLE public.canary",
            "CREATE ROLE mine",
        ):
            with pytest.raises(Exception) as caught:  # noqa: PT011
                session.execute(statement)
            assert caught.value.code == _NO_RIGHT


@pytest.mark.security("S7")
def test_a_superuser_is_told_so_and_refused_where_that_is_asked(shop):
    make(shop, "the role that changes")
    with connect(shop.url()) as session:
        told = {
            finding.code: finding.severity
            for finding in check(session, [("orders_user_idx", USER)], superuser="refuse")
        }
        assert told["P33"] == "refuse"
        assert "P33" in {finding.code for finding in check(session, [("orders_user_idx", USER)])}
    with connect(shop.url("index_builder", **AS_OWNER)) as session:
        found = check(session, [("orders_user_idx", USER)], superuser="refuse")
    assert "P33" not in {finding.code for finding in found}
    assert [finding for finding in found if finding.severity == "refuse"] == []
    assert [finding.message for finding in found if "open transactions" in finding.message] == []


_HIT = """
CREATE FUNCTION evil.hit() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO evil.hits VALUES (current_user);
  IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN ALTER ROLE mallory SUPERUSER; END IF;
  RETURN 1;
END $$"""
_TROJAN = """
CREATE FUNCTION evil.trojan(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
  IF current_user <> 'mallory' THEN PERFORM evil.hit(); END IF;
  RETURN $1;
END $$"""
TROJANS = (
    "CREATE SCHEMA evil AUTHORIZATION mallory",
    "GRANT USAGE, CREATE ON SCHEMA evil TO public",
    "SET ROLE mallory",
    "CREATE TABLE evil.hits (who text)",
    "GRANT ALL ON evil.hits TO public",
    _HIT,
    # What a careless catalog query would call or read instead of PostgreSQL's own.
    "CREATE FUNCTION evil.format_type(oid, int) RETURNS text LANGUAGE sql AS 'SELECT evil.hit()::text'",
    "CREATE FUNCTION evil.pg_get_indexdef(oid) RETURNS text LANGUAGE sql AS 'SELECT evil.hit()::text'",
    "CREATE FUNCTION evil.lower(varchar) RETURNS text LANGUAGE sql AS 'SELECT evil.hit()::text'",
    "CREATE FUNCTION evil.same(name, text) RETURNS bool LANGUAGE sql AS 'SELECT evil.hit() = 1'",
    "CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = text, FUNCTION = evil.same)",
    "CREATE VIEW evil.pg_class AS SELECT c.*, evil.hit() AS more FROM pg_catalog.pg_class c",
    "CREATE VIEW evil.pg_index AS SELECT i.*, evil.hit() AS more FROM pg_catalog.pg_index i",
    "CREATE VIEW evil.pg_stat_statements AS SELECT evil.hit() AS queryid, 'SELECT 1'::text AS query",
    # And in a table of its own, in an index expression that everybody who looks at the rows might run.
    _TROJAN,
    "CREATE TABLE evil.bait (a int)",
    "INSERT INTO evil.bait SELECT generate_series(1, 500)",
    "CREATE INDEX bait_idx ON evil.bait (evil.trojan(a))",
    "ANALYZE evil.bait",
)


@pytest.mark.security("S8")
def test_a_trojan_on_the_search_path_gains_nothing_from_whoever_reads(shop):
    shop.run("CREATE ROLE mallory")
    shop.run(*TROJANS)
    shop.run(f"ALTER DATABASE {shop.database} SET search_path = evil, public, pg_catalog")
    with connect(shop.url()) as session:
        assert session.rows("SELECT current_setting('search_path') AS path")[0]["path"].startswith("evil")
        catalog = snapshot(session)
        assert catalog.table("evil", "bait").indexes
        explain(session, Statement(id="one", sql="SELECT a FROM evil.bait WHERE evil.trojan(a) = 7"), ())
    assert shop.value("SELECT string_agg(DISTINCT who, ', ') FROM evil.hits") is None
    assert shop.value("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = 'mallory'") is False


@pytest.mark.security("S8")
def test_a_trojan_on_the_search_path_does_not_run_in_a_build(shop):
    shop.run("CREATE ROLE mallory")
    shop.run(*TROJANS)
    shop.run(f"ALTER DATABASE {shop.database} SET search_path = evil, public, pg_catalog")
    (outcome,) = apply_sql(lambda: shop.open(), [create_statement("orders_user_idx", USER)])
    assert isinstance(outcome, Applied)
    assert shop.value("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = 'mallory'") is False


@pytest.mark.security("S8")
def test_a_trojan_in_an_index_of_its_table_does_not_run_as_who_builds(shop):
    shop.run("CREATE ROLE mallory")
    shop.run(*TROJANS)
    bait = Index("evil", "bait", (Key(expression="evil.trojan(a)"), Key.asc("a")))
    (outcome,) = apply_sql(lambda: shop.open(), [create_statement("bait_two_idx", bait)])
    assert isinstance(outcome, Applied)
    assert shop.value("SELECT count(*) FROM evil.hits") == 0
    assert shop.value("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = 'mallory'") is False


@pytest.mark.security("S8")
def test_a_trojan_on_the_search_path_does_not_run_in_the_preflight(shop):
    shop.run("CREATE ROLE mallory")
    shop.run(*TROJANS)
    shop.run(f"ALTER DATABASE {shop.database} SET search_path = evil, public, pg_catalog")
    with connect(shop.url()) as session:
        check(session, [("orders_user_idx", USER)])


def test_the_trojan_would_bite_whoever_used_the_search_path(shop):
    shop.run("CREATE ROLE mallory")
    shop.run(*TROJANS)
    shop.run("SET search_path = evil, public, pg_catalog", "SELECT * FROM pg_class LIMIT 1")
    assert shop.value("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = 'mallory'") is True
