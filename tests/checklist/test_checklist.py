"""The runner of the checklist, on a small suite that has everything that can become of a test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.checklist import lines, running, showing, verdicts
from tests.checklist.__main__ import main

SUITE = """
import pytest

def test_passes(record_property):
    record_property("milliseconds", 3)

@pytest.mark.parametrize("number", [1, 2])
def test_of_two(number):
    if number == 2:
        pytest.skip("no second engine here")

def test_fails():
    assert False, "as it should"

def test_is_skipped():
    pytest.skip("nothing to test with")

@pytest.mark.xfail(strict=False)
def test_is_expected_to_fail():
    assert False

@pytest.fixture
def broken():
    yield
    raise RuntimeError("cannot be cleared away")

def test_whose_end_fails(broken):
    pass

class TestMany:
    def test_one(self): pass
    def test_other(self): pass
"""
LINES = {
    1: ["test_suite.py::test_passes"],
    2: ["test_suite.py::test_passes", "test_suite.py::test_fails"],
    3: ["test_suite.py::test_is_skipped"],
    4: ["test_suite.py::test_that_is_not_there"],
    5: [],
    6: ["test_suite.py::TestMany"],
    7: ["test_suite.py::test_of_two"],
    8: ["test_suite.py::test_is_expected_to_fail"],
    9: ["test_suite.py::test_whose_end_fails"],
    10: ["test_broken.py::test_anything"],
    11: ["test_absent.py"],
    12: ["test_suite.py::test_of_two[2]"],
    13: ["test_suite.py::test_passes", "test_suite.py::test_is_skipped"],
}
EXPECTED = {
    1: ("shown", "1 test passed"),
    2: ("failed", "1 of 2 failed: test_suite.py::test_fails"),
    3: ("open", "not proven: test_suite.py::test_is_skipped was skipped (nothing to test with)"),
    4: ("failed", "there is no test test_suite.py::test_that_is_not_there"),
    5: ("open", "no test shows it yet"),
    6: ("shown", "2 tests passed"),
    7: ("shown", "1 test passed, 1 skipped"),
    8: ("open", "not proven: test_suite.py::test_is_expected_to_fail was skipped"),
    9: ("failed", "1 of 1 failed: test_suite.py::test_whose_end_fails"),
    10: ("failed", "there is no test test_broken.py::test_anything"),
    11: ("failed", "there is no test test_absent.py"),
    12: ("open", "not proven: test_suite.py::test_of_two[2] was skipped (no second engine here)"),
    13: ("open", "not proven: test_suite.py::test_is_skipped was skipped (nothing to test with)"),
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("suite")
    (folder / "test_suite.py").write_text(SUITE)
    (folder / "test_broken.py").write_text("import a_module_that_nobody_has\ndef test_anything(): pass\n")
    (folder / "lines").mkdir()
    rows = [
        f'[[line]]\nnumber = {number}\ntext = "Line {number}"\ntests = {json.dumps(tests)}\n'
        + ('claim = "250 ms claimed, 3 measured"\n' if number == 1 else "")
        for number, tests in LINES.items()
    ]
    (folder / "lines" / "a.toml").write_text('section = "A. Everything"\n' + "".join(rows))
    return folder


@pytest.fixture(scope="module")
def whole(root: Path) -> dict[int, dict[str, object]]:
    """A run of all the lines."""
    code = main(["--output", str(root / "build"), "--workers", "2"], folder=root / "lines", root=root)
    assert code == 1
    saved = json.loads((root / "build" / "checklist.json").read_text())
    assert (saved["lines"], saved["shown"]) == (13, 3)
    return {entry["number"]: entry for entry in saved["verdicts"]}


@pytest.mark.parametrize("number", sorted(EXPECTED))
def test_a_line_is_what_its_tests_are(whole: dict[int, dict[str, object]], number: int) -> None:
    state, evidence = EXPECTED[number]
    assert whole[number]["state"] == state
    assert str(whole[number]["evidence"]).startswith(evidence)


def test_figures_claims_and_tests_are_kept(whole: dict[int, dict[str, object]], root: Path) -> None:
    assert whole[1]["figures"] == {"milliseconds": "3"}
    assert whole[1]["claim"] == "250 ms claimed, 3 measured"
    assert [test["state"] for test in whole[2]["tests"]] == ["passed", "failed"]
    assert 'name="test_passes"' in (root / "build" / "checklist.xml").read_text()


def test_a_test_that_two_lines_name_runs_once(whole: dict[int, dict[str, object]], root: Path) -> None:
    assert (root / "build" / "checklist.xml").read_text().count('name="test_passes"') == 1


def test_shown_lines_alone_end_with_0(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--only", "1,6", "--output", str(tmp_path), "--workers", "1"]
    assert main(words, folder=root / "lines", root=root) == 0
    said = capsys.readouterr().out
    assert "2 of 2 lines are shown" in said
    assert "claim: 250 ms claimed, 3 measured" in said
    assert "milliseconds: 3" in said


def test_the_table_takes_the_place_of_the_old_one(root: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Checklist\n\n{showing.BEGIN}\nold\n{showing.END}\n\nThe end.\n")
    words = ["--only", "1,5", "--output", str(tmp_path), "--workers", "1", "--write", str(page)]
    assert main(words, folder=root / "lines", root=root) == 1
    text = page.read_text()
    assert "old" not in text
    assert "| 5 | Line 5 | open | no test shows it yet |" in text
    assert text.endswith(f"{showing.END}\n\nThe end.\n")


def test_lines_that_did_not_run_keep_what_an_earlier_run_said(root: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"{showing.BEGIN}\n{showing.END}\n")
    words = ["--output", str(tmp_path), "--workers", "1", "--write", str(page)]
    main(["--only", "5", *words], folder=root / "lines", root=root)
    main(["--only", "1", *words], folder=root / "lines", root=root)
    text = page.read_text()
    assert "| 5 | Line 5 | open |" in text
    assert "| 1 | Line 1<br>*250 ms claimed, 3 measured* | shown |" in text
    assert "| 2 | Line 2 | not run |" in text
    assert text.count("\n| ") == 1 + len(LINES)
    saved = json.loads((tmp_path / "checklist.json").read_text())
    assert (saved["lines"], saved["shown"]) == (1, 1)


def test_listing_runs_nothing(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "--output", str(tmp_path / "no")], folder=root / "lines", root=root) == 0
    assert "test_suite.py::TestMany" in capsys.readouterr().out
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("only", ["x", "3-", "99", "-3", "1,,2"])
def test_lines_that_are_none_are_refused(root: Path, only: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"--only={only}"], folder=root / "lines", root=root) == 2
    assert capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "section = [",
        'section = "A"\n[[line]]\nnumber = 1\ntext = "x"\ntest = ["a"]\n',
        'section = "A"\n[[line]]\nnumber = 1\ntext = "x"\ntests = "a"\n',
        'section = "A"\n[[line]]\ntext = "x"\n',
        '[[line]]\nnumber = 1\ntext = "x"\n',
        'section = "A"\n[[line]]\nnumber = 1\ntext = "x"\n[[line]]\nnumber = 1\ntext = "y"\n',
    ],
)
def test_a_file_that_says_something_else_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(lines.LinesRefused, match=r"a\.toml"):
        lines.read(tmp_path)


def test_the_last_word_on_a_test_that_did_not_run_is_open() -> None:
    line = lines.Line(1, "A", "Line", ("test_a.py::test_x",))
    found = verdicts.judge(line, ["test_a.py::test_x"], [])
    assert (found.state, found.evidence) == ("open", "not proven: test_a.py::test_x did not run")


def test_a_name_that_only_begins_alike_is_another_test() -> None:
    assert running.belongs("a.py::test_x[1]", "a.py::test_x")
    assert running.belongs("a.py::test_x", "a.py")
    assert not running.belongs("a.py::test_xy", "a.py::test_x")
    assert not running.belongs("a.py::test_x", "a.py::test_x[1]")


def test_there_are_80_lines_in_eight_sections() -> None:
    found = lines.read()
    assert [line.number for line in found] == list(range(1, 81))
    assert len({line.section for line in found}) == 8


def test_every_line_names_a_test_file_that_is_there() -> None:
    for line in lines.read():
        for test in line.tests:
            assert (running.ROOT / test.partition("::")[0]).is_file(), f"line {line.number}: {test}"


def test_the_page_has_every_line_as_it_is() -> None:
    page = (running.ROOT / "docs" / "checklist.md").read_text(encoding="utf-8")
    for line in lines.read():
        assert f"| {line.number} | {line.text.replace('|', chr(92) + '|')}" in page, line.number
