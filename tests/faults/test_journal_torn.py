"""A journal that is cut, unwritable, damaged, or of another place: nothing is ever done twice, and nothing in the dark."""

from __future__ import annotations

import os
import resource

import pytest

from indexical.apply.build import create_statement, drop_statement
from indexical.apply.journal import read_run
from indexical.apply.resume import resume
from indexical.errors import FileRefused
from indexical.model import Applied, Skipping
from tests.faults.harness import apply_here, nothing_changes, place_on
from tests.faults.taking_up import CREATED, USER, again_changes_nothing, ended_well, take_up


def finished(place):
    """The journal of a run of one create and one drop that has ended."""
    place.expect_change("torn_old_idx")
    with place.mine(), place.open() as session:
        session.execute("CREATE INDEX torn_old_idx ON public.orders (created_at)")
    journal = place.folder / "whole.jsonl"
    apply_here(
        place,
        create_statement("torn_new_idx", USER),
        drop_statement(place.indexes()["torn_old_idx"]),
        journal=journal,
    )
    return journal


@pytest.mark.fault(64, "journal torn, unwritable, from another host or database")
@pytest.mark.timeout(600)
def test_a_journal_cut_at_any_byte_never_makes_anything_happen_twice(place):
    whole = finished(place).read_bytes()
    oid = place.indexes()["torn_new_idx"].oid
    first_line = whole.index(b"\n") + 1
    ends = [at for at in range(first_line, len(whole) + 1) if whole[at - 1 : at] == b"\n"]
    cut = place.folder / "cut.jsonl"
    said = set()
    with nothing_changes(place):
        for at in range(len(whole) + 1):
            cut.write_bytes(whole[:at])
            if at < first_line:
                with pytest.raises(FileRefused, match="had not begun"):
                    read_run(cut)
                continue
            record = read_run(cut)
            assert record.torn == (at not in ends), at
            # What is known is what the last whole line says: only there is the database asked.
            said.add(whole[: max(end for end in ends if end <= at)])
            if at in ends:
                for extra in (b"", b'{"at":"2026', b"\0\0\0"):
                    cut.write_bytes(whole[:at] + extra)
                    outcomes = take_up(place, cut)
                    assert all(isinstance(outcome, Applied | Skipping) for outcome in outcomes), outcomes
                    assert place.indexes()["torn_new_idx"].oid == oid
                    assert place.index_state("torn_old_idx") == ""
                    assert read_run(cut).finished
                    assert not read_run(cut).torn
    assert len(said) == len(ends)


@pytest.mark.fault(64, "journal torn, unwritable, from another host or database")
@pytest.mark.guard(64)
def test_without_taking_the_torn_line_off_the_journal_is_damaged_for_good(place, monkeypatch):
    whole = finished(place).read_bytes()
    ends = [at for at in range(len(whole) + 1) if whole[at - 1 : at] == b"\n"]
    cut = place.folder / "cut.jsonl"
    cut.write_bytes(whole[: ends[-3] + 9])
    monkeypatch.setattr(os, "ftruncate", lambda file, length: None)
    take_up(place, cut)
    with pytest.raises(FileRefused, match="damaged"):
        again_changes_nothing(place, cut)


@pytest.mark.fault(64, "journal torn, unwritable, from another host or database")
@pytest.mark.parametrize("line", [1, 2, 5])
def test_damage_anywhere_else_is_refused_with_its_line(place, line):
    journal = finished(place)
    lines = journal.read_bytes().split(b"\n")
    lines[line - 1] = lines[line - 1][:-7]
    journal.write_bytes(b"\n".join(lines))
    with nothing_changes(place), pytest.raises(FileRefused, match=f"in line {line} "):
        take_up(place, journal)


@pytest.mark.fault(64, "journal torn, unwritable, from another host or database")
def test_nothing_is_begun_when_the_disk_of_the_journal_is_full(place):
    place.expect_change("torn_new_idx")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1300, hard))
    try:
        with pytest.raises(FileRefused, match="nothing further was begun"):
            apply_here(
                place,
                *(create_statement(f"torn_new{n}_idx", USER) for n in range(1)),
                journal=place.folder / "j.jsonl",
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    take_up(place, place.folder / "j.jsonl")
    ended_well(place, place.folder / "j.jsonl", torn_new0_idx="t/t/t")


@pytest.mark.fault(64, "journal torn, unwritable, from another host or database")
def test_a_journal_of_another_database_is_refused_and_both_are_named(place, tmp_path):
    journal = finished(place)
    text = journal.read_text().splitlines()
    journal.write_text("\n".join(text[:1]) + "\n")
    with place_on(place.cluster, "another_db", tmp_path) as other, nothing_changes(place):
        with pytest.raises(FileRefused) as refused:
            resume(journal, other.open_ours)
        assert place.database in str(refused.value)
        assert "another_db" in str(refused.value)
        assert "torn_new_idx" not in other.indexes()


@pytest.mark.fault(64, "journal torn, unwritable, from another host or database")
def test_a_journal_of_another_cluster_is_refused_and_both_are_named(place, own_place):
    journal = finished(place)
    journal.write_text(journal.read_text().splitlines()[0] + "\n")
    mine = read_run(journal).target.system_identifier
    with pytest.raises(FileRefused, match="nothing was changed") as refused:
        resume(journal, own_place.open_ours)
    assert mine in str(refused.value)
    assert str(own_place.value("SELECT system_identifier FROM pg_control_system()")) in str(refused.value)
    assert "torn_new_idx" not in own_place.indexes()


@pytest.mark.fault(64, "journal torn, unwritable, from another host or database")
def test_a_run_that_is_at_work_is_not_taken_up_by_another_process(place):
    journal = place.folder / "busy.jsonl"
    refusals = []

    def listener(*_):
        with pytest.raises(FileRefused, match="at work"):
            take_up(place, journal)
        refusals.append(True)

    apply_here(place, create_statement("torn_new_idx", CREATED), journal=journal, on_event=listener)
    assert refusals
