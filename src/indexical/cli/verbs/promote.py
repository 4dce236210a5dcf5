"""``promote``: the record of a change on staging, its gates and its window, without which production does not begin.

``begin`` after ``apply`` on staging, ``gate NAME`` for each gate, ``status`` and ``check`` to see where it stands; then
``apply --promotion FILE`` in production.
"""

from __future__ import annotations

import argparse
import json
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MethodType
from typing import Any

from indexical import __version__
from indexical.apply.journal import identity
from indexical.cli import units
from indexical.cli.door import Door
from indexical.cli.gates import Ask, examine
from indexical.cli.output import terminal
from indexical.cli.recorded import chosen, of_database, recorded_runs
from indexical.cli.records import records_folder, shown
from indexical.cli.source import add_workload, open_session
from indexical.errors import FileRefused, InputError, NotHeld
from indexical.model import RunRecord
from indexical.model.promotion import APPLIED, GATES, LEAST_WINDOW_S, Promoted, Promotion
from indexical.pg.session import Session
from indexical.promotion import record
from indexical.promotion.deciding import duration, holds, judge_applied, not_advised, standings
from indexical.promotion.observing import clocks, located, observe
from indexical.report.promotion import promotion_document, promotion_sections
from indexical.report.text import render_sections
from indexical.report.units import printable

HELP = "Record on staging what may go to production: begin after apply, pass the gates, check."
_FOLDER = "promotions"
_STEPS = ("begin", "gate", "status", "check")


def configure(parser: argparse.ArgumentParser, door: Door) -> None:
    parser.add_argument(
        "step", choices=_STEPS, help="begin a record, run a gate, show the record, or check it"
    )
    source = "SOURCE" if door.project is None else "[SOURCE]"
    parser.add_argument(
        "words",
        metavar="WORD",
        nargs="*",
        help=f"for begin: {source}, the staging database; for gate: its NAME, then {source}; a command goes after --",
    )
    parser.add_argument(
        "--promotion", metavar="FILE", help="the record (default: the newest in .indexical/promotions)"
    )
    begin = parser.add_argument_group("begin")
    begin.add_argument(
        "--journal", metavar="FILE", help="the journal of the run on staging (default: the newest there)"
    )
    begin.add_argument(
        "--run",
        metavar="ID",
        dest="run_id",
        nargs="?",
        const="",
        help="that run by its id; for gate tests, or a gate of your own: the command follows after --",
    )
    begin.add_argument(
        "--window",
        metavar="TIME",
        type=units.seconds,
        default=LEAST_WINDOW_S,
        help="how long staging is watched before production may follow: 24h to 48h is usual (default 24h)",
    )
    begin.add_argument("--short-window", action="store_true", help="allow a window of less than 24h")
    begin.add_argument(
        "--gate",
        metavar="NAME",
        action="append",
        default=[],
        help="one more gate that has to be passed; repeat it",
    )
    gate = parser.add_argument_group("gate")
    gate.add_argument(
        "--advice", metavar="FILE", help="verified, not-worse: the advice that was applied on staging"
    )
    gate.add_argument(
        "--before", metavar="FILE", help="not-worse: what measure -o wrote before the run on staging"
    )
    gate.add_argument("--after", metavar="FILE", help="not-worse: what measure -o wrote after the window")
    gate.add_argument(
        "--tolerance",
        metavar="SHARE",
        type=units.share,
        default=0.1,
        help="not-worse: how much slower a statement's median may be (default 10%%; less than 0.1 ms never counts)",
    )
    gate.add_argument(
        "--watch",
        metavar="TIME",
        type=units.seconds,
        help="not-worse: watch the statements' times for this long instead",
    )
    gate.add_argument(
        "--baseline", metavar="FILE", help="not-worse: the window that verify --watch kept before the run"
    )
    add_workload(parser)
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="of the result; default: text"
    )
    # A command after -- is set apart before argparse sees it: it would take the command's words for its own.
    parse = parser.parse_known_args
    parser.parse_known_args = MethodType(  # type: ignore[method-assign]
        lambda _, args=None, namespace=None: _set_apart(parse, args, namespace), parser
    )


def _set_apart(
    parse: Any, args: Sequence[str] | None, namespace: Any
) -> tuple[argparse.Namespace, list[str]]:
    words = list(args or ())
    place = words.index("--") if "--" in words else len(words)
    found, rest = parse(words[:place], namespace)
    found.command = words[place + 1 :]
    return found, rest


def run(arguments: argparse.Namespace, door: Door) -> int:
    if arguments.command and arguments.step != "gate":
        raise InputError("a command after -- is for promote gate NAME; leave it out")
    if arguments.step == "begin":
        return _begin(arguments, door)
    if arguments.step == "gate":
        return _gate(arguments, door)
    if arguments.words:
        raise InputError(
            f"promote {arguments.step} asks no database; leave {printable(arguments.words[0])!r} out"
        )
    path = _path(arguments)
    promotion = record.read(path)
    _show(arguments, promotion, path)
    if arguments.step == "status":
        return 0
    if arguments.advice is not None and (others := _others(promotion, arguments.advice)):
        print(f"the advice has changed since: {printable('; '.join(others[:5]))}")
        return 1
    return 0 if holds(promotion) else 1


def _begin(arguments: argparse.Namespace, door: Door) -> int:
    source = _source(arguments.words, 0)
    if arguments.window < LEAST_WINDOW_S and not arguments.short_window:
        raise InputError(
            f"a window of {duration(arguments.window)} is shorter than {duration(LEAST_WINDOW_S)}; say --short-window as well "
            "when that is meant"
        )
    gates = tuple(dict.fromkeys((*GATES, *arguments.gate)))
    if any(not gate.strip() or gate.startswith("-") or not gate.isprintable() for gate in gates):
        raise InputError("a gate needs a name of printable characters; write one such as smoke-test")
    with open_session(source, door) as session:
        here = identity(session)
        runs = () if arguments.journal else of_database(recorded_runs(), here)
        found = chosen(runs, journal=arguments.journal, run=arguments.run_id or None, here=here)
        verdict, detail = judge_applied(found.record)
        if verdict != "passed":
            raise NotHeld(f"nothing is promoted that was not wholly applied on staging: {detail}")
        promotion = Promotion(
            id=secrets.token_hex(4),
            began="",
            staging=here,
            run=found.record.run,
            run_began=found.record.began,
            window_s=arguments.window,
            short=arguments.window < LEAST_WINDOW_S,
            gates=gates,
            changes=_changes(session, found.record),
            clocks=clocks(session),
        )
        wrong = observe(session, here, promotion.changes).wrong
    if wrong:
        raise NotHeld(
            f"staging is not as run {promotion.run} left it: {'; '.join(wrong[:5])}; apply it there again"
        )
    path = Path(arguments.promotion) if arguments.promotion else _new(promotion.id)
    record.begin(path, promotion, tool_version=__version__)
    promotion = record.append(path, APPLIED, verdict, detail, clocks(), (f"journal {found.path.name}",))
    _show(arguments, promotion, path)
    return 0


def _changes(session: Session, run: RunRecord) -> tuple[Promoted, ...]:
    found = []
    for step in run.steps:
        statement = step.statement
        if statement.action not in ("create", "drop") or statement.index is None:
            continue
        change = Promoted(
            "create" if statement.action == "create" else "drop", statement.name, statement.index
        )
        found.append(replace(change, oid=located(session, change)) if change.action == "create" else change)
    return tuple(found)


def _gate(arguments: argparse.Namespace, door: Door) -> int:
    if not arguments.words:
        raise InputError(f"say which gate: promote gate NAME; the built-in ones are {', '.join(GATES)}")
    name = arguments.words[0]
    path = _path(arguments)
    promotion = record.read(path)
    if name not in promotion.gates:
        raise InputError(
            f"the promotion has no gate {printable(name)!r}; it has: {', '.join(promotion.gates)}"
        )
    ask = Ask(promotion, _source(arguments.words, 1), arguments, door)
    verdict, detail, moment, evidence = examine(name, ask)
    promotion = record.append(path, name, verdict, detail, moment, evidence)
    _show(arguments, promotion, path)
    return 0 if verdict == "passed" else 1


def _others(promotion: Promotion, advice: str) -> tuple[str, ...]:
    from indexical.cli.gates import statements_of

    return not_advised(promotion, statements_of(advice))


def _source(words: Sequence[str], place: int) -> str | None:
    if len(words) > place + 1:
        raise InputError(f"{printable(words[place + 1])!r} is one word too many; a command goes after --")
    return words[place] if len(words) > place else None


def _new(id: str) -> Path:
    folder = records_folder(create=True) / _FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise FileRefused(
            f"the folder {folder} could not be made ({error.strerror}); name a file: --promotion FILE"
        ) from None
    return folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{id}.jsonl"


def _path(arguments: argparse.Namespace) -> Path:
    if arguments.promotion:
        return Path(arguments.promotion)
    found = sorted((records_folder() / _FOLDER).glob("*.jsonl"))
    if not found:
        raise FileRefused(
            "no promotion is recorded here; begin one with: promote begin, or name it with --promotion FILE"
        )
    return found[-1]


def _show(arguments: argparse.Namespace, promotion: Promotion, path: Path) -> None:
    found = standings(promotion)
    if arguments.format == "json":
        document = promotion_document(promotion, found, holds(promotion))
        print(json.dumps({**document, "file": str(path)}, indent=2))
        return
    width, color = terminal()
    sections = promotion_sections(promotion, found, holds(promotion), clocks())
    print(render_sections(sections, width=width, color=color), end="")
    print(f"Record: {printable(shown(path))}, digest {promotion.head}")
