"""``story`` on the command line: documents written, documents checked, and everything that is refused in one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.unit.report.samples import advice
from tests.unit.report.story.samples import REPORT, USED

from indexical.cli import main
from indexical.cli.promoting import CODES
from indexical.report.json import render_advice
from indexical.report.run_json import run_document
from indexical.report.story.agreement import RULES

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "advice.json").write_text(render_advice(advice()))
    (tmp_path / "verified.json").write_text(run_document(outcomes=USED, at="2026-01-02T04:00:00+00:00"))
    (tmp_path / "report.md").write_text(REPORT)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["story", *words])
    out, err = capsys.readouterr()
    return code, out, err


def test_three_documents_are_written_and_agree(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(
        capsys, "--advice", "advice.json", "--verified", "verified.json", "-o", "made/documents"
    )
    assert code == 0
    assert "1 of 9 items done with evidence" not in out
    assert "2 of 9 items done with evidence" in out
    names = sorted(path.name for path in (folder / "made/documents").iterdir())
    assert names == ["analysis.md", "completion.md", "guide.md"]
    files = [f"made/documents/{name}" for name in names]
    code, out, _ = said(capsys, "--check", *files, "--advice", "advice.json")
    assert (code, out.splitlines()[-1].split(",")[0]) == (0, "0 contradictions in 3 documents")


def test_a_contradiction_ends_with_1_and_names_file_and_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = said(capsys, "--check", "report.md")
    assert code == 1
    assert out.startswith("report.md:7: S01 20 indexes against 19")
    assert "report.md:25: S02 43 indexes against 42" in out


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--advice", "advice.json"),
        ("--advice", "none.json", "-o", "made"),
        ("--advice", "verified.json", "-o", "made"),
        ("--advice", "advice.json", "--verified", "advice.json", "-o", "made"),
        ("--advice", "advice.json", "--before", "a.json", "-o", "made"),
        ("--advice", "advice.json", "--journal", "advice.json", "-o", "made"),
        ("--advice", "advice.json", "--snapshot", "advice.json", "-o", "made"),
        ("--advice", "advice.json", "--run", "nowhere", "-o", "made"),
        ("--advice", "advice.json", "-o", "report.md"),
        ("--check", "none.md"),
        ("--check", "."),
        ("--check", "report.md", "-o", "made"),
        ("--check", "advice.json"),
    ],
)
def test_what_is_missing_or_something_else_is_refused_in_one_line(
    words: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = said(capsys, *words)
    assert code == 2
    assert err.count("\n") == 1, err
    assert not (folder / "made").exists()


def test_bytes_that_are_no_text_are_no_document(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bytes.md").write_bytes(b"\xff\xfe 43 indexes")
    code, _, err = said(capsys, "--check", "bytes.md")
    assert code == 2
    assert "not text in UTF-8" in err


@pytest.mark.parametrize(("page", "letter", "codes"), [("story", "S", RULES), ("promotion", "G", CODES)])
def test_the_pages_list_every_code_once_and_no_other(page: str, letter: str, codes: dict[str, str]) -> None:
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    assert re.findall(rf"^\| ({letter}\d\d) \|", text, re.MULTILINE) == list(codes)
