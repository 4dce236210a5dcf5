"""A run and the way back: what it built goes, what it dropped comes back as it was, everything else stays."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.postgres.change.conftest import Database

from indexical.apply.build import apply_sql, create_statement, drop_statement
from indexical.apply.journal import new_run, read_run
from indexical.apply.undo import plan_undo
from indexical.errors import InputError
from indexical.model import Applied, DdlStatement, Failed, Index, Key, Outcome, RunRecord, Skipping
from indexical.model.run import RunStep

pytestmark = pytest.mark.postgres

USER = Index("public", "orders", (Key.asc("user_id"), Key.desc("created_at")))
CLEAN = Index("public", "orders", (Key(expression="lower(note)"),))


@dataclass(slots=True)
class Runs:
    """Runs on one database, each with its journal."""

    database: Database
    folder: Path
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def apply(self, *statements: DdlStatement) -> RunRecord:
        path = self.folder / f"{next(self.numbers)}.jsonl"
        apply_sql(self.database.open, statements, journal=path, run=new_run())
        return read_run(path)

    def back(
        self, record: RunRecord, *, steps: Collection[str] = (), earlier: Sequence[RunRecord] = ()
    ) -> tuple[Outcome, ...]:
        path = self.folder / f"{next(self.numbers)}.jsonl"
        with self.database.open() as session:
            undo = plan_undo(session, record, steps=steps, earlier=earlier)
        outcomes = apply_sql(
            self.database.open,
            undo.statements,
            journal=path,
            verb="rollback",
            undoes=record.run,
            own_way=undo.own_way,
        )
        return (*outcomes, *undo.kept)

    def drop(self, name: str) -> DdlStatement:
        return drop_statement(self.database.indexes("orders")[name])


@pytest.fixture(name="runs")
def runs_fixture(orders: Database, tmp_path: Path) -> Runs:
    orders.run(
        "CREATE INDEX by_total ON public.orders (total) WITH (fillfactor=60)",
        "COMMENT ON INDEX public.by_total IS 'asked for by accounts'",
        "CREATE INDEX by_note ON public.orders (upper(note))",
        "ALTER INDEX public.by_note ALTER COLUMN 1 SET STATISTICS 250",
        "ANALYZE public.orders",
    )
    return Runs(orders, tmp_path)


def fingerprint(database: Database) -> tuple[object, ...]:
    """Everything about the table's indexes that has a name in the catalog but their oids and counters, and the rows' hash."""
    with database.open() as session:
        indexes = session.rows(
            "SELECT c.relname, c.relkind, c.reloptions, c.reltablespace, i.indisvalid, i.indisunique, i.indisclustered, "
            "i.indisreplident, pg_get_indexdef(c.oid) AS definition, obj_description(c.oid) AS comment, "
            "(SELECT json_agg(a.attstattarget ORDER BY a.attnum)::text FROM pg_attribute a WHERE a.attrelid = c.oid) AS targets "
            "FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "WHERE i.indrelid = 'public.orders'::regclass ORDER BY c.relname"
        )
        others = session.rows(
            "SELECT c.oid::bigint, c.relname, c.relfilenode::bigint FROM pg_class c WHERE c.relnamespace = "
            "'public'::regnamespace AND c.relkind NOT IN ('i', 'I') ORDER BY 1"
        )
        rows = session.rows(
            "SELECT md5(string_agg(o::text, ',' ORDER BY id)) AS hash, count(*) FROM public.orders o"
        )
    return (repr(indexes), repr(others), repr(rows))


def kinds(outcomes: Sequence[Outcome]) -> dict[str, type[Outcome]]:
    return {outcome.id: type(outcome) for outcome in outcomes}


def test_a_run_taken_back_leaves_the_database_as_it_was(runs: Runs) -> None:
    before = fingerprint(runs.database)
    record = runs.apply(
        create_statement("o_user", USER),
        create_statement("o_clean", CLEAN),
        runs.drop("by_total"),
        runs.drop("by_note"),
    )
    assert sorted(runs.database.indexes("orders")) == ["o_clean", "o_user", "orders_pkey"]
    outcomes = runs.back(record)
    assert set(kinds(outcomes).values()) == {Applied}
    assert len(outcomes) == 4
    assert fingerprint(runs.database) == before


def test_a_second_rollback_changes_nothing(runs: Runs) -> None:
    record = runs.apply(create_statement("o_user", USER), runs.drop("by_total"))
    runs.back(record)
    oids = {name: index.oid for name, index in runs.database.indexes("orders").items()}
    again = runs.back(record)
    assert set(kinds(again).values()) == {Skipping}
    assert {name: index.oid for name, index in runs.database.indexes("orders").items()} == oids


def test_a_rollback_taken_back_is_the_run_again(runs: Runs) -> None:
    record = runs.apply(create_statement("o_user", USER), runs.drop("by_total"))
    applied = fingerprint(runs.database)
    runs.back(record)
    rollback = read_run(sorted(runs.folder.glob("*.jsonl"))[-1])
    assert (rollback.verb, rollback.undoes, rollback.finished) == ("rollback", record.run, True)
    runs.back(rollback)
    assert fingerprint(runs.database) == applied


def test_an_index_that_the_run_found_there_stays(runs: Runs) -> None:
    runs.database.run("CREATE INDEX o_user ON public.orders (user_id, created_at DESC)")
    oid = runs.database.indexes("orders")["o_user"].oid
    record = runs.apply(create_statement("o_user", USER))
    (outcome,) = runs.back(record)
    assert isinstance(outcome, Skipping)
    assert runs.database.indexes("orders")["o_user"].oid == oid


def test_an_index_made_anew_by_somebody_else_stays(runs: Runs) -> None:
    record = runs.apply(create_statement("o_user", USER))
    runs.database.run("DROP INDEX o_user", "CREATE INDEX o_user ON public.orders (user_id, created_at DESC)")
    (outcome,) = runs.back(record)
    assert isinstance(outcome, Failed)
    assert outcome.code == "CHANGED"
    assert "o_user" in runs.database.indexes("orders")


def test_an_index_that_somebody_has_renamed_stays(runs: Runs) -> None:
    record = runs.apply(create_statement("o_user", USER))
    runs.database.run("ALTER INDEX o_user RENAME TO kept_by_hand")
    (outcome,) = runs.back(record)
    assert isinstance(outcome, Failed)
    assert (outcome.code, "public.kept_by_hand" in outcome.error) == ("CHANGED", True)
    assert "kept_by_hand" in runs.database.indexes("orders")


def test_an_index_that_a_constraint_took_over_stays(runs: Runs) -> None:
    record = runs.apply(
        create_statement("o_key", Index("public", "orders", (Key.asc("id"), Key.asc("user_id")), unique=True))
    )
    runs.database.run("ALTER TABLE public.orders ADD CONSTRAINT o_key UNIQUE USING INDEX o_key")
    (outcome,) = runs.back(record)
    assert isinstance(outcome, Failed)
    assert outcome.code == "NEEDED"
    assert runs.database.indexes("orders")["o_key"].constraint == "unique"


def test_a_unique_index_that_the_run_built_goes_again(runs: Runs) -> None:
    record = runs.apply(
        create_statement("o_key", Index("public", "orders", (Key.asc("id"), Key.asc("user_id")), unique=True))
    )
    (outcome,) = runs.back(record)
    assert isinstance(outcome, Applied)
    assert "o_key" not in runs.database.indexes("orders")


def test_the_new_index_stays_while_the_old_one_cannot_come_back(runs: Runs) -> None:
    record = runs.apply(create_statement("o_user", USER), runs.drop("by_total"))
    runs.database.run("CREATE INDEX by_total ON public.orders (status)")
    outcomes = {outcome.id: outcome for outcome in runs.back(record)}
    assert isinstance(outcomes["undo:drop:public.by_total"], Failed)
    assert isinstance(outcomes["undo:create:public.o_user"], Skipping)
    assert "o_user" in runs.database.indexes("orders")


def test_what_is_gone_already_is_left_gone(runs: Runs) -> None:
    record = runs.apply(create_statement("o_user", USER))
    runs.database.run("DROP INDEX o_user")
    (outcome,) = runs.back(record)
    assert isinstance(outcome, Skipping)
    assert "o_user" not in runs.database.indexes("orders")


def test_one_step_alone_is_taken_back(runs: Runs) -> None:
    record = runs.apply(create_statement("o_user", USER), runs.drop("by_total"))
    outcomes = runs.back(record, steps=["drop:public.by_total"])
    assert list(kinds(outcomes)) == ["undo:drop:public.by_total"]
    assert {"o_user", "by_total"} <= runs.database.indexes("orders").keys()


def test_a_step_that_the_run_does_not_have_is_refused(runs: Runs) -> None:
    record = runs.apply(create_statement("o_user", USER))
    with pytest.raises(InputError, match=r"has no step nothing; its steps are: create:public\.o_user"):
        runs.back(record, steps=["nothing"])
    assert "o_user" in runs.database.indexes("orders")


def test_a_name_that_was_given_away_is_not_taken_back(runs: Runs) -> None:
    record = runs.apply(runs.drop("by_total"))
    runs.database.run("CREATE INDEX by_total ON public.orders (status)")
    (outcome,) = runs.back(record)
    assert isinstance(outcome, Failed)
    assert outcome.code == "NAME_TAKEN"
    assert "(status)" in runs.database.indexes("orders")["by_total"].definition


def test_an_index_that_somebody_brought_back_otherwise_is_told_and_left(runs: Runs) -> None:
    record = runs.apply(runs.drop("by_total"))
    runs.database.run("CREATE INDEX by_total ON public.orders (total)", "COMMENT ON INDEX by_total IS 'mine'")
    (outcome,) = runs.back(record)
    assert isinstance(outcome, Failed)
    assert outcome.code == "NOT_AS_BEFORE"
    assert "comment was asked for by accounts, is mine" in outcome.error
    assert runs.database.indexes("orders")["by_total"].comment == "mine"


def test_a_rollback_that_ended_between_index_and_comment_is_completed_by_the_next(runs: Runs) -> None:
    before = fingerprint(runs.database)
    record = runs.apply(runs.drop("by_total"))
    runs.back(record)
    half = read_run(sorted(runs.folder.glob("*.jsonl"))[-1])
    runs.database.run("COMMENT ON INDEX by_total IS NULL")
    (outcome,) = runs.back(record, earlier=[half])
    assert isinstance(outcome, Skipping)
    assert fingerprint(runs.database) == before


def test_a_journal_with_another_statement_in_it_does_not_get_it_run(runs: Runs, tmp_path: Path) -> None:
    runs.apply(create_statement("o_user", USER), runs.drop("by_total"))
    path = tmp_path / "edited.jsonl"
    text = (tmp_path / "0.jsonl").read_text()
    edited = text.replace("CREATE INDEX CONCURRENTLY by_total ON", "DROP TABLE public.orders; --").replace(
        "DROP INDEX CONCURRENTLY public.o_user", "DROP TABLE public.orders"
    )
    assert edited.count("DROP TABLE") >= 3
    path.write_text(edited)
    outcomes = runs.back(read_run(path))
    assert set(kinds(outcomes).values()) == {Applied}
    assert {"by_total", "orders_pkey"} == runs.database.indexes("orders").keys() - {"by_note"}


def test_an_index_rebuilt_by_a_later_run_is_still_the_runs_own(runs: Runs) -> None:
    from indexical.apply.reindex import reindex_statement

    record = runs.apply(create_statement("o_user", USER))
    built = runs.database.indexes("orders")["o_user"]
    runs.database.run("REINDEX INDEX CONCURRENTLY o_user")
    now = runs.database.indexes("orders")["o_user"].oid
    assert now != built.oid
    step = RunStep(reindex_statement(built), "applied", index_oid=now, there=built.oid)
    later = RunRecord("later", "maintain", "", record.target, steps=(step,))
    (outcome,) = runs.back(record, earlier=[later])
    assert isinstance(outcome, Applied)
    assert "o_user" not in runs.database.indexes("orders")


def test_a_step_that_was_never_begun_has_nothing_to_take_back(runs: Runs) -> None:
    record = runs.apply(create_statement("o_user", USER))
    planned = RunStep(create_statement("never", CLEAN))
    with runs.database.open() as session:
        undo = plan_undo(session, RunRecord(record.run, "apply", "", record.target, steps=(planned,)))
    assert undo.statements == ()
    assert [type(outcome) for outcome in undo.kept] == [Skipping]
