"""The demo as a stranger runs it: the documented table, and nothing left behind, however it ends."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(1000)]

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLE = REPOSITORY / "examples" / "invitations"
HOT = {"guest.attending", "order.status", "template.use_count"}
WRITES = {"guest", "order", "activity", "viewlog", "invitation_counter"}

REDUNDANT = {
    "invitation_slug_lookup",
    "guest_device_lookup",
    "invitations_guest_invitation_id_d238fb50",
    "accounts_user_groups_user_id_52b62117",
    "accounts_user_user_permissions_user_id_e4f0a161",
}


def example() -> dict[str, str]:
    """Every file of the bundled project, compiled ones too; not the marks of the linter."""
    return {
        path.relative_to(EXAMPLE).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(EXAMPLE.rglob("*"))
        if path.is_file() and ".ruff_cache" not in path.parts
    }


def start(temporary: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.Popen(
        [sys.executable, "-m", "indexical", "demo", "--scale", "small", *arguments],
        cwd=temporary.parent,
        # Compiled modules of the package itself go elsewhere, so that a stray one in the example would show.
        env={**environment, "TMPDIR": str(temporary)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def processes_of(temporary: Path) -> list[str]:
    """Command lines of living processes that were told of the folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(temporary) in words:
            found.append(words)
    return found


def nothing_left(temporary: Path) -> None:
    deadline = time.monotonic() + 60
    while processes_of(temporary) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_of(temporary) == []
    assert sorted(path.name for path in temporary.iterdir()) == []


@pytest.fixture
def temporary() -> Path:
    """A short path, which a socket's fits below; reachable for the user that the server runs as."""
    with tempfile.TemporaryDirectory(prefix="demo-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "t").mkdir()
        (folder / "t").chmod(0o777)
        yield folder / "t"


def test_the_demo_prints_and_saves_the_table_and_leaves_nothing(temporary: Path) -> None:
    before = example()
    table = temporary.parent / "table.json"
    demo = start(temporary, "-o", str(table))
    out, err = demo.communicate(timeout=900)
    assert demo.returncode == 0, out + err
    assert err == ""
    found = json.loads(table.read_text())
    assert (found["version"], found["scale"]) == (1, "small")
    assert found["milliseconds"] > 0
    assert set(found["ways"]) == {"prior", "guide", "indexical"}
    for way in found["ways"].values():
        assert {"read_ms", "p95_ms", "added", "dropped", "bytes", "write_us", "hot"} <= set(way)
        assert set(way["write_us"]) == WRITES
        assert set(way["hot"]) == HOT
        assert way["read_ms"] > 0
        assert all(value > 0 for value in way["write_us"].values())
        assert all(0 <= share <= 1 for share in way["hot"].values())
    prior, guide, ours = (found["ways"][name] for name in ("prior", "guide", "indexical"))
    assert (prior["added"], prior["dropped"], prior["bytes"]) == (0, 0, 0)
    assert (guide["added"], guide["dropped"]) == (42, 0)
    assert 0 < ours["added"] <= 21
    assert 0 < ours["bytes"] < guide["bytes"]
    assert ours["dropped"] > 0
    assert "Of the guide's 42 indexes, 5 are exact duplicates" in " ".join(out.split())
    nothing_left(temporary)
    assert example() == before


def test_a_kept_demo_keeps_its_files_and_proposes_what_was_redundant_before(temporary: Path) -> None:
    kept = temporary.parent / "kept"
    demo = start(temporary, "--keep", str(kept), "--format", "json")
    out, err = demo.communicate(timeout=900)
    assert demo.returncode == 0, out + err
    assert set(json.loads(out)["ways"]) == {"prior", "guide", "indexical"}
    assert {path.name for path in kept.iterdir()} >= {
        "project",
        "database",
        "capture.jsonl",
        "documented.sql",
        "advice.json",
    }
    advice = json.loads((kept / "advice.json").read_text())
    assert {item["name"] for item in advice["drop"]} >= REDUNDANT, [
        one for one in advice["refused"] if one["index"] in REDUNDANT
    ]
    small = {one["index"] for one in advice["refused"] if one["reason"] == "small-table"}
    assert {"public.plans_plan", "public.plans_invitationcategory"} <= small
    nothing_left(temporary)
    assert not list(kept.rglob("postmaster.pid")), "the kept database does not run"


@pytest.mark.parametrize("seconds", [2.0, 9.0])
def test_an_interrupted_demo_ends_with_130_and_leaves_nothing(temporary: Path, seconds: float) -> None:
    before = example()
    demo = start(temporary)
    deadline = time.monotonic() + 240
    while not processes_of(temporary):
        assert time.monotonic() < deadline
        assert demo.poll() is None, demo.communicate()
        time.sleep(0.05)
    time.sleep(seconds)
    demo.send_signal(signal.SIGINT)
    _, err = demo.communicate(timeout=240)
    assert demo.returncode == 130, err
    assert err.splitlines()[-1] == "indexical: interrupted"
    assert "Traceback" not in err
    nothing_left(temporary)
    assert example() == before


def test_a_folder_that_is_not_empty_is_refused_before_anything_starts(temporary: Path) -> None:
    kept = temporary.parent / "kept"
    kept.mkdir()
    (kept / "mine.txt").write_text("mine")
    demo = start(temporary, "--keep", str(kept))
    out, err = demo.communicate(timeout=240)
    assert (demo.returncode, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith(f"indexical: {kept} is not an empty folder")
    assert [path.name for path in kept.iterdir()] == ["mine.txt"]
    nothing_left(temporary)
