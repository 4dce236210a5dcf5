"""`rollback` at the Django door: back over the run's own migrations, and over no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.django.walked import Walk

pytestmark = pytest.mark.postgres

LATER = """from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("APP", "NAME")]
    operations = [migrations.RunSQL("SELECT 1", "SELECT 1")]
"""


def applied(walk: Walk) -> dict[str, object]:
    """The pending index migrations carried out; what ``apply`` said as JSON."""
    return json.loads(walk.indexes("apply", "--format", "json").stdout)


def recorded(walk: Walk) -> set[tuple[str, str]]:
    return {(app, name) for app, name in walk.rows("SELECT app, name FROM django_migrations")}


def written_migration(walk: Walk) -> tuple[str, str]:
    """App and name of the first migration that was written."""
    app, path = walk.migrations()[0]
    return app, path.stem


def test_apply_and_rollback_leave_indexes_columns_rows_and_history_as_they_were(written: Walk) -> None:
    before = (written.definitions(), written.columns(), recorded(written))
    rows = written.checksums()
    done = applied(written)
    assert written.definitions() != before[0]
    out = written.indexes("rollback").stdout
    assert f"Taking back run {done['run']} (apply" in out
    assert (written.definitions(), written.columns(), recorded(written)) == before
    assert written.checksums() == rows
    # The files are the project's; the next apply carries them out again.
    assert applied(written)["outcomes"]


def test_the_rollback_is_a_run_with_a_journal_of_its_own(written: Walk) -> None:
    done = applied(written)
    back = json.loads(written.indexes("rollback", "--format", "json").stdout)
    assert back["undoes"] == done["run"]
    assert {outcome["kind"] for outcome in back["outcomes"]} == {"applied"}
    journal = [json.loads(line) for line in (written.folder / back["journal"]).read_text().splitlines()]
    assert (journal[0]["verb"], journal[0]["undoes"]) == ("rollback", done["run"])
    assert {line["event"] for line in journal} >= {"begin", "before", "after", "end"}


def test_a_second_rollback_changes_nothing(written: Walk) -> None:
    applied(written)
    written.indexes("rollback")
    before = written.catalog()
    again = json.loads(written.indexes("rollback", "--format", "json").stdout)
    assert {outcome["kind"] for outcome in again["outcomes"]} == {"skipped"}
    assert written.catalog() == before


def test_a_dry_run_changes_nothing(written: Walk) -> None:
    applied(written)
    before = written.catalog()
    assert "DROP INDEX CONCURRENTLY" in written.indexes("rollback", "--dry-run").stdout
    assert written.catalog() == before


def test_a_later_migration_that_depends_on_ours_is_named_and_nothing_goes_back(written: Walk) -> None:
    applied(written)
    app, name = written_migration(written)
    number = int(name[:4]) + 50
    text = LATER.replace("APP", app).replace("NAME", name)
    path = written.folder / "apps" / app / "migrations" / f"00{number}_later.py"
    path.write_text(text)
    written.manage("migrate", app, "--verbosity", "0")
    before = written.catalog()
    line = written.indexes("rollback", code=2).stderr.splitlines()[-1]
    assert f"{app}.00{number}_later" in line
    assert "nothing was taken back" in line
    assert written.catalog() == before


def test_a_migration_whose_index_was_there_before_does_not_go_back(written: Walk) -> None:
    made = next(item for item in written.advised()["create"])
    written.execute(made["ddl"])
    applied(written)
    before = written.catalog()
    line = written.indexes("rollback", code=2).stderr.splitlines()[-1]
    assert f"its index {made['name']} was there before the run" in line
    assert written.catalog() == before


def test_a_migration_that_was_taken_back_by_hand_is_left(written: Walk) -> None:
    applied(written)
    app, name = written_migration(written)
    previous = max(
        path.stem for path in (written.folder / "apps" / app / "migrations").glob("0*.py") if path.stem < name
    )
    written.manage("migrate", app, previous, "--verbosity", "0")
    written.indexes("rollback")
    assert (app, name) not in recorded(written)
    assert not {item["name"] for item in written.advised()["create"]} & set(written.definitions())


def test_the_other_door_sends_to_this_one(written: Walk) -> None:
    done = applied(written)
    before = written.catalog()
    journal = Path(str(done["journal"]))
    process = written.start("indexes", "record", "--journal", str(journal), "--format", "json")
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert json.loads(out)["steps"][0]["migration"]
    from indexical.cli import main

    assert main(["rollback", written.url, "--journal", str(written.folder / journal)]) == 2
    assert written.catalog() == before


def test_one_step_of_a_migration_does_not_go_back_alone(written: Walk) -> None:
    done = applied(written)
    journal = (written.folder / str(done["journal"])).read_text().splitlines()[0]
    plan = json.loads(journal)["plan"]
    several = [step["migration"] for step in plan]
    step = next(each for each in plan if several.count(each["migration"]) > 1)
    before = written.catalog()
    line = written.indexes("rollback", "--step", step["id"], code=2).stderr.splitlines()[-1]
    assert "goes back whole" in line
    assert written.catalog() == before
