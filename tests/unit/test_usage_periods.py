"""A review's figures come from the samples at both ends of its period, and from nothing across a break."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexical.model.usage import IndexUse, NodeState, Sample, StatementUse, TableUse
from indexical.model.using import Blocks, NodeUsage, Usage
from indexical.report.markdown import render_sections
from indexical.report.review import review_sections
from indexical.usage import review

STATE = NodeState("71", 5, "shop", 180006, 1, resets=(("database", "d"),))
NODE = NodeUsage("primary", False, "", "", 1, "", 0, Blocks(), Blocks())
USAGE = Usage("shop", 180006, "2026-03-31T00:00:00+00:00", 604800.0, (NODE,), (), ())


def taken(day: int, scans: int, size: int = 8192, state: NodeState = STATE, calls: int = 0) -> Sample:
    statements = (StatementUse("1", "SELECT $1", calls, calls * 2.0),) if calls else ()
    return Sample(
        "primary",
        f"2026-03-{day:02}T00:00:00.000000+00:00",
        state,
        (IndexUse(10, "public", "t", "i", "x", scans, size=size),),
        (TableUse(1, "public", "t", size=2 * size),),
        statements,
        "r" if calls else "",
        ""
        if calls
        else "pg_stat_statements is not in this database; run: CREATE EXTENSION pg_stat_statements",
    )


def test_a_week_begins_with_the_last_sample_before_it() -> None:
    found = review(
        "weekly", {"primary": [taken(1, 0), taken(20, 100), taken(24, 130), taken(29, 160)]}, USAGE
    )
    assert (found.since[:10], found.until[:10]) == ("2026-03-20", "2026-03-29")
    assert found.scans == (("public.i", 60),)


def test_scans_before_a_reset_are_left_out_and_the_cut_is_named() -> None:
    reset = replace(STATE, resets=(("database", "e"),))
    samples = [taken(22, 100), taken(24, 900), taken(26, 5, state=reset), taken(28, 9, state=reset)]
    found = review("weekly", {"primary": samples}, USAGE)
    assert found.scans == (("public.i", 4),)
    ((node, why),) = found.cut
    assert node == "primary"
    assert "the statistics were reset between 2026-03-24" in why


def test_growth_is_the_difference_of_the_ends() -> None:
    found = review("weekly", {"primary": [taken(22, 0, 8192), taken(25, 0, 99), taken(28, 0, 16384)]}, USAGE)
    assert [(each.kind, each.name, each.before, each.after) for each in found.growth] == [
        ("table", "public.t", 16384, 32768),
        ("index", "public.i", 8192, 16384),
    ]


def test_statements_are_what_was_added_in_between() -> None:
    found = review("weekly", {"primary": [taken(22, 0, calls=10), taken(28, 0, calls=35)]}, USAGE)
    ((id, calls, mean),) = [(each.id, each.calls, each.mean_ms) for each in found.statements]
    assert (id, calls, mean) == ("1", 25, 2.0)


@pytest.mark.parametrize("since", ["r", "later"])
def test_statements_that_were_forgotten_are_not_guessed(since: str) -> None:
    fewer = replace(taken(28, 0, calls=3), statements_since=since)
    found = review("weekly", {"primary": [taken(22, 0, calls=10), fewer]}, USAGE)
    assert found.statements == ()
    assert found.statements_missing


def test_one_sample_says_nothing_and_that_is_said() -> None:
    found = review("quarterly", {"primary": [taken(28, 50)]}, USAGE)
    assert found.scans == (("public.i", 0),)
    assert found.growth == ()
    text = render_sections(review_sections(found)).replace("\\", "")
    assert "The samples reach back 0.0 of the 91 days" in text
    assert "run: CREATE EXTENSION pg_stat_statements" in text.replace("\\", "")
    assert "No scan was counted" in text
