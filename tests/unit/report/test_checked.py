"""The gate's findings in every format, hostile names included."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from indexical.cli.baselines import baseline_text, load_baseline
from indexical.errors import FileRefused
from indexical.model import NotExamined
from indexical.model.check import RULES, SEVERITIES, Checked, CheckFinding, ordered
from indexical.report.checked import render_annotations, render_json, render_text, summary
from indexical.report.sarif import FINGERPRINT, render_sarif

PLAIN = CheckFinding("duplicate", "shop_order.one", "the same keys", "drop it", "shop/models.py", 41)
GRAVE = CheckFinding("invalid", "shop_order.two", "not valid", "build it again")
SLIGHT = CheckFinding("bloated", "shop_order.three", "half of it is air", "rebuild it")
HOSTILE = CheckFinding(
    "redundant",
    "t.\n::error file=x::owned\x1b[31m\u202e",
    "100% \r\n::set-output name=a::b",
    "drop, or: not",
    "a,b:c/models.py",
    3,
)


def checked(*findings: CheckFinding, known: tuple[CheckFinding, ...] = ()) -> Checked:
    return Checked(
        ordered(findings),
        (NotExamined("use of 3 of 9 indexes", "counted for too short a time"),),
        "shop",
        "18.6",
        "2026-01-02 03:04:05+00",
        "2026-01-01 00:00:00+00",
        known,
    )


def test_the_gravest_come_first_and_each_once() -> None:
    assert ordered((SLIGHT, PLAIN, GRAVE, PLAIN)) == (GRAVE, PLAIN, SLIGHT)


@pytest.mark.parametrize(
    ("severity", "expected"),
    [("error", (GRAVE,)), ("warning", (GRAVE, PLAIN)), ("note", (GRAVE, PLAIN, SLIGHT))],
)
def test_at_or_above(severity: str, expected: tuple[CheckFinding, ...]) -> None:
    assert checked(SLIGHT, PLAIN, GRAVE).at_or_above(severity) == expected  # type: ignore[arg-type]


def test_a_fingerprint_stays_while_figures_lines_and_files_move() -> None:
    moved = CheckFinding("duplicate", "shop_order.one", "other figures", "other words", "shop/base.py", 7)
    assert moved.fingerprint == PLAIN.fingerprint
    assert GRAVE.fingerprint != CheckFinding("duplicate", GRAVE.subject, "", "").fingerprint


def test_text_has_place_reason_and_remedy_and_says_what_was_not_examined() -> None:
    text = render_text(checked(PLAIN, GRAVE))
    assert text.index("Errors") < text.index("Warnings") < text.index("Not examined")
    assert "shop/models.py:41" in text
    assert "→ drop it" in text
    assert "use of 3 of 9 indexes: counted for too short a time" in text
    assert "1 error, 1 warning, 0 notes" in text
    assert "counters since 2026-01-01" in text


def test_known_findings_are_a_number_only() -> None:
    assert "1 finding of the baseline not counted" in summary(checked(GRAVE, known=(PLAIN,)))
    assert PLAIN.subject not in render_text(checked(GRAVE, known=(PLAIN,)))


def test_json_has_every_finding() -> None:
    document = json.loads(render_json(checked(PLAIN, GRAVE, SLIGHT)))
    assert document["version"] == 1
    assert document["counts"] == {"error": 1, "warning": 1, "note": 1}
    assert [each["code"] for each in document["findings"]] == ["invalid", "duplicate", "bloated"]
    assert document["findings"][0]["file"] is None
    assert document["findings"][1]["line"] == 41


def test_annotations_are_one_command_a_line_and_nothing_hostile_becomes_one() -> None:
    lines = render_annotations(checked(PLAIN, HOSTILE)).splitlines()
    assert lines[0] == (
        "::warning title=An index repeats another one,file=shop/models.py,line=41::shop_order.one: the same keys. drop it"
    )
    assert len(lines) == 4
    assert [line.split(" ")[0] for line in lines[:3]] == ["::warning", "::warning", "::notice"]
    assert "\x1b" not in lines[1]
    assert "\u202e" not in lines[1]
    assert "%250D" not in lines[1]
    assert "100%25 %0D%0A::set-output" in lines[1]
    assert "file=a%2Cb%3Ac/models.py" in lines[1]


def test_sarif_has_what_a_host_needs() -> None:
    document = json.loads(render_sarif(checked(PLAIN, GRAVE, known=(SLIGHT,))))
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["bloated", "duplicate", "invalid"]
    first, second, known = run["results"]
    assert (first["ruleId"], first["level"], first["baselineState"]) == ("invalid", "error", "new")
    assert "physicalLocation" not in first["locations"][0]
    place = second["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "shop/models.py", "uriBaseId": "SRCROOT"},
        "region": {"startLine": 41},
    }
    assert second["partialFingerprints"] == {FINGERPRINT: PLAIN.fingerprint}
    assert known["baselineState"] == "unchanged"
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].startswith(
        "Not examined"
    )


def test_sarif_quotes_names_of_files() -> None:
    (result,) = json.loads(render_sarif(checked(HOSTILE)))["runs"][0]["results"]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == "a%2Cb%3Ac/models.py"


def test_every_rule_has_words_and_a_known_severity() -> None:
    for code, rule in RULES.items():
        assert rule.severity in SEVERITIES, code
        assert rule.title, code
        assert rule.help.endswith("."), code


def test_every_rule_has_a_section_in_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs" / "check.md").read_text(encoding="utf-8")
    headings = [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")]
    assert [each for each in headings if each in RULES] == list(RULES)


def test_a_baseline_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(baseline_text((PLAIN, GRAVE)))
    assert load_baseline(path) == {PLAIN.fingerprint, GRAVE.fingerprint}
    assert "duplicate: shop_order.one" in path.read_text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"version": 2, "known": {}}',
        '{"version": 1, "known": ["x"]}',
        '{"version": 1, "known": {"zz": ""}}',
    ],
)
def test_what_is_not_a_baseline_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(text)
    with pytest.raises(FileRefused, match="baseline"):
        load_baseline(path)
