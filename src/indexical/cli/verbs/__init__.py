"""The verbs, in the order of the straight line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from indexical.cli.door import Door
from indexical.cli.verbs import advise, apply, capture, demo, measure, snapshot, verify, write


@dataclass(frozen=True, slots=True)
class Verb:
    name: str
    help: str
    configure: Callable[[argparse.ArgumentParser, Door], None]
    run: Callable[[argparse.Namespace, Door], int]
    needs_project: bool = False
    """Only there at the Django door."""


VERBS: tuple[Verb, ...] = (
    Verb("demo", demo.HELP, demo.configure, demo.run),
    Verb("capture", capture.HELP, capture.configure, capture.run),
    Verb("snapshot", snapshot.HELP, snapshot.configure, snapshot.run),
    Verb("advise", advise.HELP, advise.configure, advise.run),
    Verb("write", write.HELP, write.configure, write.run),
    Verb("apply", apply.HELP, apply.configure, apply.run),
    Verb("verify", verify.HELP, verify.configure, verify.run),
    Verb("measure", measure.HELP, measure.configure, measure.run),
)
