"""The documented query patterns of the invitation platform, one statement each, against its indexes and statistics.

The table is each pattern's statement, the candidates, and the reasons of what was refused.
"""

from __future__ import annotations

import pytest

from indexical.candidates import generate
from indexical.model import Limits
from indexical.testing import statement, workload
from tests.unit import invitations

PATTERNS = {
    "D1": (
        "select * from invitations_order where user_id = $1 and status = $2 order by created_at desc limit 10",
        [
            "invitations_order (created_at)",
            "invitations_order (status)",
            "invitations_order (status, created_at)",
            "invitations_order (user_id, created_at)",
            "invitations_order (user_id, status)",
            "invitations_order (user_id, status, created_at)",
        ],
        ["covered"],
    ),
    "D2": (
        "select * from invitations_order where status = $1 order by created_at desc limit 20",
        [
            "invitations_order (created_at)",
            "invitations_order (status)",
            "invitations_order (status, created_at)",
        ],
        [],
    ),
    "D3": (
        "select * from invitations_order where user_id=$1 order by created_at desc",
        ["invitations_order (user_id, created_at)"],
        ["covered"],
    ),
    "D4": (
        "select * from invitations_order where status=$1 and approved_at >= $2 order by created_at desc",
        [
            "invitations_order (approved_at)",
            "invitations_order (status)",
            "invitations_order (status, approved_at)",
            "invitations_order (status, created_at)",
        ],
        [],
    ),
    "D5": (
        "select * from invitations_invitation where user_id=$1 and is_active order by created_at desc",
        [
            "invitations_invitation (is_active, created_at)",
            "invitations_invitation (user_id, created_at)",
            "invitations_invitation (user_id, is_active)",
            "invitations_invitation (user_id, is_active, created_at)",
        ],
        ["covered"],
    ),
    "D6": (
        "select * from invitations_invitation where is_active and link_expires_at <= $1 order by created_at desc",
        [
            "invitations_invitation (is_active, created_at)",
            "invitations_invitation (is_active, link_expires_at)",
            "invitations_invitation (link_expires_at)",
        ],
        ["covered"],
    ),
    "D7": (
        "select * from invitations_invitation where event_date >= $1 order by created_at desc",
        ["invitations_invitation (created_at)", "invitations_invitation (event_date)"],
        [],
    ),
    "D8": (
        "select * from invitations_invitation where user_id=$1 order by created_at desc",
        ["invitations_invitation (user_id, created_at)"],
        ["covered"],
    ),
    "D9": (
        "select * from invitations_guest where invitation_id=$1 order by viewed_at desc",
        ["invitations_guest (invitation_id, viewed_at)"],
        ["covered"],
    ),
    "D10": (
        "select * from invitations_guest where invitation_id=$1 and attending order by viewed_at desc",
        [
            "invitations_guest (attending, viewed_at)",
            "invitations_guest (invitation_id, attending)",
            "invitations_guest (invitation_id, attending, viewed_at)",
            "invitations_guest (invitation_id, viewed_at)",
        ],
        ["boolean-alone", "covered"],
    ),
    "D11": (
        "select * from invitations_guest where invitation_id=$1 and device_fingerprint=$2 order by viewed_at desc limit 1",
        [],
        ["one-row"],
    ),
    "D12": (
        "select * from plans_template where plan_id=$1 and category_id=$2 and is_active order by sort_order, created_at desc",
        [
            "plans_template (category_id, plan_id)",
            "plans_template (category_id, plan_id, is_active)",
            "plans_template (category_id, plan_id, is_active, sort_order)",
            "plans_template (category_id, plan_id, sort_order, created_at DESC)",
            "plans_template (category_id, sort_order, created_at DESC)",
            "plans_template (is_active, sort_order, created_at DESC)",
            "plans_template (plan_id, sort_order, created_at DESC)",
        ],
        ["boolean-alone", "covered"],
    ),
    "D13": (
        "select * from plans_template where plan_id=$1 and is_active order by sort_order, created_at desc limit 10",
        [
            "plans_template (is_active, sort_order, created_at DESC)",
            "plans_template (plan_id, is_active)",
            "plans_template (plan_id, is_active, sort_order, created_at DESC)",
            "plans_template (plan_id, sort_order, created_at DESC)",
            "plans_template (sort_order)",
            "plans_template (sort_order, created_at DESC)",
        ],
        ["boolean-alone", "covered"],
    ),
    "D14": (
        "select * from plans_template where is_active order by use_count desc limit 6",
        ["plans_template (is_active, use_count)", "plans_template (use_count)"],
        ["boolean-alone"],
    ),
    "D15": (
        "select * from plans_template where is_premium and is_active",
        ["plans_template (is_active, is_premium)"],
        ["boolean-alone"],
    ),
    "D16": (
        "select * from plans_template where animation_type=$1 and is_active",
        ["plans_template (animation_type)", "plans_template (animation_type, is_active)"],
        ["boolean-alone"],
    ),
    "D17": (
        "select * from accounts_user where is_phone_verified order by created_at desc",
        ["accounts_user (is_phone_verified, created_at)"],
        ["boolean-alone"],
    ),
    "D18": (
        "select * from accounts_user where current_plan_id=$1 order by created_at desc",
        ["accounts_user (current_plan_id, created_at)"],
        ["covered"],
    ),
    "D19": (
        "select * from accounts_user order by created_at desc limit 20",
        ["accounts_user (created_at)"],
        [],
    ),
    "D20": (
        "select * from accounts_user where is_blocked order by created_at desc",
        ["accounts_user (created_at) WHERE is_blocked", "accounts_user (is_blocked, created_at)"],
        ["boolean-alone"],
    ),
    "D21": (
        "select * from accounts_useractivitylog where user_id=$1 order by created_at desc limit 10",
        ["accounts_useractivitylog (created_at)", "accounts_useractivitylog (user_id, created_at)"],
        ["covered"],
    ),
    "D22": (
        "select * from accounts_useractivitylog where user_id=$1 and activity_type=$2 order by created_at desc",
        [
            "accounts_useractivitylog (activity_type)",
            "accounts_useractivitylog (activity_type, created_at)",
            "accounts_useractivitylog (user_id, activity_type)",
            "accounts_useractivitylog (user_id, activity_type, created_at)",
            "accounts_useractivitylog (user_id, created_at)",
        ],
        ["covered"],
    ),
    "D23": (
        "select * from accounts_useractivitylog where created_at >= $1 order by created_at desc",
        ["accounts_useractivitylog (created_at)"],
        [],
    ),
    "D24": (
        "select * from accounts_phoneverification where user_id=$1 order by created_at desc limit 1",
        ["accounts_phoneverification (created_at)", "accounts_phoneverification (user_id, created_at)"],
        ["covered"],
    ),
    "D25": (
        "select * from accounts_phoneverification where user_id=$1 and not is_used order by created_at desc",
        [
            "accounts_phoneverification (created_at) WHERE NOT is_used",
            "accounts_phoneverification (is_used, created_at)",
            "accounts_phoneverification (user_id) WHERE NOT is_used",
            "accounts_phoneverification (user_id, created_at)",
            "accounts_phoneverification (user_id, created_at) WHERE NOT is_used",
            "accounts_phoneverification (user_id, is_used)",
            "accounts_phoneverification (user_id, is_used, created_at)",
        ],
        ["boolean-alone", "covered"],
    ),
    "D26": (
        "select * from invitations_invitationviewlog where invitation_id=$1 order by viewed_at desc",
        ["invitations_invitationviewlog (invitation_id, viewed_at)"],
        ["covered"],
    ),
    "D27": (
        "select * from invitations_invitationviewlog where viewed_at >= $1 order by viewed_at desc",
        ["invitations_invitationviewlog (viewed_at)"],
        [],
    ),
    "D28": (
        (
            "select o.*, p.*, u.* from invitations_order o"
            " inner join plans_plan p on p.id=o.plan_id inner join accounts_user u"
            " on u.id=o.user_id where o.user_id=$1 order by o.created_at desc"
        ),
        [
            "invitations_order (user_id, created_at)",
        ],
        ["covered", "one-row", "small-table"],
    ),
}


@pytest.mark.parametrize("name", PATTERNS)
def test_documented_pattern(name: str) -> None:
    sql, expected, reasons = PATTERNS[name]
    found = generate(workload(statement(sql, id=name)), invitations.before(), Limits())
    assert sorted(each.index.text.removeprefix("public.") for each in found.candidates) == expected
    assert sorted({each.reason for each in found.refused}) == reasons
    assert not found.not_examined


def test_plans_and_categories_receive_nothing_and_the_reason_names_their_rows() -> None:
    found = generate(
        workload(
            "SELECT * FROM plans_plan WHERE is_active ORDER BY sort_order, price_inr LIMIT 20",
            "SELECT * FROM plans_plan WHERE name = $1",
            "SELECT * FROM plans_invitationcategory WHERE is_active ORDER BY sort_order, name",
        ),
        invitations.before(),
        Limits(),
    )
    assert found.candidates == ()
    assert {(each.subject, each.reason) for each in found.refused} == {
        ("public.plans_plan", "small-table"),
        ("public.plans_invitationcategory", "small-table"),
    }
    assert any(each.detail.startswith("3 rows in 1 page (8192 bytes)") for each in found.refused)


def test_no_documented_pattern_asks_for_one_of_the_duplicates_or_for_a_boolean_alone() -> None:
    everything = workload(*(statement(sql, id=name) for name, (sql, _, _) in PATTERNS.items()))
    found = {each.index for each in generate(everything, invitations.before(), Limits()).candidates}
    existing = {entry.index for entry in invitations.before().indexes()}
    assert not found & existing
    assert not {
        index.text for index in found if index.columns in (("is_active",), ("attending",), ("is_blocked",))
    }


def test_the_42_leave_nothing_to_ask_for_that_one_of_them_serves_whatever_its_direction() -> None:
    statements = workload(
        "SELECT * FROM accounts_useractivitylog WHERE user_id = $1 ORDER BY created_at DESC LIMIT 10"
    )
    found = generate(statements, invitations.with_the_guide(), Limits())
    assert found.candidates == ()
    assert {each.detail for each in found.refused} == {
        "accounts_useractivitylog_user_id does the same already",
        "activity_user_created_idx does the same already",
        "activity_created_idx does the same already",
    }
