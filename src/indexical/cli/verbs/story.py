"""``story``: the analysis, the guide and the completion report of a change, from its records; or whether documents agree."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from indexical.apply.journal import read_run
from indexical.catalog.file import load as load_catalog
from indexical.cli.door import Door
from indexical.cli.output import emit
from indexical.cli.recorded import chosen, recorded_runs
from indexical.errors import InputError
from indexical.model import RunRecord
from indexical.model.story import Story
from indexical.report.measured import load as load_measured
from indexical.report.story import Sources, build, render
from indexical.report.story.agreement import contradictions
from indexical.report.story.claims import read_document
from indexical.report.story.reading import read_advice, read_usage, read_verified
from indexical.report.units import plural, printable

HELP = "Write the analysis, guide and completion report of a change, or check that documents' counts agree."


def configure(parser: argparse.ArgumentParser, door: Door) -> None:
    parser.add_argument("--advice", metavar="FILE", help="what `advise --format json -o FILE` wrote")
    parser.add_argument("--journal", metavar="FILE", help="the journal of the run that carried it out")
    parser.add_argument(
        "--run", metavar="ID", dest="run_id", help="that run by its id, looked for in .indexical/runs"
    )
    parser.add_argument(
        "--snapshot", metavar="FILE", help="the database before the change, for the inventory"
    )
    parser.add_argument(
        "--verified", metavar="FILE", help="what `verify --format json -o FILE` wrote after the run"
    )
    parser.add_argument("--before", metavar="FILE", help="what `measure -o FILE` wrote before the run")
    parser.add_argument("--after", metavar="FILE", help="what `measure -o FILE` wrote after it")
    parser.add_argument(
        "--usage", metavar="FILE", help="what `usage --format json -o FILE` wrote some time after it"
    )
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", help="where to write analysis.md, guide.md and completion.md"
    )
    parser.add_argument(
        "--check",
        metavar="FILE",
        nargs="+",
        help="check documents instead: their counts against one another, and against the advice and the run when given",
    )


def run(arguments: argparse.Namespace, door: Door) -> int:
    story = None if arguments.advice is None else _story(arguments, door)
    if arguments.check is not None:
        if arguments.output is not None:
            raise InputError("--check writes nothing; leave --output out")
        return _checked(arguments.check, story)
    if story is None:
        raise InputError("say what the story is of: --advice FILE; or check documents: --check FILE")
    return _written(arguments, story)


def _story(arguments: argparse.Namespace, door: Door) -> Story:
    if (arguments.before is None) != (arguments.after is None):
        raise InputError("a comparison needs two measured runs: give both --before and --after")
    record, journal = _run(arguments)
    named = (
        ("advice", arguments.advice),
        ("journal of the run", journal),
        ("snapshot from before", arguments.snapshot),
        ("check after the run", arguments.verified),
        ("measured before", arguments.before),
        ("measured after", arguments.after),
        ("report of use", arguments.usage),
    )
    return build(
        Sources(
            advice=read_advice(Path(arguments.advice)),
            run=record,
            catalog=load_catalog(arguments.snapshot) if arguments.snapshot else None,
            verified=read_verified(Path(arguments.verified)) if arguments.verified else None,
            before=load_measured(Path(arguments.before)) if arguments.before else None,
            after=load_measured(Path(arguments.after)) if arguments.after else None,
            usage=read_usage(Path(arguments.usage)) if arguments.usage else None,
            apps=door.project.apps() if door.project is not None else {},
            files=tuple((what, Path(path).name) for what, path in named if path),
        )
    )


def _run(arguments: argparse.Namespace) -> tuple[RunRecord | None, str]:
    if arguments.journal is None and arguments.run_id is None:
        return None, ""
    if arguments.journal is not None and arguments.run_id is None:
        return read_run(Path(arguments.journal)), arguments.journal
    runs = () if arguments.journal else recorded_runs()
    found = chosen(runs, journal=arguments.journal, run=arguments.run_id)
    return found.record, str(found.path)


def _written(arguments: argparse.Namespace, story: Story) -> int:
    if arguments.output is None:
        raise InputError("say where to write the documents: -o FOLDER")
    folder = Path(arguments.output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"the folder {folder} could not be made ({error.strerror}); name another") from None
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    for name, text in render(story, made_at=made_at).items():
        emit(text, str(folder / name))
        print(f"written  {printable(str(folder / name))}")
    counts = story.counts
    print(f"{counts.items_done} of {plural(counts.items, 'item')} done with evidence")
    return 0


def _checked(files: list[str], story: Story | None) -> int:
    documents = [read_document(Path(path)) for path in files]
    found = contradictions(documents, story)
    for each in found:
        print(printable(each.text))
    claims = sum(len(document.claims) for document in documents)
    agreed = f"{plural(len(found), 'contradiction')} in {plural(len(documents), 'document')}, {plural(claims, 'count')} read"
    print(agreed)
    if not claims:
        # Nothing was compared, and nothing compared is not agreement.
        raise InputError("none of these documents counts any index, so nothing could be checked; name others")
    return 1 if found else 0
