"""The record of a run as text, Markdown and JSON: nothing lost, nothing that the reader's program would take for its own."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from indexical.errors import InputError
from indexical.model import (
    Applied,
    BackupEvidence,
    DdlStatement,
    Failed,
    IndexRecord,
    RunNote,
    RunRecord,
    RunStep,
    Skipping,
    TargetIdentity,
)
from indexical.report.run_record import FORMATS, render_run, run_document, runs_section

BUILD = DdlStatement(
    "create:public.a", "CREATE INDEX CONCURRENTLY a ON public.t (x)", "DROP INDEX a", "create index a"
)
DROP = DdlStatement(
    "drop:public.b", "DROP INDEX CONCURRENTLY public.b", "CREATE INDEX b", "drop index b", action="drop"
)
BEFORE = IndexRecord(
    "public", "b", "t", 42, "CREATE INDEX b ON public.t USING btree (y)",
    restore=("CREATE INDEX CONCURRENTLY b ON public.t USING btree (y)", "COMMENT ON INDEX public.b IS 'a|b'"),
)  # fmt: skip
RUN = RunRecord(
    run="1f2e",
    verb="apply",
    began="2026-01-02T03:04:05+00:00",
    target=TargetIdentity("7001", 5, "shop", 1),
    server_version="18.6",
    tool_version="0.2",
    steps=(
        RunStep(
            BUILD,
            "applied",
            index_oid=77,
            outcome=Applied(BUILD.id, BUILD.summary, 1500.0, "no rights to ANALYZE"),
        ),
        RunStep(
            DROP,
            "failed",
            records=(BEFORE,),
            outcome=Failed(DROP.id, DROP.summary, "locked", "wait", "LOCK", "55P03"),
        ),
    ),
    backup=BackupEvidence(
        "dump", "2026-01-02T03:00:00+00:00", "/kept/shop.dump", 2048, listing=7, detail="pg_dump 18.6"
    ),
    ended="2026-01-02T03:05:00+00:00",
    result="failed",
    notes=(
        RunNote("t1", "preflight", '{"findings": [{"code": "P33", "message": "a superuser"}]}'),
        RunNote("t2", "verify", '{"verdict": "used"}'),
    ),
)


def test_markdown_tells_back_up_preflight_steps_and_what_came_after_in_order() -> None:
    text = render_run(RUN, "markdown")
    told = [
        "Run 1f2e",
        "pg\\_dump 18.6, /kept/shop.dump",
        "P33",
        "## Steps (2)",
        "no rights to ANALYZE",
        "LOCK (SQLSTATE 55P03): locked; wait",
        "## Indexes as they were (1)",
        "## After the run",
        "verdict: used",
    ]
    places = [text.find(part) for part in told]
    assert -1 not in places
    assert places == sorted(places)


def test_a_bar_in_a_comment_does_not_end_a_markdown_cell() -> None:
    assert "IS 'a\\|b'" in render_run(RUN, "markdown")


@pytest.mark.parametrize("format", ["text", "markdown"])
def test_control_characters_of_a_journal_are_shown_and_not_obeyed(format: str) -> None:
    hostile = replace(RUN, target=replace(RUN.target, database="x\x1b[2J\u202e<script>"))
    text = render_run(hostile, format)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert format == "text" or "<script>" not in text


def test_the_json_holds_every_step_with_its_outcome_and_its_records() -> None:
    document = json.loads(render_run(RUN, "json"))
    assert (document["version"], document["run"], document["result"]) == (1, "1f2e", "failed")
    assert [step["outcome"]["kind"] for step in document["steps"]] == ["applied", "failed"]
    assert document["steps"][1]["records"][0]["restore"] == list(BEFORE.restore)
    assert document["steps"][1]["outcome"]["code"] == "LOCK"
    assert document["backup"]["listing"] == 7
    assert document["notes"][0]["findings"][0]["code"] == "P33"


def test_a_run_that_has_not_ended_says_how_many_steps_are_open() -> None:
    open_run = replace(
        RUN, ended="", result="", steps=(RunStep(BUILD), replace(RUN.steps[1], state="pending"))
    )
    assert "not ended, 2 steps open" in render_run(open_run)
    assert run_document(open_run)["ended"] is None


def test_a_cut_journal_and_an_unreadable_note_are_told_and_not_guessed() -> None:
    torn = replace(RUN, torn=True, notes=(RunNote("t", "preflight", "[" * 40),))
    text = render_run(torn, "markdown")
    assert "last line was cut" in text
    assert "\\[\\[" in text


def test_no_step_gives_no_empty_table() -> None:
    text = render_run(replace(RUN, steps=(), notes=()), "markdown")
    assert "## Steps (0)\n\nNone." in text
    assert "as they were" not in text


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(InputError, match=", ".join(FORMATS)):
        render_run(RUN, "html")


def test_the_list_says_which_run_was_taken_back_and_by_which() -> None:
    rollback = replace(RUN, run="9a9a", verb="rollback", undoes="1f2e", result="done")
    section = runs_section([("b.jsonl", rollback), ("a.jsonl", RUN)])
    assert section.table is not None
    states = {row[0]: (row[1], row[4]) for row in section.table.rows}
    assert states == {"9a9a": ("rollback of 1f2e", "done"), "1f2e": ("apply", "failed, taken back by 9a9a")}


def test_what_was_skipped_says_why() -> None:
    skipped = replace(
        RUN, steps=(RunStep(BUILD, "skipped", outcome=Skipping(BUILD.id, BUILD.summary, "exists already")),)
    )
    assert "exists already" in render_run(skipped)
