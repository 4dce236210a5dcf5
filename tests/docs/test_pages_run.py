"""Every command of every page is run, in order, and prints what the page says; what is not run stands in a table."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.docs.begin import place_of
from tests.docs.not_run import reason
from tests.docs.pages import Command, commands, name, pages, steps
from tests.docs.places import TUTORIAL, World, open_folder
from tests.docs.terminal import Terminal

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(1800)]

RUN = [path for path in pages() if path != TUTORIAL and any(not reason(found) for found in commands(path))]


def test_the_tutorial_holds_to_its_end_with_nothing_but_python() -> None:
    run = [step for step in steps(TUTORIAL) if not (isinstance(step, Command) and reason(step))]
    with open_folder() as folder, open_folder() as state, Terminal.open(folder, state, {}) as terminal:
        terminal.environment.pop("DATABASE_URL", None)
        terminal.follow(run)


@pytest.mark.parametrize("page", RUN, ids=name)
def test_the_commands_of_a_page_do_what_it_says(page: Path, reader: World) -> None:
    run = [step for step in steps(page) if not (isinstance(step, Command) and reason(step))]
    with reader.enter(place_of(name(page))) as terminal:
        terminal.follow(run)
