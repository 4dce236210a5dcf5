"""Documents that contradict themselves, one another, or the advice: each contradiction is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.report.story.samples import REPORT, everything, listed

from indexical.report.story import Sources, build, render
from indexical.report.story.agreement import RULES, contradictions
from indexical.report.story.claims import claims_of


def found(*texts: str) -> list[tuple[int, str, str]]:
    documents = [claims_of(text, f"{number}.md") for number, text in enumerate(texts, 1)]
    return [(each.line, each.code, each.message) for each in contradictions(documents)]


def line_of(text: str, words: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)


def test_20_for_19_and_43_for_42_are_found_in_the_lines_where_they_stand() -> None:
    assert found(REPORT) == [
        (
            line_of(REPORT, "20 indexes"),
            "S01",
            "20 indexes against 19, the sum of its parts 7+6+3+3 (lines 8-11)",
        ),
        (
            line_of(REPORT, "43 new"),
            "S02",
            "43 indexes against 42, the sum of all parts listed (lines 7-23)",
        ),
        (
            line_of(REPORT, "Total Indexes Added"),
            "S02",
            "43 indexes against 42, the sum of all parts listed (lines 7-23)",
        ),
    ]


def test_the_same_report_with_the_right_counts_agrees() -> None:
    assert found(REPORT.replace("20 indexes\n", "19 indexes\n").replace("43", "42")) == []


def test_a_total_that_only_the_sections_deny_is_found() -> None:
    right = REPORT.replace("20 indexes\n", "19 indexes\n").replace("43", "42")
    (first, *_) = found(right.replace("Added:** 42", "Added:** 41"))
    assert (
        first[1:] == ("S02", "41 indexes against 42, the sum of all parts listed (lines 7-23)")
        or first[1] == "S03"
    )
    assert {code for _, code, _ in found(right.replace("Added:** 42", "Added:** 41"))} == {"S02", "S03"}


def test_16_descending_against_the_19_that_are_listed_is_found() -> None:
    assert found(listed()) == [(4, "S05", "16 descending against 19 of the 39 listed by name")]
    assert found(listed(16)) == []


def test_two_documents_that_count_one_thing_differently_contradict_each_other() -> None:
    ((line, code, message),) = found("Total: 42 new indexes.", "In all 43 indexes were added.")
    assert (line, code) == (1, "S03")
    assert message == "43 against 42 (index) in 1.md:1"


def test_an_app_that_two_documents_count_differently_is_found() -> None:
    other = "In all 42 new indexes across 3 apps:\n- sales app: 19 indexes\n- people: 12 indexes\n- goods: 11 indexes\n"
    told = [message for line, code, message in found(other, REPORT) if code == "S03"]
    assert "20 against 19 of sales (index) in 1.md:2" in told
    assert [message for message in told if "of people" in message or "of goods" in message] == []


def test_a_total_is_held_against_the_names_unless_they_are_only_examples() -> None:
    names = "\n".join(f"- `a_{n}_idx`: a, b" for n in range(5))
    assert [code for _, code, _ in found(f"Total: 6 indexes\n\n{names}")] == ["S04"]
    assert found(f"Total: 5 indexes\n\n{names}") == []
    assert found(f"Total: 11 indexes, for example\n\n{names}") == []


def test_indexes_are_read_from_models_and_from_sql() -> None:
    code = """
```python
class Meta:
    indexes = [
        models.Index(fields=["a", "-b"], name="t_a_b_idx"),
        models.Index(
            name='t_c_idx',
            fields=['c'],
        ),
    ]
```
```sql
CREATE INDEX CONCURRENTLY IF NOT EXISTS t_d_idx
    ON public.t USING btree (lower(d), e DESC);
```
"""
    assert found(f"Total: 3 indexes, 2 descending, 2 composite, 1 single-column\n{code}") == []
    assert [code for _, code, _ in found(f"Total: 3 indexes, 1 descending\n{code}")] == ["S05"]
    assert [code for _, code, _ in found(f"Total: 4 indexes\n{code}")] == ["S04"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Total: 5 indexes across 3 apps:\n- a: 2 indexes\n- b: 3 indexes", "3 apps against 2 listed"),
        (REPORT.replace("Models:** 10", "Models:** 9"), "9 models against 10 listed"),
    ],
)
def test_apps_and_models_are_counted_too(text: str, message: str) -> None:
    assert message in [words for _, code, words in found(text) if code == "S06"]


def test_a_closed_task_with_open_boxes_and_a_tick_without_evidence_are_found() -> None:
    text = "**Status**: ✅ RESOLVED\n\n- [ ] index built\n- [x] measured\n- [x] checked; evidence: run 1f2e\n"
    assert found(text) == [
        (1, "S07", "all is said to be done, and 1 of 3 items are open (from line 3)"),
        (4, "S07", "ticked without evidence: measured"),
    ]
    assert found("Status: open. Done: 0 of 1\n\n- [ ] index built\n") == []
    assert [code for _, code, _ in found("1. ✅ Back up the database\n")] == ["S07"]


@pytest.mark.parametrize(
    "text",
    [
        "The top 20 indexes by use, and step 3 indexes more.",
        "Queries got 43% faster; 10 indexes are read 5x as often as 12 indexes were.",
        "Version 1.20 indexes a column; see #8 indexes.",
        "```\nTotal: 4 indexes\n```\nTotal: 5 indexes",
        "1,000 rows | 50 ms\nTotal: 3 new indexes\nThere were 45 existing indexes.",
        "",
    ],
)
def test_what_cannot_be_paired_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_documents_are_held_against_the_advice_and_the_run(tmp_path: Path) -> None:
    story = build(everything(tmp_path))
    texts = render(story)

    def against(name: str, old: str, new: str) -> set[str]:
        assert old in texts[name]
        document = claims_of(texts[name].replace(old, new), name)
        return {each.code for each in contradictions([document], story)}

    assert "S08" in against("guide.md", "1 descending", "2 descending")
    assert "S08" in against("completion.md", "of which 2 built", "of which 1 built")
    assert "S08" in against("analysis.md", "Total: 2 new indexes", "Total: 3 new indexes")
    assert against("completion.md", "| orders\\_paid\\_idx |", "| orders\\_other\\_idx |") == {"S09"}
    assert "S08" in against("analysis.md", "Total: 3 existing indexes", "Total: 4 existing indexes")


def test_what_was_not_given_is_not_held_against_the_documents(tmp_path: Path) -> None:
    whole = everything(tmp_path)
    documents = [claims_of(text, name) for name, text in render(build(whole)).items()]
    assert contradictions(documents, build(Sources(whole.advice))) == ()


def test_every_rule_has_a_test_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [code for code in RULES if f'"{code}"' not in text] == []
