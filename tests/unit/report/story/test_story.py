"""The three documents: nothing done without evidence, nothing counted twice differently, nothing foreign that acts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.report.samples import advice, recommendation
from tests.unit.report.story.samples import (
    ALSO,
    RUN,
    USED,
    advice_file,
    everything,
    measured,
    usage_file,
    verified_file,
)

from indexical.errors import FileRefused, InputError
from indexical.model import (
    BackupEvidence,
    Failed,
    HotMeasurement,
    Index,
    Key,
    NotMeasured,
    Skipping,
    WriteMeasurement,
)
from indexical.model.storage import Storage, TableStorage
from indexical.report.story import DOCUMENTS, Sources, build, render
from indexical.report.story.agreement import contradictions
from indexical.report.story.claims import claims_of
from indexical.report.story.inventory import app_of
from indexical.report.story.reading import read_advice, read_usage, read_verified


def states(sources: Sources) -> dict[str, str]:
    return {step.name: step.state for step in build(sources).steps}


def test_with_all_the_evidence_everything_is_done_and_the_documents_agree(tmp_path: Path) -> None:
    story = build(everything(tmp_path))
    assert {step.state for step in story.steps} == {"done"}
    assert (story.counts.items_done, story.counts.items) == (9, 9)
    texts = render(story, made_at="2026-01-09")
    assert texts.keys() == DOCUMENTS.keys()
    assert contradictions([claims_of(text, name) for name, text in texts.items()], story) == ()
    assert "Status: complete" in texts["completion.md"]
    assert texts["completion.md"].count("- [x]") == 9
    assert "12,000 ms" in texts["completion.md"] or "12.0 s" in texts["completion.md"]


def test_with_the_advice_alone_nothing_is_done_and_nothing_is_measured(tmp_path: Path) -> None:
    story = build(Sources(advice_file(tmp_path)))
    assert {step.state for step in story.steps} == {"open"}
    assert story.counts.items_done == 0
    assert story.counts.existing is None
    texts = render(story)
    assert "- [x]" not in texts["completion.md"]
    assert "not measured before, not measured after" in texts["completion.md"]
    assert "Not recorded: no snapshot" in texts["analysis.md"]
    assert contradictions([claims_of(text, name) for name, text in texts.items()], story) == ()


@pytest.mark.parametrize(
    ("change", "step", "state"),
    [
        (
            lambda s, _: replace(s, run=replace(RUN, backup=BackupEvidence("none", detail="asked"))),
            "back-up",
            "open",
        ),
        (lambda s, _: replace(s, run=replace(RUN, steps=RUN.steps[:2])), "apply", "open"),
        (lambda s, _: replace(s, run=replace(RUN, ended="", result="")), "apply", "open"),
        (lambda s, _: replace(s, run=replace(RUN, result="failed")), "apply", "failed"),
        (lambda s, f: replace(s, verified=verified_file(f, USED[:1])), "verify", "open"),
        (lambda s, f: replace(s, verified=verified_file(f, USED[:1])), "plans", "open"),
        (
            lambda s, f: replace(s, verified=verified_file(f, (USED[0], Failed(USED[1].id, "b", "INVALID")))),
            "verify",
            "failed",
        ),
        (
            lambda s, f: replace(s, verified=verified_file(f, (USED[0], NotMeasured(USED[1].id, "b", "no")))),
            "plans",
            "open",
        ),
        (
            lambda s, f: replace(
                s, verified=verified_file(f, (USED[0], replace(USED[1], verdict="not-used")))
            ),
            "plans",
            "failed",
        ),
        (lambda s, _: replace(s, after=measured(200.0)), "performance", "failed"),
        (lambda s, _: replace(s, before=replace(s.before, reads=())), "performance", "open"),
        (lambda s, _: replace(s, usage=usage_file(0)), "usage", "open"),
        (lambda s, _: replace(s, usage=None), "usage", "open"),
    ],
)
def test_a_step_whose_evidence_is_missing_or_denies_it_is_not_done(
    change, step, state, tmp_path: Path
) -> None:
    sources = change(everything(tmp_path), tmp_path)
    assert states(sources)[step] == state
    assert "Status: complete" not in render(build(sources))["completion.md"]


def test_figures_of_both_runs_are_told_and_what_one_lacks_is_not_measured(tmp_path: Path) -> None:
    sources = everything(tmp_path)
    before = replace(
        sources.before,
        writes=(WriteMeasurement("order", 100, 20.0),),
        hot=(HotMeasurement("order.status", 50, 1.0),),
        storage=Storage(10 * 2**20, (TableStorage("public.orders", 2**20, 2**20, 1),)),
    )
    after = replace(
        sources.after, writes=(WriteMeasurement("order", 100, 30.0), WriteMeasurement("guest", 9, 7.0))
    )
    text = render(build(replace(sources, before=before, after=after)))["completion.md"]
    assert "| write, per row | order | 20 µs | 30 µs | +50 % |" in text
    assert "| write, per row | guest | not measured | 7 µs | not measured |" in text
    assert "| heap-only updates | order.status | 100 % | not measured | not measured |" in text
    assert "| storage | whole database | 10 MB | not measured | not measured |" in text
    assert "| endpoint, median | all | not measured | not measured | not measured |" in text


def test_an_index_is_known_by_its_structure_and_one_that_was_passed_over_is_open(tmp_path: Path) -> None:
    other = replace(ALSO, index=Index("public", "orders", (Key.asc("total"),)))
    steps = (RUN.steps[0], replace(RUN.steps[1], statement=other), RUN.steps[2])
    found = {
        each.name: each.state
        for each in build(replace(everything(tmp_path), run=replace(RUN, steps=steps))).planned
    }
    assert found["orders_paid_idx"] == "open"
    why = Skipping(ALSO.id, "x", "orders_x was not built, and this index may be needed without it")
    steps = (RUN.steps[0], RUN.steps[1], replace(RUN.steps[2], state="skipped", outcome=why))
    found = {
        each.name: each.state
        for each in build(replace(everything(tmp_path), run=replace(RUN, steps=steps))).planned
    }
    assert found["orders_user_id_idx"] == "open"


def test_evidence_about_another_database_or_from_before_is_refused(tmp_path: Path) -> None:
    sources = everything(tmp_path)
    with pytest.raises(InputError, match="not about one database"):
        build(replace(sources, usage=replace(usage_file(), database="other")))
    with pytest.raises(InputError, match="another server"):
        build(replace(sources, verified=replace(sources.verified, system="7002")))
    with pytest.raises(InputError, match="older"):
        build(replace(sources, verified=replace(sources.verified, at="2026-01-02T03:00:00+00:00")))


NAMES = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), min_size=1, max_size=20
)


@given(name=NAMES, table=NAMES, column=NAMES)
@settings(max_examples=60, deadline=None)
def test_names_with_anything_in_them_stay_names(
    name: str, table: str, column: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("story")
    made = advice(create=(recommendation(Index("public", table, (Key.asc(column),)), name),), drop=())
    texts = render(build(Sources(advice_file(folder, made))))
    plain = render(
        build(Sources(advice_file(folder, advice(create=(recommendation(_PLAIN, "x"),), drop=()))))
    )
    for file, text in texts.items():
        marks = [line.split()[0] for line in text.splitlines() if line.startswith("#")]
        assert marks == [line.split()[0] for line in plain[file].splitlines() if line.startswith("#")], text
        assert text.count("\n| ") == plain[file].count("\n| ")
        assert "- [x]" not in text


_PLAIN = Index("public", "t", (Key.asc("c"),))


@pytest.mark.parametrize(
    "name",
    [
        "a|b",
        "[x](http://evil)",
        "<script>",
        "# heading",
        "a\nTotal: 9 indexes",
        "```",
        "{{ 7 * 7 }}",
        "- [x] done",
        "\u202eevil",
    ],
)
def test_a_hostile_name_changes_no_count(name: str, tmp_path: Path) -> None:
    made = advice(
        create=(recommendation(_PLAIN, name), recommendation(replace(_PLAIN, table="u"), "plain_idx"))
    )
    story = build(Sources(advice_file(tmp_path, made)))
    texts = render(story)
    assert contradictions([claims_of(text, file) for file, text in texts.items()], story) == ()
    for text in texts.values():
        assert "49" not in text
        assert "<script>" not in text.replace("\\<script\\>", "").replace('"<script>"', "")
        assert "\u202e" not in text


@pytest.mark.parametrize("read", [read_advice, read_verified, read_usage])
@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version": 1}', '{"version": 1, "outcomes": [1], "indexes": [1], "create": [], "planner": 3}',
     '{"version": 1, "outcomes": [{"kind": "applied", "id": "a", "what": "b"}], "indexes": [{"schema": 1}]}'],
)  # fmt: skip
def test_files_that_are_something_else_are_refused(read, text: str, tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text(text)
    with pytest.raises(FileRefused):
        read(path)


def test_the_app_of_a_table_is_its_model_s_and_else_what_begins_its_name() -> None:
    apps = {"admin_dashboard_note": "admin_dashboard", "audit.trail": "audit_log"}
    assert app_of("public.admin_dashboard_note", apps) == "admin_dashboard"
    assert app_of("audit.trail", apps) == "audit_log"
    assert app_of("public.trail", apps) == "trail"
    assert app_of("public.admin_dashboard_other", apps) == "admin_dashboard"
    assert app_of("public.orders_item", apps) == "orders"
    assert app_of("public.12: 9 indexes", apps) == "other"
