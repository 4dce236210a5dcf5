"""`apply` at the Django door when something is in the way: a named refusal, nothing changed, and a remedy that works."""

from __future__ import annotations

import re
import time

import psycopg
import pytest
from tests.django.walked import INDEXES, WAITING, Walk

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(900)]

INVALID = "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid"


def leave_invalid(walk: Walk, name: str) -> None:
    """A build that ends half-way, as a duplicate value ends it."""
    with pytest.raises(psycopg.errors.UniqueViolation):
        walk.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON accounts_useractivitylog (activity_type)")
    assert walk.rows(INVALID) == [(name,)]


def remedy(line: str) -> str:
    """The statement that a refusal says to run."""
    match = re.search(r"run: (.+?); then run this again", line)
    assert match, line
    return match[1]


def some_index(walk: Walk, table: str) -> str:
    return min(item["name"] for item in walk.advised()["create"] if item["table"] == table)


def test_an_invalid_leftover_is_refused_by_name_and_its_remedy_works(written: Walk) -> None:
    name = some_index(written, "public.invitations_order")
    leave_invalid(written, name)
    before = written.catalog()
    line = written.refused_at_last("apply", code=3)
    assert f"public.{name}" in line
    assert "INVALID" in line
    assert remedy(line) == f"DROP INDEX CONCURRENTLY public.{name}"
    assert written.catalog() == before
    written.execute(remedy(line))
    written.indexes("apply")
    assert written.rows(INVALID) == []


def test_several_refusals_are_listed_and_nothing_is_changed(written: Walk) -> None:
    names = sorted(
        item["name"] for item in written.advised()["create"] if item["table"] == "public.invitations_order"
    )
    for name in names[:2]:
        with pytest.raises(psycopg.errors.UniqueViolation):
            written.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON invitations_order (status)")
    before = written.catalog()
    done = written.indexes("apply", code=3)
    assert written.catalog() == before
    *listed, last = done.stderr.splitlines()
    refused = [line.split(":")[0] for line in listed if line.startswith("refuse")]
    assert refused == [f"refuse P07 public.{name}" for name in names[:2]]
    assert last == "manage.py indexes: nothing was changed: see the 2 refusals above"


def test_a_look_ahead_shows_the_leftover_and_leaves_it(written: Walk) -> None:
    name = some_index(written, "public.accounts_useractivitylog")
    leave_invalid(written, name)
    before = written.catalog()
    done = written.indexes("apply", "--dry-run", code=3)
    assert f"refuse P07 public.{name}" in done.stderr
    assert written.catalog() == before


@pytest.mark.slow
def test_a_cancelled_build_is_reported_and_the_next_runs_go_on_from_there(written: Walk) -> None:
    prior = set(written.definitions())
    with psycopg.connect(written.url) as old:
        old.execute("UPDATE invitations_order SET admin_notes = admin_notes")
        apply = written.start("indexes", "apply")
        written.wait_for_a_build(apply, WAITING.replace("SELECT 1", "SELECT pg_cancel_backend(pid)"))
        out, err = apply.communicate(timeout=240)
        old.rollback()
    assert apply.returncode == 1, out + err
    assert "it was cancelled" in " ".join(out.split())
    assert "Traceback" not in err
    ((left,),) = written.rows(INVALID)

    finished = [name for name in written.definitions() if name not in prior and name != left]
    assert finished, "something was built before"
    kept = {name: oid for name, _, _, oid in written.rows(INDEXES) if name in finished}
    line = written.refused_at_last("apply", code=3)
    assert f"public.{left}" in line
    written.execute(remedy(line))
    written.indexes("apply")
    assert written.rows(INVALID) == []
    now = {name: oid for name, _, _, oid in written.rows(INDEXES)}
    assert {name: now[name] for name in finished} == kept, "what was there was not built again"
    assert "Nothing to apply" in written.indexes("apply").stdout


def test_an_index_that_is_there_as_defined_is_taken_as_built(written: Walk) -> None:
    made = next(item for item in written.advised()["create"] if item["table"] == "public.invitations_order")
    written.execute(made["ddl"])
    oid = written.rows(f"SELECT '{made['name']}'::regclass::oid")
    done = written.indexes("apply")
    assert f"P06 public.{made['name']}" in done.stderr
    assert written.rows(f"SELECT '{made['name']}'::regclass::oid") == oid
    assert {item["name"] for item in written.advised()["create"]} <= set(written.definitions())


def test_another_index_under_an_advised_name_is_refused(written: Walk) -> None:
    name = some_index(written, "public.invitations_order")
    written.execute(f"CREATE INDEX {name} ON invitations_order (payment_method)")
    before = written.catalog()
    line = written.refused_at_last("apply", code=3)
    assert f"public.{name}: an index with another definition bears this name" in line
    assert written.catalog() == before


def test_an_equal_index_under_another_name_is_refused_until_it_is_renamed(written: Walk) -> None:
    made = next(item for item in written.advised()["create"] if item["table"] == "public.invitations_order")
    written.execute(made["ddl"].replace(f"INDEX {made['name']} ", "INDEX made_by_hand "))
    line = written.refused_at_last("apply", code=3)
    assert f"public.made_by_hand: is the same index as {made['name']}" in line
    assert "ALTER INDEX" in line
    written.execute(f"ALTER INDEX made_by_hand RENAME TO {made['name']}")
    written.indexes("apply")
    assert made["name"] in written.definitions()


def test_a_pending_migration_that_does_more_is_named_and_nothing_is_applied(written: Walk) -> None:
    written.manage("migrate", "accounts", "0003", "--verbosity", "0")
    before = written.catalog()
    line = written.refused("apply", code=2)
    assert "accounts.0004_user_payment_verified" in line
    assert line.endswith("run: manage.py migrate accounts 0004_user_payment_verified")
    assert written.catalog() == before


def test_a_migration_with_a_blocking_build_is_left_to_migrate(unwritten: Walk) -> None:
    (unwritten.folder / "apps/invitations/migrations/0002_plain.py").write_text(
        "from django.db import migrations, models\n\n\n"
        "class Migration(migrations.Migration):\n"
        '    dependencies = [("invitations", "0001_initial")]\n'
        '    operations = [migrations.AddIndex("order", models.Index(fields=["expires_at"], name="plain_idx"))]\n'
    )
    before = unwritten.catalog()
    assert "Nothing to apply" in unwritten.indexes("apply").stdout
    assert unwritten.catalog() == before


@pytest.mark.parametrize("option", [("--name", "some_idx"), ("--phase", "critical"), ("--only", "drop")])
def test_choosing_from_no_advice_is_refused_before_everything_is_applied(
    walk_written: Walk, option: tuple[str, str]
) -> None:
    before = walk_written.catalog()
    assert "give --advice FILE" in walk_written.refused("apply", *option, code=2)
    assert walk_written.catalog() == before


def test_an_interrupt_ends_with_130_and_one_line(written: Walk) -> None:
    with psycopg.connect(written.url) as old:
        old.execute("UPDATE invitations_order SET admin_notes = admin_notes")
        apply = written.start("indexes", "apply")
        written.wait_for_a_build(apply)
        apply.send_signal(2)
        _, err = apply.communicate(timeout=240)
        old.rollback()
    assert apply.returncode == 130
    assert err.splitlines()[-1] == "manage.py indexes: interrupted"
    assert "Traceback" not in err
    deadline = time.monotonic() + 60
    while written.rows("SELECT 1 FROM pg_stat_progress_create_index WHERE datname = current_database()"):
        assert time.monotonic() < deadline, "the server still builds"
        time.sleep(0.1)
