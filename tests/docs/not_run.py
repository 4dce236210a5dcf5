"""The commands of README and docs that no test runs, each with the reason. Everything that is not here is run."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.docs.pages import Command


@dataclass(frozen=True, slots=True)
class NotRun:
    page: str
    """A regular expression of pages."""
    command: str
    """One of whole commands."""
    why: str
    shown_by: str = ""
    """A file of the repository that tests the same; empty where the reason says that there is none."""

    def fits(self, command: Command) -> bool:
        return bool(
            re.fullmatch(self.page, command.page) and re.fullmatch(self.command, command.text, re.DOTALL)
        )


ANY = r".*"
TABLE = (
    NotRun(ANY, r"pip install \"indexical\[\w+\]\"", "needs a package registry; that the extra exists is tested",
           "tests/docs/test_commands.py"),
    NotRun("docs/tutorial.md", r"mkdir shop-tutorial && cd shop-tutorial|python -m venv .*",
           "the test brings a folder and an environment of its own, in which the package is installed already"),
    NotRun("README.md", r"indexical demo", "takes minutes at the guide's size; the small one is run on another page",
           "tests/django/test_demo.py"),
    NotRun("docs/first-steps.md", r"indexical demo --scale small", "takes a minute, and is run on another page",
           "docs/how-to/demo.md"),
    NotRun("docs/benchmarks.md", r"(make bench-\w+|\.venv/bin/python bench/bench_select\.py).*",
           "minutes to hours; that the program and its options exist is tested", "tests/docs/test_commands.py"),
    NotRun("CONTRIBUTING.md", r"make .*", "makes the environment that the tests run in, or runs the tests themselves",
           "tests/docs/test_commands.py"),
    NotRun("docs/checklist.md", r"(make checklist|\.venv/bin/python -m tests\.checklist).*",
           "runs a large part of the tests themselves", "tests/docs/test_commands.py"),
    NotRun("docs/hypopg.md", r"indexical advise .* --planner hypopg", "needs a server with the extension HypoPG",
           "tests/postgres/test_hypopg.py"),
    NotRun("docs/snapshot.md", r"indexical snapshot .* --replica .*", "needs two standbys",
           "tests/postgres/test_snapshot_nodes.py"),
    NotRun("docs/usage.md", r"indexical usage .* --node .*", "needs a standby", "tests/postgres/test_usage.py"),
    NotRun("docs/why.md", r">>> from indexical\.django import indexes\n.*", "its page has no project; another page runs it",
           "docs/how-to/why.md"),
    NotRun("docs/measuring.md", r"indexical measure .* --base-url .*", "needs the project served, and a file of its requests",
           "tests/postgres/measure/test_served_load.py"),
    NotRun("docs/security.md", r"indexical apply .*", "needs two roles with their passwords", "tests/security/test_roles.py"),
)  # fmt: skip


def reason(command: Command) -> NotRun | None:
    return next((row for row in TABLE if row.fits(command)), None)
