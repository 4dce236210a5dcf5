"""Every command that README and docs name exists as it is written: verb, options, target, extra, program."""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from tests.docs.not_run import TABLE, reason
from tests.docs.pages import ROOT, Block, Command, blocks, commands, name, pages, parse

from indexical.cli import build_parser
from indexical.cli.door import Door
from indexical.django.door import DjangoProject

COMMANDS = tuple(command for path in pages() for command in commands(path))
DOORS = {
    "indexical": Door(),
    "manage.py indexes": Door(program="manage.py indexes", project=DjangoProject()),
}
_CALL = re.compile(r"^(?:python )?(?P<door>indexical|manage\.py indexes) ")
_INLINE = re.compile(r"`(?:python )?(?P<door>indexical|manage\.py indexes) (?P<rest>[^`]+)`")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


@cache
def parser(door: str) -> argparse.ArgumentParser:
    made = build_parser(DOORS[door])
    if door != "indexical":
        made.add_argument("--database", default="default")
    return made


@cache
def options(door: str) -> dict[str, frozenset[str]]:
    """The long and short options of every verb, those of its own verbs among them."""
    (verbs,) = (a for a in parser(door)._actions if isinstance(a, argparse._SubParsersAction))
    return {verb: frozenset(_options(sub)) for verb, sub in verbs.choices.items()}


def _options(of: argparse.ArgumentParser) -> set[str]:
    found: set[str] = set()
    for action in of._actions:
        found.update(action.option_strings)
        if isinstance(action, argparse._SubParsersAction):
            for sub in action.choices.values():
                found |= _options(sub)
    return found


CALLS = [command for command in COMMANDS if _CALL.match(command.text)]


def test_there_is_something_to_look_at() -> None:
    assert len(COMMANDS) > 100
    assert len(CALLS) > 80
    assert {"README.md", "docs/tutorial.md", "docs/why.md"} <= {command.page for command in CALLS}


@pytest.mark.parametrize("command", CALLS, ids=str)
def test_the_parser_takes_the_command(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    match = _CALL.match(command.text)
    assert match is not None
    words = shlex.split(command.text[match.end() :], comments=True)
    try:
        parser(match["door"]).parse_args(words)
    except SystemExit as stopped:
        if stopped.code:
            pytest.fail(f"{command}\n{capsys.readouterr().err}")


@pytest.mark.parametrize("page", pages(), ids=name)
def test_commands_in_sentences_exist_too(page: Path) -> None:
    for match in _INLINE.finditer(page.read_text(encoding="utf-8")):
        verb = match["rest"].split()[0].strip(",.;:")
        if not verb.islower() or not verb.isalpha():
            continue
        known = options(match["door"])
        assert verb in known, f"{name(page)}: {match[0]}"
        rest = match["rest"].split(" -- ")[0]
        missing = set(_OPTION.findall(rest)) - known[verb] - {"--database", "--version"}
        assert not missing, f"{name(page)}: {match[0]}: {missing}"


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.command)
def test_what_is_not_run_is_still_there_and_shown_by_another_test(row: object) -> None:
    assert isinstance(row, type(TABLE[0]))
    assert any(row.fits(command) for command in COMMANDS), "no command like this is left: remove the row"
    assert len(row.why) > 12
    assert not row.shown_by or (ROOT / row.shown_by).exists()


def test_a_command_that_nobody_excused_is_run() -> None:
    assert reason(Command("docs/why.md", 1, "indexical why SOURCE QUERY")) is None
    assert reason(Command("docs/usage.md", 1, "indexical usage URL --node URL")) is not None


def test_every_extra_that_is_to_be_installed_exists() -> None:
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = [extra for path in pages() for extra in re.findall(r"indexical\[([\w,]+)\]", path.read_text())]
    assert named
    assert {extra for text in named for extra in text.split(",")} <= set(known)


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    targets |= {
        f"bench-{path.stem.removeprefix('bench_').replace('_', '-')}"
        for path in (ROOT / "bench").glob("bench_*.py")
    }
    named = [
        target
        for path in pages()
        for target in re.findall(r"(?:`|^\$ )make ([a-z][a-z0-9-]*)", path.read_text(), re.MULTILINE)
    ]
    assert named
    # "make bench-NAME" stands for any of them.
    assert set(named) - {"bench-"} <= targets


def test_the_options_of_benchmarks_exist() -> None:
    asked = [command.text.split("#")[0].split() for command in COMMANDS if " bench/" in command.text]
    assert asked
    for words in asked:
        program = next(word for word in words if word.startswith("bench/"))
        for option in (word for word in words if word.startswith("--")):
            assert option in _help(program), f"{program} {option}"


@cache
def _help(program: str) -> str:
    words = [sys.executable, program, "--help"]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True).stdout


PYTHON = [block for path in pages() for block in blocks(path) if block.language == "python"]


@pytest.mark.parametrize("block", PYTHON, ids=lambda block: f"{block.page}:{block.line}")
def test_python_in_the_pages_is_python(block: Block) -> None:
    compile("\n".join(block.lines), f"{block.page}:{block.line}", "exec")


def test_a_page_is_read_as_its_reader_does() -> None:
    page = """
```console
$ one \\
    --more
said
$ two    # why
```
```bash
# not this
three
```
```python title="a/b.py, at the end"
x = 1
```
```console title="another terminal"
$ four
ready
```
```text title=".gitignore"
*.pyc
```
```pycon
>>> 1 + 1
2
```
"""
    found = parse(page, "p.md")
    assert [(c.text, c.printed, c.background) for block in found for c in block.commands] == [
        ("one \\\n    --more", ("said",), False),
        ("two    # why", (), False),
        ("three", (), False),
        ("four", ("ready",), True),
        (">>> 1 + 1\n2", (), False),
    ]
    files = [block.file for block in found if block.file]
    assert [(file.path, file.text, file.added) for file in files] == [
        ("a/b.py", "x = 1\n", True),
        (".gitignore", "*.pyc\n", False),
    ]
    with pytest.raises(ValueError, match=r"p\.md:2"):
        parse("\n```python\n", "p.md")
