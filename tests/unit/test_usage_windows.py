"""Over which time counters can be trusted: everything that may have set them back begins the window again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexical.model.usage import IndexUse, NodeState, Sample, TableUse
from indexical.usage.windows import judge, node_window

DAY = 86_400.0
STATE = NodeState(
    system="71", database_oid=5, database="shop", server_version=180006, timeline=1,
    resets=(("archiver", "a"), ("bgwriter", "b"), ("database", "d"), ("wal", "w")),
)  # fmt: skip
STANDBY = replace(STATE, standby=True)


def day(number, scans=0, *, state=STATE, node="primary", oid=10, definition="x", table=None, **counts):
    index = IndexUse(oid, "public", "orders", "i", definition, scans, **counts)
    tables = (TableUse(1, "public", "orders", *(table or (number, number, number))),)
    return Sample(node, f"2026-01-{number:02}T00:00:00.000000+00:00", state, (index,), tables)


def verdict(*samples, at_least=7 * DAY, **more):
    return judge({"primary": samples, **more}, "public", "i", at_least=at_least)


def test_no_scan_over_a_long_window_is_unused():
    found = verdict(day(1), day(5), day(9))
    assert (found.use, found.seconds, found.since) == ("unused", 8 * DAY, "2026-01-01T00:00:00.000000+00:00")
    assert found.reason == "no scan since 2026-01-01T00:00:00.000000+00:00, over 8 days, on primary"


def test_scans_from_before_the_first_sample_do_not_count():
    assert verdict(day(1, 40), day(9, 40)).use == "unused"


def test_a_scan_within_the_window_is_use():
    found = verdict(day(1, 40), day(9, 41))
    assert (found.use, found.scans) == ("used", 1)


def test_a_short_window_is_too_early():
    found = verdict(day(1), day(3))
    assert found.use == "too-early"
    assert found.reason == "no scan in 2 days since 2026-01-01T00:00:00.000000+00:00, and 7 days are needed"


def test_one_sample_is_too_early():
    assert verdict(day(9)).use == "too-early"


@pytest.mark.parametrize(
    ("later", "why"),
    [
        ({"state": replace(STATE, resets=(*STATE.resets[:2], ("database", "later"), STATE.resets[3]))}, "reset"),
        ({"state": replace(STATE, resets=(STATE.resets[0], ("bgwriter", "later"), *STATE.resets[2:]))}, "crashed"),
        ({"state": replace(STATE, timeline=2)}, "another timeline"),
        ({"state": replace(STATE, system="72")}, "another database answered"),
        ({"state": replace(STATE, database_oid=6)}, "another database answered"),
        ({"state": replace(STATE, server_version=190001)}, "upgraded"),
        ({"oid": 11}, "built anew"),
        ({"definition": "y"}, "changed or renamed"),
        ({"table": (0, 0, 0)}, "table's counters were set back"),
    ],
)  # fmt: skip
def test_what_may_have_set_counters_back_begins_the_window_again(later, why):
    found = verdict(day(1), day(8, **later), day(9, **{k: v for k, v in later.items() if k != "table"}))
    assert found.use == "too-early", found
    assert found.seconds == DAY
    assert why in found.reason


def test_a_counter_that_fell_begins_the_window_again():
    found = verdict(day(1, 40), day(8, 3), day(9, 3))
    assert (found.use, found.seconds) == ("too-early", DAY)
    assert "set back" in found.reason


def test_a_promoted_standby_begins_the_window_again():
    found = verdict(day(1, state=STANDBY), day(8), day(9))
    assert found.use == "too-early"
    assert "promoted" in found.reason


def test_a_clean_restart_keeps_the_window():
    later = replace(STATE, started="later")
    assert verdict(day(1), day(9, state=later)).use == "unused"


def test_an_index_that_only_a_standby_scans_is_used():
    replica = [day(n, n, state=STANDBY, node="replica 1") for n in (1, 9)]
    found = verdict(day(1), day(9), **{"replica 1": replica})
    assert found.use == "used"
    assert "8 on replica 1" in found.reason


def test_a_standby_that_nobody_sampled_leaves_it_open():
    alone = replace(STATE, standbys=1)
    found = verdict(day(1, state=alone), day(9, state=alone))
    assert found.use == "not-measured"
    assert "1 standby and 0 were sampled" in found.reason


def test_a_named_server_without_samples_leaves_it_open():
    found = verdict(day(1), day(9), **{"replica 1": ()})
    assert (found.use, found.reason) == (
        "not-measured",
        "server replica 1 has no sample; sample every server",
    )


def test_only_standbys_leave_it_open():
    found = judge({"replica 1": [day(n, state=STANDBY) for n in (1, 9)]}, "public", "i")
    assert found.use == "not-measured"
    assert "sample the primary" in found.reason


def test_the_window_is_what_all_servers_have_in_common():
    replica = [day(n, state=STANDBY, node="replica 1") for n in (8, 9)]
    found = verdict(day(1), day(9), **{"replica 1": replica})
    assert (found.use, found.seconds) == ("too-early", DAY)


def test_the_counters_own_age_stands_in_for_samples():
    old = replace(STATE, counted_since="2025-01-01T00:00:00+00:00")
    assert verdict(day(9, state=old)).use == "unused"
    assert verdict(day(9, 5, state=old)).use == "used"


def test_the_counters_own_age_never_outlives_a_restart():
    old = replace(STATE, counted_since="2025-01-01T00:00:00+00:00")
    found = verdict(day(1, state=old), day(8, oid=11, state=old), day(9, oid=11, state=old))
    assert found.use == "too-early"


def test_an_index_that_is_gone_has_no_window():
    gone = replace(day(9), indexes=())
    assert node_window([day(1), gone], "public", "i") is None
    assert verdict(day(1), gone).use == "not-measured"


def test_the_order_of_the_samples_does_not_matter():
    samples = [day(1), day(5, oid=9), day(9)]
    assert node_window(samples, "public", "i") == node_window(samples[::-1], "public", "i")
