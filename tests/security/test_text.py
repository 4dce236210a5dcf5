"""Characters that steer a terminal, a page or a script: none gets through a report in any format."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest

from indexical.cli import main
from indexical.model import Drop, ExistingIndex, Index, Key, NotExamined, Refusal
from indexical.report import FORMATS, render
from tests.unit.report.samples import advice, recommendation

HOSTILE = (
    "a\x00b\x07\x1b[2J\x1b]0;title\x07\r\u202e\u2066\u200f\u0085\u2028\x9b31m<script>alert(1)</script>\"'|`*/"
)


NAME = "\x1b[2J\u202e\r\u2028<script>alert(1)</script>\"'"
"""What PostgreSQL takes as a name: no NUL, and not too long."""


def steering(text: str) -> set[str]:
    """Control and direction characters that no reader asked for."""
    return {
        f"U+{ord(letter):04X}"
        for letter in text
        if unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp"} and letter not in "\n\t"
    }


def hostile():
    index = Index(NAME, NAME, (Key.asc(NAME),))
    made = replace(recommendation(index, NAME), statements=(HOSTILE,), rule=HOSTILE, model=HOSTILE)
    gone = Drop(ExistingIndex(NAME, index, definition=HOSTILE), "unused", HOSTILE, HOSTILE, model=HOSTILE)
    return advice(
        create=(made,), drop=(gone,), refused=(Refusal(HOSTILE, HOSTILE, HOSTILE),),
        not_examined=(NotExamined(HOSTILE, HOSTILE),), database=HOSTILE,
    )  # fmt: skip


@pytest.mark.security("S4")
@pytest.mark.parametrize("format", [each for each in FORMATS if each != "sql"])
def test_no_report_holds_a_character_that_steers(format):
    text = render(hostile(), format)
    assert steering(text) == set()
    assert "<script>alert" not in text or format in ("text", "json")


@pytest.mark.security("S4")
def test_in_a_script_only_quoted_names_hold_what_they_are(capsys):
    text = render(hostile(), "sql")
    for line in text.split("\n"):
        if line.startswith("--"):
            assert steering(line) == set()


@pytest.mark.security("S4")
@pytest.mark.parametrize(
    "arguments",
    [
        ("advise", "\x1b[2Jno-such-file", "--workload", "x.sql"),
        ("advise", "postgresql://u@127.0.0.1:1/\x1b[2Jx\u202e", "--workload", "x.sql"),
        ("write", "--advice", "no\x1b]0;x\x07.json", "-o", "x.sql"),
        ("write", "--advice", "x.json", "--name", "\x1b[2J\u202e", "-o", "x.sql"),
        ("snapshot", "postgresql://u@127.0.0.1:1/x?\x1b[2J=1", "-o", "s"),
    ],
)
def test_no_message_holds_a_character_that_steers(tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.sql").write_text("SELECT id FROM orders WHERE user_id = 7;\n")
    (tmp_path / "x.json").write_text(render(advice(), "json"))
    assert main(list(arguments)) in (2, 3)
    out, err = capsys.readouterr()
    assert steering(out + err) == set()
    assert err
