"""The guides' steps by Django's own commands, on the migrations that `write` made: before, after, app by app, and checked."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.django.walked import Walk, copied

from indexical.pg.explain import explain
from indexical.pg.session import connect
from indexical.twin.server import PrivateServer
from indexical.workload.sources import open_sources

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(900)]


NAME = re.compile(r'(CREATE|DROP) (?:UNIQUE )?INDEX CONCURRENTLY (?:IF EXISTS )?(?:"?public"?\.)?"?(\w+)"?')


def shown(walk: Walk) -> dict[tuple[str, str], bool]:
    """Every migration that `showmigrations` lists, and whether it is marked as applied."""
    found, app = {}, ""
    for line in walk.manage("showmigrations").stdout.splitlines():
        match = re.fullmatch(r" \[([X ])\] (\w+).*", line)
        if match:
            found[(app, match[2])] = match[1] == "X"
        else:
            app = line.strip()
    return found


def test_showmigrations_tells_before_from_after(written: Walk) -> None:
    ours = {(app, path.stem) for app, path in written.migrations()}
    # The plans app gets none: its tables are too small.
    assert {app for app, _ in ours} == {"accounts", "invitations"}
    before = shown(written)
    assert {each for each, applied in before.items() if not applied} == ours
    written.manage("migrate", "--verbosity", "0")
    assert shown(written) == {**before, **dict.fromkeys(ours, True)}


def test_apps_one_by_one_in_any_order_end_in_the_same_catalog(
    walk_written: Walk, private_server: PrivateServer, tmp_path: Path
) -> None:
    whole = copied(walk_written, private_server, tmp_path / "whole")
    whole.manage("migrate", "--verbosity", "0")
    assert whole.definitions() != walk_written.definitions()
    apps = sorted({app for app, _ in whole.migrations()})
    orders = list(itertools.permutations(apps))
    for number, order in enumerate((orders[0], orders[-1])):
        single = copied(walk_written, private_server, tmp_path / f"single{number}")
        for app in order:
            last = max(path.stem for name, path in single.migrations() if name == app)
            single.manage("migrate", app, last, "--verbosity", "0")
        assert single.definitions() == whole.definitions(), order


def cost(walk: Walk) -> float:
    """What the planner says the documented queries cost now, each as often as it is asked."""
    walk.execute("ANALYZE")
    workload = open_sources([str(walk.workload)])
    with connect(walk.url) as session:
        return sum(
            statement.calls
            * explain(session, statement, statement.samples[0] if statement.samples else ()).plan().cost
            for statement in workload.statements
        )


def test_the_first_phase_alone_brings_most_of_the_gain(
    unwritten: Walk, walk_written: Walk, private_server: PrivateServer, tmp_path: Path
) -> None:
    phases = [item["phase"] for item in unwritten.advised()["create"]]
    assert "critical" in phases
    assert set(phases) != {"critical"}
    before = cost(unwritten)
    unwritten.indexes("write", "--advice", str(unwritten.advice), "--phase", "critical")
    unwritten.manage("migrate", "--verbosity", "0")
    first = cost(unwritten)
    whole = copied(walk_written, private_server, tmp_path / "whole")
    whole.manage("migrate", "--verbosity", "0")
    assert before - first > 0.7 * (before - cost(whole)) > 0


def test_the_record_lists_exactly_what_the_catalog_gained_and_lost(written: Walk) -> None:
    before = written.definitions()
    written.indexes("apply")
    after = written.definitions()
    record = json.loads(written.indexes("record", "--format", "json").stdout)
    gained, lost = set(after) - set(before), set(before) - set(after)
    assert gained
    assert lost
    found = [NAME.match(step["sql"]) for step in record["steps"]]
    assert all(found), [step["sql"] for step in record["steps"]]
    assert {match[2] for match in found if match[1] == "CREATE"} == gained
    assert {match[2] for match in found if match[1] == "DROP"} == lost


def test_the_checks_and_the_platforms_own_tests_pass_with_the_change(
    written: Walk, new_database: Callable[[], str]
) -> None:
    written.manage("migrate", "--verbosity", "0")
    said = written.manage("check", "--database", "default").stderr
    # Django itself has nothing to say; our own checks are about what stood there before.
    assert set(re.findall(r"\((\w+)\.[A-Z]\d+\)", said)) <= {"indexical"}, said
    fresh = Walk(written.folder, new_database(), written.advice, written.workload)
    process = fresh.start("test", "apps", "--noinput")
    out, err = process.communicate(timeout=800)
    assert process.returncode == 0, out + err
    (count,) = re.findall(r"^Ran (\d+) tests", err, re.MULTILINE)
    assert int(count) > 40
    assert "\nOK" in err
