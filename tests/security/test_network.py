"""Where connections go, as the operating system saw them: to the server that was named, on its socket, and nowhere else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from indexical.cli import main
from indexical.report import render
from tests.unit.report.samples import advice

ELSEWHERE = "postgresql://evil:pw@192.0.2.1:5432/stolen"

pytestmark = [
    pytest.mark.skipif(shutil.which("strace") is None, reason="not proven: strace is not installed"),
    pytest.mark.slow,
    pytest.mark.timeout(900),
]


def connections(folder: Path, *arguments: str) -> tuple[int, list[str]]:
    """The exit code of a call, and what was dialled that is no socket of this machine's file system."""
    trace = folder / "trace"
    done = subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=connect,sendto", "-e", "signal=none", "-o", str(trace),
         sys.executable, "-m", "indexical", *arguments],
        cwd=folder, capture_output=True, text=True, check=False, timeout=600,
        env={key: value for key, value in os.environ.items() if not key.startswith("PG")},
    )  # fmt: skip
    lines = trace.read_text(errors="replace").splitlines()
    dialled = [line for line in lines if re.search(r"sa_family=AF_INET6?\b", line)]
    if "denied" in done.stderr and not lines:
        pytest.skip("not proven: processes cannot be traced here")
    return done.returncode, dialled


@pytest.mark.security("S25")
def test_advice_is_made_and_written_without_any_network(shop, tmp_path):
    (tmp_path / "work.sql").write_text(
        "-- indexical: id=one calls=1000\nSELECT id FROM public.orders WHERE user_id = 7;\n"
    )
    assert main(["snapshot", shop.url(), "-o", "s"]) == 0
    for words in (
        ("advise", "s", "--workload", "work.sql", "--save", "advice.json"),
        ("write", "--advice", "advice.json", "-o", "changes.sql"),
        ("apply", shop.url(), "--advice", "advice.json"),
    ):
        code, dialled = connections(tmp_path, *words)
        assert code == 0, words
        assert dialled == []


@pytest.mark.security("S21")
def test_a_host_that_only_a_file_names_is_not_dialled(shop, tmp_path):
    document = json.loads(render(advice(database=ELSEWHERE), "json"))
    for key in ("database", "source", "url", "dsn", "host"):
        document[key] = ELSEWHERE
    (tmp_path / "advice.json").write_text(json.dumps(document))
    code, dialled = connections(tmp_path, "write", "--advice", "advice.json", "-o", "changes.sql")
    assert (code, dialled) == (0, [])
    _, dialled = connections(tmp_path, "apply", shop.url(), "--advice", "advice.json", "--dry-run")
    assert dialled == []


def test_a_host_that_is_named_is_dialled_so_that_the_trace_would_show_it(tmp_path):
    code, dialled = connections(tmp_path, "snapshot", "postgresql://nobody@127.0.0.1:1/none", "-o", "s")
    assert code == 3
    assert any("127.0.0.1" in line for line in dialled)
