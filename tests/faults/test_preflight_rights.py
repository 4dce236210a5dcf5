"""Rows 53 and 54: what our role may not do, on this server, is said before anything is begun."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from indexical.apply.checks.server import rights, sessions, settings
from indexical.apply.statements import create_statement
from indexical.ddl import quote
from indexical.errors import ConnectionFailed
from indexical.model import Index, Key
from indexical.pg.session import connect
from tests.faults.harness import (
    Place,
    Tool,
    advice_file,
    apply_here,
    expect,
    hold,
    standby,
    waits_until,
)
from tests.faults.looking import USER, look, only, refused, take_out, warned

BUILD = ("orders_by_user", USER)


@pytest.fixture
def owner(place: Place) -> Iterator[str]:
    """A role that owns the table and is nothing else."""
    place.run(
        "ALTER TABLE public.orders OWNER TO clerk",
        "GRANT CREATE ON SCHEMA public TO clerk",
        "ALTER ROLE clerk RESET ALL",
    )
    yield "clerk"
    place.run(
        f"ALTER ROLE clerk IN DATABASE {quote(place.database)} RESET ALL",
        "ALTER ROLE clerk CONNECTION LIMIT -1",
        "ALTER TABLE public.orders OWNER TO postgres",
        "REVOKE ALL ON SCHEMA public FROM clerk",
        "REVOKE pg_read_all_stats, pg_read_all_settings FROM clerk",
    )


@pytest.mark.fault(53, "not owner, no CREATE, read-only, standby, slots full")
def test_the_owner_may_and_is_told_what_it_cannot_see(place: Place, owner: str) -> None:
    findings = look(place, BUILD, role=owner)
    assert refused(findings) == []
    assert warned(findings) == ["P19", "P19"]
    seen = " ".join(finding.text for finding in findings)
    assert "GRANT pg_read_all_stats TO clerk" in seen
    assert "GRANT pg_read_all_settings TO clerk" in seen
    place.run("GRANT pg_read_all_stats, pg_read_all_settings TO clerk")
    assert look(place, BUILD, role=owner) == ()


@pytest.mark.fault(53, "not owner, no CREATE, read-only, standby, slots full")
def test_a_stranger_is_refused(place: Place) -> None:
    assert refused(look(place, BUILD, role="clerk")) == ["P04"]


@pytest.mark.fault(53, "not owner, no CREATE, read-only, standby, slots full")
def test_an_owner_who_may_create_nothing_is_refused_for_builds_only(place: Place, owner: str) -> None:
    place.run("REVOKE CREATE ON SCHEMA public FROM clerk, PUBLIC")
    finding = only(look(place, BUILD, role=owner), "P05")
    assert finding.remedy == "GRANT CREATE ON SCHEMA public TO clerk"
    place.run("CREATE INDEX orders_by_user ON public.orders (user_id)")
    assert refused(look(place, drops=[place.indexes()["orders_by_user"]], role=owner)) == []


@pytest.mark.fault(53, "not owner, no CREATE, read-only, standby, slots full")
def test_a_role_whose_transactions_are_read_only_is_refused(place: Place, owner: str) -> None:
    place.run(f"ALTER ROLE clerk IN DATABASE {quote(place.database)} SET default_transaction_read_only = on")
    assert refused(look(place, BUILD, role=owner)) == ["P42"]


@pytest.mark.fault(53, "not owner, no CREATE, read-only, standby, slots full")
def test_a_timeout_of_the_role_is_told_and_does_not_refuse(place: Place, owner: str) -> None:
    place.run(f"ALTER ROLE clerk IN DATABASE {quote(place.database)} SET statement_timeout = '3s'")
    finding = only(look(place, BUILD, role=owner), "P32")
    assert finding.severity == "warn"
    assert "statement_timeout is 3 s" in finding.message


def allow_connections(place: Place, limit: int) -> None:
    """As many for the role, none of which a session that was just closed still counts for."""
    place.run(f"ALTER ROLE clerk CONNECTION LIMIT {limit}")
    waits_until(
        lambda: place.value("SELECT count(*) FROM pg_stat_activity WHERE usename = 'clerk'") == 0,
        what="the end of the role's sessions",
    )


@pytest.mark.fault(53, "not owner, no CREATE, read-only, standby, slots full")
def test_too_few_connections_are_refused_and_none_at_all_is_one_clear_line(place: Place, owner: str) -> None:
    allow_connections(place, 2)
    assert refused(look(place, BUILD, role=owner)) == ["P41"]
    allow_connections(place, 3)
    assert refused(look(place, BUILD, role=owner)) == []
    allow_connections(place, 1)
    with place.open(role=owner), pytest.raises(ConnectionFailed) as lost:
        connect(place.url_as(owner))
    place.says(lost.value)


@pytest.mark.fault(53, "not owner, no CREATE, read-only, standby, slots full")
def test_a_superuser_is_told_refused_or_let_through_as_is_asked(place: Place) -> None:
    assert look(place, BUILD, superuser="allow") == ()
    assert warned(look(place, BUILD, superuser="warn")) == ["P33"]
    assert refused(look(place, BUILD, superuser="refuse")) == ["P33"]


@pytest.mark.fault(53, "not owner, no CREATE, read-only, standby, slots full")
def test_a_standby_is_refused(own_place: Place) -> None:
    with standby(own_place.cluster) as copy:
        findings = look(own_place, BUILD, url=copy.url(own_place.database))
    assert refused(findings) == ["P01"]


@pytest.mark.fault(53, "not owner, no CREATE, read-only, standby, slots full")
def test_the_command_refuses_with_exit_code_3_and_changes_nothing(place: Place) -> None:
    advice = advice_file(place, [BUILD])
    with Tool(place, "apply", "--advice", advice, source=place.url_as("clerk")) as tool:
        assert tool.wait() == 3
        assert "P04" in tool.err
        assert "Traceback" not in tool.err
    assert set(place.indexes()) == {"orders_pkey"}


@pytest.mark.guard(53)
def test_without_the_checks_the_run_fails_on_the_way(
    place: Place, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for check in (rights, sessions, settings):
        take_out(monkeypatch, check)
    place.run("REVOKE CREATE ON SCHEMA public FROM clerk, PUBLIC")
    assert refused(look(place, BUILD, role=owner)) == []
    (outcome,) = apply_here(
        place,
        create_statement(*BUILD),
        open_session=lambda: connect(place.url_as(owner), read_only=False),
    )
    expect(outcome, "failed", "RIGHTS", "42501")


@pytest.mark.fault(53, "not owner, no CREATE, read-only, standby, slots full")
def test_a_table_that_is_locked_for_all_is_told_at_once_instead_of_waited_for(place: Place) -> None:
    with ExitStack() as stack:
        stack.enter_context(hold(place, "exclusive"))
        findings = look(place, BUILD)
    assert refused(findings) == ["P38"]
    assert warned(findings) == ["P19"]


PARTITIONED = Index("public", "events", (Key(expression="(id + 1)"),))


@pytest.fixture
def part_of_another(place: Place) -> Iterator[Place]:
    place.run("ALTER TABLE public.events OWNER TO clerk", "GRANT CREATE ON SCHEMA public TO clerk")
    yield place
    place.run("ALTER TABLE public.events OWNER TO postgres", "REVOKE ALL ON SCHEMA public FROM clerk")


@pytest.mark.fault(54, "ANALYZE skipped by rights")
def test_a_part_that_analyze_would_pass_over_is_named(part_of_another: Place) -> None:
    place = part_of_another
    findings = look(place, ("events_next_idx", PARTITIONED), role="clerk")
    finding = only(findings, "P34")
    assert "events_2026" in finding.message
    assert "P04" in refused(findings)
    place.run("ALTER TABLE public.events_2026 OWNER TO clerk")
    assert "P34" not in warned(look(place, ("events_next_idx", PARTITIONED), role="clerk"))
    place.run("ALTER TABLE public.events_2026 OWNER TO postgres")


@pytest.mark.guard(54)
def test_without_the_check_the_server_passes_over_it_and_calls_that_done(
    part_of_another: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = part_of_another
    take_out(monkeypatch, rights)
    assert "P34" not in warned(look(place, ("events_next_idx", PARTITIONED), role="clerk"))
    before = place.value(
        "SELECT count(*) FROM pg_stat_all_tables WHERE relname = 'events_2026' AND analyze_count > 0"
    )
    with place.mine(), place.open(role="clerk") as session:
        session.execute("ANALYZE public.events")
    assert (
        place.value(
            "SELECT count(*) FROM pg_stat_all_tables WHERE relname = 'events_2026' AND analyze_count > 0"
        )
        == before
    )
