"""The verbs, in the order of the straight line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from indexical.cli.door import Door
from indexical.cli.verbs import (
    advise,
    apply,
    capture,
    check,
    demo,
    maintain,
    measure,
    promote,
    record,
    rollback,
    schedule,
    snapshot,
    story,
    usage,
    verify,
    why,
    write,
)


@dataclass(frozen=True, slots=True)
class Verb:
    name: str
    help: str
    configure: Callable[[argparse.ArgumentParser, Door], None]
    run: Callable[[argparse.Namespace, Door], int]
    needs_project: bool = False
    """Only there at the Django door."""
    changes: bool = False
    """It changes a database: what it has begun is cleared up before it stops."""


VERBS: tuple[Verb, ...] = (
    Verb("demo", demo.HELP, demo.configure, demo.run),
    Verb("capture", capture.HELP, capture.configure, capture.run),
    Verb("snapshot", snapshot.HELP, snapshot.configure, snapshot.run),
    Verb("advise", advise.HELP, advise.configure, advise.run),
    Verb("why", why.HELP, why.configure, why.run),
    Verb("write", write.HELP, write.configure, write.run),
    Verb("check", check.HELP, check.configure, check.run),
    Verb("apply", apply.HELP, apply.configure, apply.run, changes=True),
    Verb("verify", verify.HELP, verify.configure, verify.run),
    Verb("usage", usage.HELP, usage.configure, usage.run),
    Verb("measure", measure.HELP, measure.configure, measure.run),
    Verb("maintain", maintain.HELP, maintain.configure, maintain.run, changes=True),
    Verb("schedule", schedule.HELP, schedule.configure, schedule.run),
    Verb("rollback", rollback.HELP, rollback.configure, rollback.run, changes=True),
    Verb("record", record.HELP, record.configure, record.run),
    Verb("promote", promote.HELP, promote.configure, promote.run),
    Verb("story", story.HELP, story.configure, story.run),
)
