"""``python -m tests.checklist``: runs what shows the 80 lines, prints them, and ends with 1 unless every one is shown."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.checklist import lines, running, showing, verdicts

BUILD = running.ROOT / "build"


def main(
    words: Sequence[str] | None = None, *, folder: Path = lines.FOLDER, root: Path = running.ROOT
) -> int:
    arguments = _arguments(words)
    try:
        every = lines.read(folder)
        wanted = lines.chosen(every, arguments.only)
        if arguments.list:
            print(_listed(wanted))
            return 0
        return _run(every, wanted, arguments, root)
    except (lines.LinesRefused, running.NotRun) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.checklist", description=__doc__)
    parser.add_argument("--only", metavar="LINES", default="", help="numbers and ranges: 12,35-38")
    parser.add_argument("--list", action="store_true", help="print the lines and their tests; run nothing")
    parser.add_argument(
        "--write", metavar="PAGE", type=Path, help="put the table into this page, between its marks"
    )
    parser.add_argument("--workers", metavar="N", type=int, default=2, help="processes that run tests (2)")
    parser.add_argument(
        "--output", metavar="FOLDER", type=Path, default=BUILD, help="where the results go (build)"
    )
    return parser.parse_args(words)


def _run(
    every: Sequence[lines.Line], wanted: Sequence[lines.Line], arguments: argparse.Namespace, root: Path
) -> int:
    begun = time.monotonic()
    bindings = [binding for line in wanted for binding in line.tests]
    collected = running.collect(bindings, root)
    tests = running.needed(bindings, collected)
    arguments.output.mkdir(parents=True, exist_ok=True)
    found = running.run(
        tests, workers=arguments.workers, root=root, xml=arguments.output.resolve() / "checklist.xml"
    )
    judged = [verdicts.judge(line, collected, found) for line in wanted]
    file = arguments.output / "checklist.json"
    before = showing.earlier(file, judged)
    showing.save(file, showing.document(judged, time.monotonic() - begun, before))
    if arguments.write:
        page = arguments.write.read_text(encoding="utf-8")
        told = showing.table(showing.everything(every, judged, before))
        arguments.write.write_text(showing.put(page, told), encoding="utf-8")
    print(showing.text(judged))
    return 0 if all(each.state == verdicts.SHOWN for each in judged) else 1


def _listed(wanted: Sequence[lines.Line]) -> str:
    return "\n".join(
        "\n".join(
            [f"{line.number:>2}  {line.text}", *(f"      {test}" for test in line.tests or ("no test",))]
        )
        for line in wanted
    )


if __name__ == "__main__":
    sys.exit(main())
