"""Somebody has a table for himself while indexes are looked at: nobody waits behind him."""

from __future__ import annotations

import time

from indexical.apply.build import drop_statement
from indexical.cli.trialling import try_drops
from indexical.pg.indexes import existing_indexes
from indexical.pg.queries import load
from indexical.pg.session import connect


def test_the_use_of_indexes_is_read_beside_an_exclusive_lock(shop):
    shop.run("CREATE INDEX note_idx ON public.orders (lower(note))")
    with shop.open() as holder, connect(shop.url(), lock_timeout_ms=500) as session:
        with holder.transaction(roll_back=True):
            holder.execute("LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE")
            rows = {row["name"]: row for row in session.rows(load("usage_indexes"))}
        after = {row["name"]: row for row in session.rows(load("usage_indexes"))}
    assert (rows["note_idx"]["definition"], rows["note_idx"]["size"]) == ("", 0)
    assert after["note_idx"]["definition"]
    assert after["note_idx"]["size"] > 0


def test_a_drop_whose_use_could_not_be_sampled_is_told_so_and_ends_nothing(shop, monkeypatch):
    from indexical.cli import trialling
    from indexical.errors import DatabaseError

    shop.run("CREATE INDEX note_idx ON public.orders (lower(note), id)")
    with connect(shop.url()) as session:
        (found,) = [each for each in existing_indexes(session) if each.name == "note_idx"]

        def locked(*_):
            raise DatabaseError("lock timeout", code="55P03")

        monkeypatch.setattr(trialling, "sample", locked)
        findings = try_drops(session, [drop_statement(found)])
        assert any(each.code == "T04" and "not sampled" in each.text for each in findings), findings
        begun = time.monotonic()
        assert try_drops(session, []) == ()
    assert time.monotonic() - begun < 5
