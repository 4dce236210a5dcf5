"""The whole walk at the Django door: advice, edited project, indexes in the database, and back again."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import psycopg
import pytest
from tests.django.walked import Walk

from indexical.demo.compare import audit_lines
from indexical.demo.examples import manifest
from indexical.measure.lockprobe import WriterProbe
from indexical.pg.session import connect

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(900)]

NAMED_REDUNDANT = {
    "invitation_slug_lookup": "duplicate",
    "guest_device_lookup": "duplicate",
    "invitations_guest_invitation_id_d238fb50": "redundant",
    "accounts_user_groups_user_id_52b62117": "redundant",
    "accounts_user_user_permissions_user_id_e4f0a161": "redundant",
}
BEFORE = {"accounts": "0004_user_payment_verified", "invitations": "0001_initial"}


def test_a_diff_writes_nothing_and_shows_what_write_then_does(walk_advised: Walk, walk_written: Walk) -> None:
    before = walk_advised.files()
    done = walk_advised.indexes("write", "--advice", str(walk_advised.advice), "--diff")
    assert walk_advised.files() == before
    added = {line[1:] for line in done.stdout.splitlines() if line.startswith("+") and line[1:2] != "+"}
    for path, digest in walk_written.files().items():
        if before.get(path) != digest:
            assert f"+++ b/{path}" in done.stdout
            old = walk_advised.folder / path
            have = set(old.read_text().splitlines()) if old.exists() else set()
            assert set((walk_written.folder / path).read_text().splitlines()) - have <= added


def test_write_touches_models_and_migrations_only_and_a_second_one_nothing(
    walk_advised: Walk, walk_written: Walk
) -> None:
    old, new = walk_advised.files(), walk_written.files()
    changed = sorted(path for path in new if old.get(path) != new[path])
    assert changed
    assert all(re.fullmatch(r"apps/\w+/(models|migrations/0\w+)\.py", path) for path in changed)
    again = walk_written.indexes("write", "--advice", str(walk_written.advice))
    assert "Nothing to write: the project has it all already." in again.stdout
    assert walk_written.files() == new


def test_django_finds_nothing_left_to_migrate_into_the_models(walk_written: Walk) -> None:
    walk_written.manage("makemigrations", "--check", "--dry-run")


def test_the_sql_of_each_migration_holds_concurrent_index_statements_and_nothing_else(
    walk_written: Walk,
) -> None:
    seen = []
    for app, path in walk_written.migrations():
        text = walk_written.manage("sqlmigrate", app, path.stem).stdout
        statements = [line for line in text.splitlines() if line and not line.startswith("--")]
        assert all(re.match(r"(CREATE|DROP) INDEX CONCURRENTLY ", line) for line in statements), text
        assert all(len(line) < 200 for line in text.splitlines())
        creates = [at for at, line in enumerate(statements) if line.startswith("CREATE")]
        assert creates == list(range(len(creates))), "what is new comes before what goes"
        seen += re.findall(r'CREATE INDEX CONCURRENTLY "(\w+)"', text)
    assert sorted(seen) == sorted(item["name"] for item in walk_written.advised()["create"])


def test_looking_ahead_changes_nothing(walk_written: Walk) -> None:
    before = walk_written.catalog()
    plan = walk_written.manage("migrate", "--plan").stdout
    shown = walk_written.indexes("apply", "--dry-run")
    assert walk_written.catalog() == before
    for app, path in walk_written.migrations():
        assert f"{app}.{path.stem}" in plan
        assert f"-- {app}.{path.stem}" in shown.stdout
    for item in walk_written.advised()["create"]:
        assert f'CREATE INDEX CONCURRENTLY "{item["name"]}"' in shown.stdout


@pytest.mark.slow
def test_there_and_back_and_there_again(written: Walk, new_database: Callable[[], str]) -> None:
    prior, rows, columns = written.definitions(), written.checksums(), written.columns()
    written.indexes("apply")
    applied = written.definitions()

    # The catalog is what the edited project makes of an empty database.
    fresh = Walk(written.folder, new_database(), written.advice, written.workload)
    fresh.manage("migrate", "--verbosity", "0")
    assert applied == fresh.definitions()
    assert {item["name"] for item in written.advised()["create"]} <= set(applied)
    assert not [text for text in applied.values() if text.startswith("INVALID")]
    verified = written.indexes("verify", *written.workload_arguments())
    assert "not-used" not in verified.stdout
    assert "Nothing to apply" in written.indexes("apply").stdout

    for app, name in BEFORE.items():
        written.manage("migrate", app, name)
    assert written.definitions() == prior
    written.indexes("apply")
    assert written.definitions() == applied
    assert (written.checksums(), written.columns()) == (rows, columns)


def test_a_writer_is_never_held_up_while_the_builds_wait_for_an_old_transaction(written: Walk) -> None:
    facts = manifest("invitations")
    with psycopg.connect(written.url) as old:
        # It writes, so that each build on this table has to wait for its end.
        old.execute(
            "UPDATE invitations_order SET admin_notes = 'x' WHERE id = (SELECT min(id::text)::uuid FROM invitations_order)"
        )
        probe = WriterProbe(lambda: connect(written.url, read_only=False), facts.probe)
        update = (
            "UPDATE invitations_order SET admin_notes = admin_notes "
            "WHERE id = (SELECT max(id::text)::uuid FROM invitations_order)"
        )
        second = WriterProbe(lambda: connect(written.url, read_only=False), update)
        with probe, second:
            apply = written.start("indexes", "apply")
            written.wait_for_a_build(apply)
            time.sleep(3.0)
            assert apply.poll() is None
            old.commit()
            out, err = apply.communicate(timeout=240)
    assert apply.returncode == 0, out + err
    for report in (probe.report(), second.report()):
        assert report.errors == ()
        assert report.count > 100
        # Whoever was held up would have waited for as long as the old transaction was kept open.
        assert report.max_ms < 2500


def test_tables_that_are_too_small_get_no_index_and_the_reason_is_given(walk_advised: Walk) -> None:
    advice = walk_advised.advised()
    small = {one["index"] for one in advice["refused"] if one["reason"] == "small-table"}
    assert {"public.plans_plan", "public.plans_invitationcategory"} <= small
    created = {item["table"] for item in advice["create"]}
    assert created
    assert created.isdisjoint({"public.plans_plan", "public.plans_invitationcategory"})


@pytest.mark.parametrize("name", sorted(NAMED_REDUNDANT))
def test_what_was_redundant_before_is_to_be_dropped(walk_advised: Walk, name: str) -> None:
    advice = walk_advised.advised()
    dropped = {item["name"]: item["reason"] for item in advice["drop"]}
    assert dropped.get(name) == NAMED_REDUNDANT[name], [
        one for one in advice["refused"] if one["index"] == name
    ]


def test_no_name_in_the_advice_is_one_that_nothing_bears(walk_advised: Walk) -> None:
    advice = walk_advised.advised()
    known = set(walk_advised.definitions()) | {item["name"] for item in advice["create"]}
    texts = [one["detail"] for one in advice["refused"]] + [one["evidence"] for one in advice["drop"]]
    named = {word for text in texts for word in re.findall(r"\w+_(?:idx|key|pkey|uniq)\b", text)}
    assert named
    assert named <= known
    assert {one["covered_by"] for one in advice["drop"]} - {""} <= known


def test_the_audit_of_the_guides_set_names_five_duplicates_and_three_left_prefixes(
    walk_advised: Walk, unwritten: Walk
) -> None:
    unwritten.manage("migrate", "--verbosity", "0", settings="config.settings_guide")
    with connect(walk_advised.url) as prior, connect(unwritten.url) as guide:
        duplicates, prefixes = audit_lines(prior, guide)
    assert duplicates.startswith("Of the guide's 42 indexes, 5 are exact duplicates")
    for name in (
        "invitation_order_idx",
        "invitation_template_idx",
        "user_current_plan_idx",
        "plan_code_idx",
        "category_code_idx",
    ):
        assert f"{name} (= " in duplicates
    assert prefixes.startswith("and 3 are left prefixes")
    assert prefixes.count(" (< ") == 3
