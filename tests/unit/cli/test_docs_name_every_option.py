"""docs/commands.md names every verb and every option of the parser, and no other option."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from indexical.cli import build_parser
from indexical.cli.door import Door

DOCS = Path(__file__).resolve().parents[3] / "docs" / "commands.md"


def verbs() -> dict[str, argparse.ArgumentParser]:
    parser = build_parser(Door())
    (action,) = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    return dict(action.choices)


def section(verb: str) -> str:
    parts = re.split(r"^## ", DOCS.read_text(), flags=re.MULTILINE)
    (found,) = [part for part in parts if part.startswith(f"{verb}\n")]
    return found


@pytest.mark.parametrize("verb", sorted(verbs()))
def test_every_option_of_the_verb_is_documented(verb: str) -> None:
    text = section(verb)
    for action in verbs()[verb]._actions:
        for option in action.option_strings:
            if option not in ("-h", "--help"):
                assert option in text, f"{verb} {option}"


def test_no_option_is_documented_that_does_not_exist() -> None:
    known = {
        option
        for parser in verbs().values()
        for action in parser._actions
        for option in action.option_strings
    }
    # Only at the Django door.
    known |= {"--diff", "--plain", "--one-per-file", "--outside-app", "--database"}
    for option in re.findall(r"`(--[a-z-]+)", DOCS.read_text()):
        assert option in known, option
