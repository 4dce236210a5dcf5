"""Taking runs up again in tests, with what was said kept for the search for secrets."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from indexical.apply.journal import read_run
from indexical.apply.resume import resume
from indexical.model import Index, Key, Outcome
from indexical.model.run import RunRecord
from indexical.pg.session import Session
from tests.faults.harness import InvariantBroken, Place, Tool, let_go, nothing_changes

USER = Index("public", "orders", (Key.asc("user_id"),))
CREATED = Index("public", "orders", (Key.asc("created_at"),))


def journals(place: Place) -> list[Path]:
    """Of the runs of a process in the place's folder, the oldest first."""
    return sorted((place.folder / ".indexical" / "runs").glob("*.jsonl"))


def take_up(place: Place, journal: Path, **options: Any) -> tuple[Outcome, ...]:
    """``resume`` in this process."""
    outcomes = resume(journal, options.pop("open_session", place.open_ours), **options).outcomes
    place.says(outcomes)
    return outcomes


def again_changes_nothing(place: Place, journal: Path) -> None:
    """Invariant I5: a run that was brought to its end stays there, whatever is asked of it."""
    text = journal.read_bytes()
    with nothing_changes(place):
        take_up(place, journal)
    if journal.read_bytes() != text:
        raise InvariantBroken("I5: taking a finished run up again has written into its journal")


def ended_well(place: Place, journal: Path, **states: str) -> RunRecord:
    """Asserts that the run has ended with these indexes of ``orders`` as ``valid/ready/live``; empty for gone."""
    record = read_run(journal)
    assert record.finished, record
    for name, state in states.items():
        assert place.index_state(name) == state, (name, place.index_state(name), state)
    again_changes_nothing(place, journal)
    return record


def taken_up_while_it_builds(place: Place, journal: Path, **options: Any) -> tuple[Outcome, ...]:
    """``resume`` beside a slow build of the run that goes on on the server: let go once somebody waits for its end."""
    waited: list[str] = []
    with ExitStack() as stack:

        def on_event(_event: str, _share: float, text: str) -> None:
            if "waiting for our earlier backend" in text and not waited:
                waited.append(text)
                stack.enter_context(let_go(place.url))

        outcomes = take_up(place, journal, on_event=on_event, **options)
    assert waited, "nobody has waited for the build"
    return outcomes


def patched_tool(place: Place, patch: str, *arguments: object) -> Tool:
    """``indexical apply`` as a process in which some lines run first."""
    script = f"import sys\n{patch}\nfrom indexical.cli import main\nsys.exit(main(sys.argv[1:]))\n"
    return Tool(place, "apply", *arguments, python=("-c", script))


def opened_with(place: Place, **options: Any) -> Any:
    from indexical.pg.session import connect

    def open_session() -> Session:
        return connect(place.url, read_only=False, **options)

    return open_session
