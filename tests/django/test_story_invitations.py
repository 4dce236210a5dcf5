"""The invitation platform from advice to production: the promotion that let it pass, and the documents that tell it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from tests.django.invitations_loaded import copy_of
from tests.django.walked import NOT_THE_PROJECT, Walk

from indexical.apply.journal import read_run
from indexical.twin.server import PrivateServer

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(900)]


def saved(walk: Walk, path: Path, verb: str, *arguments: str) -> None:
    """Runs a verb that prints JSON, and keeps what it said."""
    path.write_text(walk.indexes(verb, *arguments, "--format", "json").stdout)


def staged(walk: Walk, kept: Path) -> None:
    """Measured, applied on staging, and everything proven that can be."""
    work = ("--workload", str(walk.workload))
    walk.manage("indexes", "snapshot", "-o", str(kept / "before.indexical"))
    walk.indexes("measure", *work, "--runs", "3", "-o", str(kept / "before.json"))
    walk.indexes("apply")
    walk.indexes("promote", "begin", "--window", "1ms", "--short-window", "--promotion", "p.jsonl")
    walk.indexes("promote", "gate", "window", "--promotion", "p.jsonl")
    walk.indexes("measure", *work, "--runs", "3", "-o", str(kept / "after.json"))
    saved(walk, kept / "verified.json", "verify", *walk.workload_arguments())
    walk.indexes("usage", "--format", "json", "-o", str(kept / "usage.json"))


def test_staging_lets_it_pass_production_follows_and_the_documents_agree(
    written: Walk, private_server: PrivateServer, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    folder = tmp_path / "production"
    shutil.copytree(written.folder, folder, ignore=NOT_THE_PROJECT)
    production = Walk(folder, copy_of(private_server, written.url), written.advice, written.workload)
    staged(written, kept)
    record = str(written.folder / "p.jsonl")
    assert "gate tests: open" in production.indexes("apply", "--promotion", record, code=3).stderr
    verdicts = {each["kind"] for each in json.loads((kept / "verified.json").read_text())["outcomes"]}
    gates = {
        "verified": (
            ("--advice", str(written.advice), "--workload", str(written.workload)),
            verdicts == {"verified"},
        ),
        "not-worse": (
            (
                "--before",
                str(kept / "before.json"),
                "--after",
                str(kept / "after.json"),
                "--tolerance",
                "1000",
            ),
            True,
        ),
        "no-invalid": ((), True),
        "tests": (("--run", "--", "python", "-c", "pass"), True),
    }
    for name, (words, passes) in gates.items():
        place = words.index("--run") if "--run" in words else len(words)
        arguments = (*words[:place], "--promotion", "p.jsonl", *words[place:])
        written.indexes("promote", "gate", name, *arguments, code=0 if passes else 1)
    assert all(passes for _, passes in gates.values())
    written.indexes("promote", "check", "--promotion", "p.jsonl", "--advice", str(written.advice))
    before = set(production.definitions())
    done = json.loads(production.indexes("apply", "--promotion", record, "--format", "json").stdout)
    journal = production.folder / done["journal"]
    assert "promotion" in {note.event for note in read_run(journal).notes}
    documents(written, kept)
    create = {item["name"] for item in written.advised()["create"]}
    assert set(production.definitions()) - before == create


def documents(walk: Walk, kept: Path) -> None:
    """The three documents of the staging run, which agree with one another and with the catalog."""
    (journal,) = (walk.folder / ".indexical" / "runs").glob("*.jsonl")
    sources = (
        "--advice", str(walk.advice), "--journal", str(journal), "--snapshot", str(kept / "before.indexical"),
        "--verified", str(kept / "verified.json"), "--before", str(kept / "before.json"),
        "--after", str(kept / "after.json"), "--usage", str(kept / "usage.json"),
    )  # fmt: skip
    walk.indexes("story", *sources, "-o", str(kept))
    names = [str(kept / f"{name}.md") for name in ("analysis", "guide", "completion")]
    said = walk.indexes("story", *sources, "--check", *names).stdout
    assert "0 contradictions in 3 documents" in said
    advised = walk.advised()
    analysis, guide, completion = (Path(name).read_text() for name in names)
    assert "- admin\\_dashboard: " in analysis
    assert f"Total: {len(advised['create'])} new indexes across" in guide
    assert f"of which {len(advised['create'])} built" in completion
    steps = dict(
        re.findall(r"^\| (back-up|apply|verify|performance|plans|usage) \| (\w+) \|", completion, re.M)
    )
    # Drops of indexes that no model declares are left to a person: the advice is then not wholly carried out, and that is said.
    planned = len(advised["create"]) + len(advised["drop"])
    expected = "done" if len(read_run(journal).steps) == planned else "open"
    assert [steps[name] for name in ("back-up", "apply", "verify", "plans")] == [
        "done",
        expected,
        "done",
        "done",
    ]
    assert steps["usage"] in ("done", "open")
    # One more index in the total, and the check finds it against everything else.
    wrong = kept / "wrong.md"
    count = len(advised["create"])
    wrong.write_text(guide.replace(f"Total: {count} new", f"Total: {count + 1} new"))
    said = walk.indexes("story", *sources, "--check", str(wrong), names[2], code=1).stdout
    assert f"{count + 1} indexes against {count}" in said
