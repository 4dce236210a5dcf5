"""Journals are read back as they were written, and nothing else is believed."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexical.apply.earlier import unfinished
from indexical.apply.journal import Journal, TargetIdentity, difference, read_run
from indexical.apply.resume import made_anew
from indexical.apply.statements import create_statement, drop_statement
from indexical.errors import FileRefused
from indexical.model import (
    Applied,
    BackupEvidence,
    ExistingIndex,
    Failed,
    Index,
    IndexRecord,
    Key,
    MadeFor,
    Skipping,
)
from indexical.model.run import Backend
from indexical.model.stored import lone_expression

HERE = TargetIdentity("123", 5, "shop", 1, "h:5432")
RICH = Index(
    "public", "ord\"ers%\n", (Key(expression="lower(note)", descending=True), Key.asc("ü")), "btree",
    ("total",), "status = 'it''s; -- no comment'", True,
)  # fmt: skip
CREATE = create_statement("new_idx", RICH, MadeFor(7, (("note", "text"),)))
DROP = drop_statement(ExistingIndex("old_idx", Index("public", "orders", (Key.asc("a"),)), oid=9))
RECORD = IndexRecord(
    "public", "old_idx", "orders", 9, "CREATE INDEX ...", "fast", "it's", ((1, 300),), restore=("A",)
)


def written(path, *, end=True):
    with Journal.begin(
        path, "r1", HERE, [CREATE, DROP], server_version="18.6", tool_version="1", undoes="r0"
    ) as journal:
        journal.backed_up(BackupEvidence("dump", "2026-01-01", "/b", 5, listing=3))
        journal.record("run", "preflight", findings=[{"code": "P14"}])
        journal.record(CREATE.id, "before", sql=CREATE.sql, undo=CREATE.undo, there=0)
        journal.record(CREATE.id, "backend", pid=11, started="2026-01-01 00:00:00+00")
        journal.record(CREATE.id, "index", oid=4711)
        journal.ended(Applied(CREATE.id, CREATE.summary, 12.5))
        journal.record(
            DROP.id,
            "before",
            there=9,
            records=[{f: getattr(RECORD, f) for f in RECORD.__dataclass_fields__}],
        )
        journal.ended(Failed(DROP.id, DROP.summary, "no", "again", "CLEANUP_PENDING", "55P03"))
        if end:
            journal.record("run", "end", result="failed")
    return path


def test_a_run_is_read_back_as_it_was_written(tmp_path):
    record = read_run(written(tmp_path / "j"))
    assert (record.run, record.verb, record.target, record.undoes) == ("r1", "apply", HERE, "r0")
    assert (record.finished, record.result, record.torn) == (True, "failed", False)
    assert record.backup == BackupEvidence("dump", "2026-01-01", "/b", 5, listing=3)
    create, drop = record.steps
    assert (create.statement, drop.statement) == (CREATE, DROP)
    assert (create.state, create.backends, create.index_oids) == (
        "applied",
        (Backend(11, "2026-01-01 00:00:00+00"),),
        (4711,),
    )
    assert create.outcome == Applied(CREATE.id, CREATE.summary, 12.5)
    assert (drop.state, drop.records, drop.there) == ("pending", (RECORD,), 9)
    assert isinstance(drop.outcome, Failed)
    assert [note.event for note in record.notes] == ["preflight"]


def test_a_cut_last_line_is_left_out_and_told(tmp_path):
    path = written(tmp_path / "j", end=False)
    content = path.read_bytes()
    last = content.rstrip(b"\n").rindex(b"\n") + 1
    for at in range(last + 1, len(content)):
        path.write_bytes(content[:at])
        record = read_run(path)
        assert record.torn
        assert record.steps[1].state == "begun"
    journal, record = Journal.reopen(path)
    journal.close()
    assert record.torn
    assert path.read_bytes() == content[:last]
    assert not read_run(path).torn


def test_a_resumed_run_is_written_on(tmp_path):
    path = written(tmp_path / "j", end=False)
    journal, _ = Journal.reopen(path)
    with journal:
        journal.record("run", "resumed")
        journal.record(DROP.id, "before", there=9, records=[])
        journal.ended(Skipping(DROP.id, DROP.summary, "is not there any more"))
        journal.record("run", "end", result="done")
    record = read_run(path)
    assert (record.resumed, record.finished, record.steps[1].state) == (1, True, "skipped")
    assert record.steps[1].records == (RECORD,), "the first record is the one of the index as it was"


def test_a_journal_that_is_open_is_not_opened_by_another(tmp_path):
    path = written(tmp_path / "j", end=False)
    journal, _ = Journal.reopen(path)
    with journal, pytest.raises(FileRefused, match="at work"):
        Journal.reopen(path)


@pytest.mark.parametrize(
    "harm",
    [
        lambda line: "[]", lambda line: "null", lambda line: "{}", lambda line: "x" + line,
        lambda line: "[" * 100_000, lambda line: line.replace('"r1"', '"r2"'), lambda line: line.replace('"step":', '"stop":'),
        lambda line: json.dumps({**json.loads(line), "step": "create:public.other"}),
        lambda line: line.replace('"at":', '"at":NaN,"x":'),
        lambda line: json.dumps({**json.loads(line), "at": "\ud800"}), lambda line: json.dumps({**json.loads(line), "at": 1}),
        lambda line: json.dumps({**json.loads(line), "step": "run", "event": "begin"}),
        lambda line: json.dumps({**json.loads(line), "event": "backend", "pid": "x"}),
        lambda line: json.dumps({**json.loads(line), "event": "index", "oid": 2**70}),
        lambda line: json.dumps({**json.loads(line), "event": "after", "outcome": {"kind": "made-up"}}),
        lambda line: json.dumps({**json.loads(line), "event": "after", "outcome": {"kind": "applied", "id": 5, "what": ""}}),
    ],
    ids=range(16),
)  # fmt: skip
@pytest.mark.parametrize("number", [4, 5])
def test_a_damaged_line_is_refused_by_its_number_and_never_by_a_traceback(tmp_path, harm, number):
    path = written(tmp_path / "j")
    lines = path.read_text().splitlines()
    lines[number - 1] = harm(lines[number - 1])
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(FileRefused, match=f"in line {number} "):
        read_run(path)


@pytest.mark.parametrize("field", ["target", "plan", "verb", "at"])
def test_a_first_line_without_what_it_needs_is_refused(tmp_path, field):
    path = written(tmp_path / "j")
    lines = path.read_text().splitlines()
    first = json.loads(lines[0])
    del first[field]
    path.write_text("\n".join([json.dumps(first), *lines[1:]]) + "\n")
    with pytest.raises(FileRefused, match="in line 1 "):
        read_run(path)


def test_what_is_no_journal_is_refused(tmp_path):
    (tmp_path / "empty").touch()
    (tmp_path / "words").write_text("hello\n")
    (tmp_path / "link").symlink_to(written(tmp_path / "j"))
    os.mkfifo(tmp_path / "pipe")
    for name in ("empty", "words", "link", "pipe", "missing", ".", "nul\0"):
        with pytest.raises(FileRefused):
            read_run(tmp_path / name)


def test_a_file_too_large_to_be_a_journal_is_refused_unread(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as stream:
        stream.truncate(65 * 2**20)
    with pytest.raises(FileRefused, match="larger than"):
        read_run(path)


@given(st.binary(max_size=400))
def test_no_bytes_are_more_than_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("j") / "j"
    path.write_bytes(content)
    with pytest.raises(FileRefused):
        read_run(path)


@pytest.mark.parametrize(
    "expression",
    ["a); DROP TABLE x", "a) WHERE (b", "a -- b", "a /* b */", "'a", "$$a$$", "a\\b", "(a", "a;b"],
)
def test_an_expression_that_would_be_more_than_one_is_refused(tmp_path, expression):
    with pytest.raises(ValueError, match="an index"):
        lone_expression(expression)
    bad = replace(CREATE, index=Index("public", "t", (Key(expression=expression),)))
    with Journal.begin(tmp_path / "j", "r", HERE, [bad]):
        pass
    with pytest.raises(FileRefused, match="in line 1 "):
        read_run(tmp_path / "j")


def test_sql_text_of_a_journal_is_never_what_is_run():
    for statement in (CREATE, DROP):
        edited = replace(statement, sql="DROP TABLE public.orders", undo="DROP TABLE public.orders")
        assert made_anew(edited).sql == statement.sql


@pytest.mark.parametrize(
    ("here", "differs"),
    [
        (HERE, ""), (replace(HERE, address="other:1"), ""), (replace(HERE, timeline=0), ""),
        (replace(HERE, system_identifier="9"), "cluster"), (replace(HERE, database_oid=6), "database"),
        (replace(HERE, database="shop2"), "database"), (replace(HERE, timeline=2), "timeline"),
        (replace(HERE, system_identifier=""), ""), (replace(HERE, system_identifier="", address="other:1"), "cluster"),
    ],
)  # fmt: skip
def test_who_answers_is_told_by_what_both_know(here, differs):
    assert difference(HERE, here) == differs


def test_unfinished_runs_are_the_newest_first_and_strangers_are_passed_over(tmp_path):
    for name in ("20260101T000000Z-a.jsonl", "20260102T000000Z-b.jsonl"):
        written(tmp_path / name, end=False)
    written(tmp_path / "20260103T000000Z-c.jsonl")
    (tmp_path / "20260104T000000Z-d.jsonl").write_text("not a journal\n")
    assert [each.path.name for each in unfinished(tmp_path)] == [
        "20260102T000000Z-b.jsonl",
        "20260101T000000Z-a.jsonl",
    ]
    assert unfinished(tmp_path / "nowhere") == ()
