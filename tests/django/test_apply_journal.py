"""At the Django door every index of every pending migration is a step of the journal, and a run that was ended goes on."""

from __future__ import annotations

import json
import signal

import psycopg
import pytest
from tests.django.walked import Walk

from indexical.apply.journal import read_run


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_migrations_that_were_broken_off_are_taken_up_again(written: Walk) -> None:
    with psycopg.connect(written.url) as old:
        # It writes, so that a build on this table has to wait for its end.
        old.execute(
            "UPDATE invitations_order SET admin_notes = 'x' WHERE id = (SELECT min(id::text)::uuid FROM invitations_order)"
        )
        apply = written.start("indexes", "apply", "--no-backup")
        written.wait_for_a_build(apply)
        apply.send_signal(signal.SIGTERM)
        _, said = apply.communicate(timeout=240)
        assert apply.returncode == 143, said
        assert "Traceback" not in said
        assert "--resume" in said
    (path,) = (written.folder / ".indexical" / "runs").glob("*.jsonl")
    broken = read_run(path)
    assert not broken.finished
    assert "interrupted" in {step.state for step in broken.steps}
    builds = {step.statement.name for step in broken.steps if step.statement.action == "create"}
    assert builds == {item["name"] for item in written.advised()["create"]}
    assert all(step.statement.migration for step in broken.steps)

    told = json.loads(written.indexes("apply", "--resume", "--format", "json").stdout)
    assert told["run"] == broken.run
    assert {outcome["kind"] for outcome in told["outcomes"]} == {"applied"}
    ended = read_run(path)
    assert (ended.finished, ended.result) == (True, "done")
    assert {step.state for step in ended.steps} <= {"applied", "skipped"}
    assert all(step.index_oid for step in ended.steps if step.statement.action == "create")
    assert set(builds) <= set(written.definitions())
    before = written.catalog()
    assert "Nothing to take up again" in written.indexes("apply", "--resume").stdout
    assert written.catalog() == before
