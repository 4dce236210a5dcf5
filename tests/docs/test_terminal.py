"""The terminal that follows the pages notices what a page says and does not happen."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.docs.pages import Command, File, parse
from tests.docs.terminal import DocumentationWrong, Terminal, compare


def follow(folder: Path, text: str) -> Terminal:
    page = f"```console\n{text}\n```"
    (folder / "state").mkdir()
    with Terminal.open(folder, folder / "state", {}) as terminal:
        terminal.follow([command for block in parse(page, "p.md") for command in block.commands])
    return terminal


def test_folder_and_exported_variables_last_to_the_next_command(tmp_path: Path) -> None:
    follow(
        tmp_path,
        "$ mkdir inner && cd inner\n$ export WORD=kept\n$ echo $WORD in $(basename $PWD)\nkept in inner",
    )


def test_a_command_that_fails_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(DocumentationWrong, match=r"p\.md:2: false\nended with 1"):
        follow(tmp_path, "$ false")


def test_a_command_may_fail_where_its_code_is_shown_next(tmp_path: Path) -> None:
    follow(tmp_path, "$ sh -c 'exit 3'\n$ echo $?\n3")


def test_another_code_than_the_page_shows_is_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentationWrong, match="the exit code is"):
        follow(tmp_path, "$ sh -c 'exit 3'\n$ echo $?\n4")


def test_the_first_of_several_programs_must_not_fail_either(tmp_path: Path) -> None:
    with pytest.raises(DocumentationWrong):
        follow(tmp_path, "$ false | cat")


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (["a 12 ms", "b"], "a 7.5 ms\nb\nmore"),
        (["a", "…", "c"], "a\nb\nc\n"),
        (["b"], "warn\nb\n"),
        (["a …, c"], "a b, c\n"),
        (["Run 4e1fc9f3"], "Run 0a1b2c3d\n"),
        (["a   ──── b"], "a ── b\n"),
    ],
)
def test_what_differs_from_run_to_run_is_not_compared(shown: list[str], said: str) -> None:
    compare(Command("p.md", 1, "x", tuple(shown)), said)


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (["a", "c"], "a\nb\nc\n"),
        (["b", "…", "a"], "a\nb\n"),
        (["a"], "b\n"),
        (["a"], ""),
        (["used"], "not-used\n"),
        (["a …"], "b a c\n"),
    ],
)
def test_a_line_that_is_not_printed_at_its_place_is_told(shown: list[str], said: str) -> None:
    with pytest.raises(DocumentationWrong, match="does not print"):
        compare(Command("p.md", 1, "x", tuple(shown)), said)


def test_what_runs_in_the_background_is_waited_for_and_ended(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    command = Command("p.md", 1, "sh -c 'echo ready; sleep 100'", ("ready",), background=True)
    with Terminal.open(tmp_path, tmp_path / "state", {}) as terminal:
        process = terminal.start(command)
        assert process.poll() is None
    assert process.returncode is not None


def test_nothing_is_added_to_a_file_that_is_not_there(tmp_path: Path) -> None:
    with Terminal.open(tmp_path, tmp_path, {}) as terminal:
        terminal.write(File("p.md", 1, "a/b.py", "x\n"))
        terminal.write(File("p.md", 2, "a/b.py", "y\n", added=True))
        assert (tmp_path / "a/b.py").read_text() == "x\ny\n"
        with pytest.raises(DocumentationWrong, match=r"there is no c\.py"):
            terminal.write(File("p.md", 3, "c.py", "", added=True))
