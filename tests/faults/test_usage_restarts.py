"""Whatever sets counters back begins the window again, and an index that only a standby reads is in use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from indexical.catalog import snapshot
from indexical.model import Workload
from indexical.model.usage import Sample, UseVerdict
from indexical.pg.session import connect
from indexical.selection.drops import scan_window, unseen_servers
from indexical.usage import judge, sample, windows
from tests.faults.harness import Cluster, Place, promote, standby, waits_until

NEEDED_S = 0.001
"""With nothing in between, any two samples are a long enough window."""


def look(url: str, node: str = "primary") -> Sample:
    with connect(url) as session:
        return sample(session, node)


def use(*samples: Sample, at_least: float = NEEDED_S, name: str = "orders_user_idx") -> UseVerdict:
    by_node: dict[str, list[Sample]] = {}
    for each in samples:
        by_node.setdefault(each.node, []).append(each)
    return judge(by_node, "public", name, at_least=at_least)


@contextmanager
def followed(primary: Cluster) -> Iterator[Cluster]:
    """A standby that the primary knows of: it lets sessions in before it has connected there."""

    def known() -> bool:
        with primary.open() as connection:
            rows = connection.execute("SELECT state, application_name FROM pg_stat_replication").fetchall()
        # What took the base back-up may still be there beside it.
        return [state for state, _ in rows] == ["streaming"] and rows[0][1] != "pg_basebackup"

    with standby(primary) as copy:
        waits_until(known, what="the standby's connection")
        yield copy


@pytest.fixture
def indexed(own_place: Place) -> Place:
    own_place.run("CREATE INDEX orders_user_idx ON public.orders (user_id)")
    # As much again as would be lost: an index that was in use, and is not known to be any more.
    scan(own_place.url)
    return own_place


def scan(url: str, times: int = 3) -> None:
    with connect(url) as session:
        session.set("enable_seqscan", "off")
        session.set("enable_bitmapscan", "off")
        for number in range(times):
            session.rows(f"SELECT total FROM public.orders WHERE user_id = {number}")
        counted(session)


def counted(session) -> None:  # type: ignore[no-untyped-def]
    """Counters reach the others when a session is idle for a while, or at once when it says so."""
    session.rows("SELECT pg_stat_force_next_flush()")
    session.rows("SELECT 1")


def reset(place: Place) -> None:
    place.run("SELECT pg_stat_reset()")


def reset_one_table(place: Place) -> None:
    place.run("SELECT pg_stat_reset_single_table_counters('public.orders'::regclass)")


def crash(place: Place) -> None:
    place.cluster.crash()
    place.cluster.start()


def backend_dies(place: Place) -> None:
    with place.open() as session:
        place.cluster.kill_backend(session.backend_pid)
    place.cluster.wait_ready()


def build_anew(place: Place) -> None:
    place.run("DROP INDEX public.orders_user_idx", "CREATE INDEX orders_user_idx ON public.orders (user_id)")


@pytest.mark.fault(58, "statistics reset, crash, single-table reset: the window begins again")
@pytest.mark.parametrize("what", [reset, reset_one_table, crash, backend_dies, build_anew])
def test_counters_that_were_set_back_begin_the_window_again(
    indexed: Place, what: Callable[[Place], None]
) -> None:
    indexed.allow(sessions=True, waits=True)
    before = look(indexed.url)
    assert use(before, look(indexed.url)).use == "unused", "nothing happened, so the window holds"
    what(indexed)
    after = look(indexed.url)
    with connect(indexed.url) as session:
        catalog = snapshot(session)
    if what is not build_anew:
        # What advise goes by without samples; of a new index it knows nothing, which is what samples are for.
        assert catalog.statistics_since[:19] >= before.taken_at[:19]
        assert scan_window(catalog, Workload(())).seconds < 60
    found = use(before, after, at_least=3600.0)
    assert found.use == "too-early", found
    assert found.seconds == 0.0
    assert use(before, after).use != "unused"


@pytest.mark.fault(58, "promotion begins the window again")
def test_a_promoted_standby_begins_the_window_again(indexed: Place) -> None:
    indexed.allow(sessions=True)
    with followed(indexed.cluster) as copy:
        url = copy.url(indexed.database)
        before = look(url)
        promote(copy)
        after = look(url)
        with connect(url) as session:
            age = scan_window(snapshot(session), Workload(())).seconds
    found = use(before, after, at_least=3600.0)
    assert (found.use, found.seconds) == ("too-early", 0.0)
    assert "promoted" in found.reason
    assert age < 60


def written(counted: Sample) -> int:
    """Rows that the harness's writer has inserted so far, as far as the server has counted them."""
    (orders,) = [table for table in counted.tables if (table.schema, table.name) == ("public", "orders")]
    return orders.inserts


@pytest.mark.guard(58)
def test_without_its_look_at_resets_a_crash_would_pass_for_disuse(
    indexed: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexed.allow(sessions=True, waits=True)
    before = look(indexed.url)
    crash(indexed)
    # As many scans as were counted before, and as many writes: the counters look as if nothing had happened.
    scan(indexed.url)
    waits_until(lambda: written(look(indexed.url)) >= written(before), what="as many writes as before")
    after = look(indexed.url)
    assert use(before, after).seconds == 0.0
    monkeypatch.setattr(windows, "state_broken", lambda before, after: "")
    with pytest.raises(AssertionError):
        assert use(before, after).seconds == 0.0


@pytest.mark.fault(59, "an index that only a standby scans is not proposed")
def test_an_index_that_only_a_standby_scans_is_used(indexed: Place) -> None:
    indexed.allow(sessions=True)
    with followed(indexed.cluster) as copy:
        url = copy.url(indexed.database)
        before = [look(indexed.url), look(url, "replica 1")]
        scan(url)
        after = [look(indexed.url), look(url, "replica 1")]
        assert use(*before, *after).use == "used"
        alone = use(before[0], after[0])
        assert alone.use == "not-measured"
        assert "1 standby" in alone.reason
        with connect(indexed.url) as session:
            assert "1 standby" in unseen_servers(snapshot(session))
            with connect(url) as replica:
                assert unseen_servers(snapshot(session, replicas=[replica])) == ""
                assert "the primary was not looked at" in unseen_servers(snapshot(replica))


@pytest.mark.guard(59)
def test_without_the_count_of_standbys_it_would_be_called_unused(
    indexed: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexed.allow(sessions=True)
    with followed(indexed.cluster):
        samples = [look(indexed.url), look(indexed.url)]
    assert use(*samples).use == "not-measured"
    monkeypatch.setattr(windows, "_unsampled", lambda found: "")
    with pytest.raises(AssertionError):
        assert use(*samples).use == "not-measured"
