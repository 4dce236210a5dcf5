"""docs/reference is what the code says today, and every verb and option has a meaning there."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.docs.pages import DOCS, ROOT

from indexical.cli import build_parser
from indexical.cli.door import Door
from indexical.cli.verbs import VERBS
from indexical.django.door import DjangoProject

DOORS = {
    "indexical": Door(),
    "manage.py indexes": Door(program="manage.py indexes", project=DjangoProject()),
}
COMMANDS = DOCS / "reference" / "commands.md"


def test_the_committed_pages_are_those_that_the_code_makes() -> None:
    done = subprocess.run(
        [sys.executable, "tools/reference.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
def test_every_verb_has_a_section_a_how_to_and_a_line_in_its_list(verb: str) -> None:
    assert f"\n## {verb}\n" in COMMANDS.read_text()
    assert (DOCS / "how-to" / f"{verb}.md").exists()
    assert f"[{verb}]({verb}.md)" in (DOCS / "how-to" / "index.md").read_text()


def test_a_how_to_says_goal_next_and_pitfalls() -> None:
    for verb in VERBS:
        text = (DOCS / "how-to" / f"{verb.name}.md").read_text()
        assert text.startswith(f"# {verb.name}\n\n**Goal.** ")
        assert "**Next.** " in text
        assert "**Pitfalls.**" in text
        assert "```console" in text


def test_options_of_one_door_are_marked() -> None:
    text = COMMANDS.read_text()
    assert re.search(r"^\| `--diff` \| .*Only `manage\.py indexes`\. \|$", text, re.MULTILINE)
    assert "| `SOURCE` (at the Django door `[SOURCE]`) |" in text


@pytest.mark.parametrize("door", DOORS)
def test_every_argument_says_what_it_means(door: str) -> None:
    for verb, parser in _parsers(DOORS[door]):
        for action in parser._actions:
            assert action.help, f"{verb} {action.option_strings or action.dest}"


def _parsers(door: Door) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Of all verbs, and of the verbs that some of them have themselves."""
    waiting = [("", build_parser(door))]
    while waiting:
        verb, parser = waiting.pop()
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                action.help = action.help or "a verb"
                waiting += [(f"{verb} {name}".strip(), sub) for name, sub in action.choices.items()]
        yield verb, parser
