"""Rows 33 and 34 of the plan: a disk that fills up, and a limit on temporary files."""

from __future__ import annotations

import os
import subprocess
import threading

import pytest

from indexical.apply import creation, watch
from indexical.apply.build import create_statement
from indexical.apply.creation import create
from indexical.apply.leftover import Settled
from indexical.apply.run import Site
from indexical.model import Index, Key
from tests.faults.harness import apply_here, at_phase, expect, slow_index, waits_until

NAME = "orders_new_idx"
WIDE = Index("public", "orders", (Key.asc("note"), Key.asc("id"), Key.asc("created_at")))


@pytest.fixture
def small_disk(own_cluster):
    """The folder of a mounted disk of 12 MB, which is there until after the last look at the server."""
    if os.geteuid() != 0:
        pytest.skip("not proven: only root can mount a small disk")
    folder = own_cluster.sockets / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"not proven: a small disk could not be mounted ({done.stderr.strip()})")
    os.chown(folder, own_cluster.engine.uid, own_cluster.engine.gid)
    yield folder
    own_cluster.stop("immediate")
    subprocess.run(["umount", "-l", str(folder)], check=True)


def free(folder):
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def _filled(place, folder):
    place.allow(catalog={"*"}, rows=True)
    place.run(
        f"CREATE TABLESPACE small LOCATION '{folder}'",
        # Text that does not compress.
        "INSERT INTO orders SELECT i, i % 500, 'PAID', i, "
        "(SELECT string_agg(md5(i::text || j), '') FROM generate_series(1, 20) j), now() FROM generate_series(30001, 60000) i",
        f"ALTER DATABASE {place.database} SET default_tablespace = 'small'",
    )
    before = free(folder)
    (outcome,) = apply_here(place, create_statement(NAME, WIDE))
    expect(outcome, "failed", "DISK", "53100")
    assert free(folder) >= before - 1024**2
    assert place.index_state(NAME) == ""


@pytest.mark.fault(33, "the tablespace is full")
def test_a_full_disk_has_its_space_back_at_once(small_disk, own_place):
    _filled(own_place, small_disk)


@pytest.mark.guard(33)
def test_without_the_look_afterwards_the_disk_stays_full(small_disk, own_place, monkeypatch):
    monkeypatch.setattr(creation, "settle", lambda *_: Settled("absent"))
    with pytest.raises(AssertionError):
        _filled(own_place, small_disk)
    own_place.run(f"DROP INDEX {NAME}")


@pytest.mark.fault(34, "temporary files are limited")
def test_a_limit_on_temporary_files_has_the_same_code_as_a_full_disk(place):
    expect(_limited(place), "failed", "DISK", "53400")
    assert place.index_state(NAME) == ""


@pytest.mark.guard(34)
def test_without_the_look_afterwards_an_index_without_its_files_stays(place, monkeypatch):
    monkeypatch.setattr(creation, "settle", lambda *_: Settled("absent"))
    _limited(place)
    with pytest.raises(AssertionError):
        assert place.index_state(NAME) == ""
    place.run(f"DROP INDEX {NAME}")


def _limited(place):
    def opened():
        session = place.open_ours()
        session.set("temp_file_limit", "64kB")
        session.set("maintenance_work_mem", "1MB")
        session.set("max_parallel_maintenance_workers", "0")
        return session

    return apply_here(place, create_statement(NAME, WIDE), open_session=opened)[0]


@pytest.mark.fault(33, "the tablespace is full")
def test_a_disk_that_runs_low_ends_the_build_before_it_is_full(place, monkeypatch):
    outcome = _running_low(place, monkeypatch, 60)
    expect(outcome, "failed", "GIVEN_UP", "57014")
    assert "to spare" in outcome.error


@pytest.mark.guard(33)
def test_without_the_look_at_the_disk_a_build_goes_on(place, monkeypatch):
    monkeypatch.setattr(watch.Watch, "_fills", lambda _: "")
    with pytest.raises(AssertionError):
        expect(_running_low(place, monkeypatch, 3), "failed", "GIVEN_UP", "57014")


def _running_low(place, monkeypatch, seconds):
    """The server's disk, as the operating system tells it, loses all its space while a build runs that takes so long."""
    real = os.statvfs
    low = threading.Event()

    def told(path):
        found = list(real(path))
        if low.is_set():
            found[4] = 1  # f_bavail
        return os.statvfs_result(found)

    monkeypatch.setattr(watch.os, "statvfs", told)
    statement = create_statement(NAME, slow_index(place, seconds))
    place.expect_statements([statement])
    outcomes = []
    with place.open_ours() as monitor:
        site = Site(place.open_ours, monitor, lambda *_: None)
        build = threading.Thread(target=lambda: outcomes.append(create(site, statement)))
        build.start()
        at_phase(place, "building", ours="%")
        low.set()
        waits_until(lambda: not build.is_alive(), 30, what="the end of the build")
    return outcomes[0]
