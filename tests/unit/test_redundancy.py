"""What of an existing set of indexes does no work of its own, and above all what does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexical.model import Table
from indexical.selection.redundancy import Redundancy, not_valid, redundancies
from indexical.testing import catalog, existing, index, table
from tests.unit import invitations

T = "public.orders"


def _orders(*indexes: object) -> Table:
    return table(T, "id uuid, a int, b int, c text", indexes=["pk: primary id", *indexes])  # type: ignore[list-item]


def _named(found: tuple[Redundancy, ...]) -> dict[str, tuple[str, str]]:
    return {each.existing.name: (each.reason, each.covered_by) for each in found}


def test_the_platform_has_53_indexes_before_and_42_more_after() -> None:
    assert len(list(invitations.before().indexes())) == 53
    assert len(invitations.added()) == 42
    assert len(list(invitations.with_the_guide().indexes())) == 95


def test_before_the_change_exactly_five_are_redundant() -> None:
    assert _named(redundancies(invitations.before())) == {
        "invitations_slug_explicit": ("duplicate", "invitations_invitation_slug_key"),
        "invitations_guest_explicit": ("duplicate", "invitations_guest_uniq"),
        "invitations_guest_invitation_id": ("redundant", "invitations_guest_uniq"),
        "accounts_user_groups_user_id": ("redundant", "accounts_user_groups_uniq"),
        "accounts_user_user_permissions_user_id": ("redundant", "accounts_user_user_permissions_uniq"),
    }


def test_among_the_42_exactly_five_are_duplicates_and_three_are_prefixes() -> None:
    mine = {entry.name for entry in invitations.added()}
    found = {k: v for k, v in _named(redundancies(invitations.with_the_guide())).items() if k in mine}
    assert found == {
        "invitation_order_idx": ("duplicate", "invitations_invitation_order_id_key"),
        "invitation_template_idx": ("duplicate", "invitations_invitation_template_id"),
        "user_current_plan_idx": ("duplicate", "accounts_user_current_plan_id"),
        "plan_code_idx": ("duplicate", "plans_plan_code_key"),
        "category_code_idx": ("duplicate", "plans_invitationcategory_code_key"),
        "order_user_status_idx": ("redundant", "order_user_status_created_idx"),
        "order_status_idx": ("redundant", "order_status_created_idx"),
        "template_active_idx": ("redundant", "template_active_popular_idx"),
    }


def test_with_the_42_these_foreign_key_indexes_become_prefixes() -> None:
    mine = {entry.name for entry in invitations.added()}
    earlier = set(_named(redundancies(invitations.before())))
    found = _named(redundancies(invitations.with_the_guide()))
    assert {name for name in found if name not in mine} - earlier == {
        "invitations_order_user_id",
        "invitations_invitation_user_id",
        "invitations_invitationviewlog_invitation_id",
        "accounts_useractivitylog_user_id",
        "accounts_phoneverification_user_id",
        "plans_template_plan_id",
        "plans_template_category_id",
    }
    assert earlier <= set(found)


def test_the_same_verdicts_come_from_planned_indexes() -> None:
    planned = [entry.index for entry in invitations.added()]
    names = {entry.index: entry.name for entry in invitations.added()}
    found = _named(redundancies(invitations.before(), added=planned, names=names))
    assert found["plans_template_plan_id"] == ("redundant", "template_plan_active_idx")
    assert found["invitations_order_user_id"] == ("redundant", "order_user_created_idx")
    assert "invitations_invitation_template_id" not in found


def test_a_planned_index_without_a_name_is_called_by_its_structure() -> None:
    found = redundancies([_orders("a_idx: a")], added=[index(T, "a, b")])
    assert [each.covered_by for each in found] == ["public.orders (a, b)"]


def test_of_two_equal_indexes_the_later_one_goes() -> None:
    old, young = existing(T, "z_old: a", oid=5), existing(T, "a_young: a", oid=9)
    assert list(_named(redundancies([_orders(young, old)]))) == ["a_young"]


def test_equal_indexes_of_one_age_go_by_name() -> None:
    assert list(_named(redundancies([_orders(existing(T, "b: a"), existing(T, "a: a"))]))) == ["b"]


def test_all_but_one_of_many_equal_ones_go_and_all_name_the_one_that_stays() -> None:
    found = _named(redundancies([_orders("one: a", "two: a DESC", "three: a")]))
    assert found == {"two": ("duplicate", "one"), "three": ("duplicate", "one")}


def test_a_chain_of_prefixes_names_the_index_that_stays() -> None:
    found = _named(redundancies([_orders("one: a", "two: a, b", "three: a, b, c")]))
    assert found == {"one": ("redundant", "three"), "two": ("redundant", "three")}


@pytest.mark.parametrize(
    "protected",
    [
        existing(T, "x: unique constraint a"),
        existing(T, "x: unique a"),
        existing(T, "x: exclusion a"),
        existing(T, "x: a", foreign_key_target=True),
        existing(T, "x: a", replica_identity=True),
        existing(T, "x: a", clustered=True),
        existing(T, "x: a", parent="all_of_a"),
        existing(T, "x: a", valid=False),
        existing(T, "x: a", ready=False),
    ],
)
def test_what_must_stay_is_never_named(protected: object) -> None:
    assert "x" not in _named(redundancies([_orders("wide: a, b", protected)]))


def test_of_two_equal_indexes_the_one_that_must_stay_stays_although_younger() -> None:
    found = _named(redundancies([_orders("old: a", existing(T, "young: a", oid=5000, clustered=True))]))
    assert found == {"old": ("duplicate", "young")}


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ("a where b = 1", "a, c"),
        ("a where b = 1", "a"),
        ("a", "a, c where b = 1"),
        ("c varchar_pattern_ops", "c"),
        ("c", "c varchar_pattern_ops"),
        ("using hash a", "a"),
        ("using gin a", "a, b"),
        ("using brin a", "a"),
        ("a, b", "a, b DESC"),
        ("a include (c)", "a, b"),
        ("a NULLS FIRST", "a, b"),
        ("(lower(c))", "c"),
        ("b", "a, b"),
    ],
)
def test_an_index_with_work_of_its_own_stays(narrow: str, wide: str) -> None:
    assert redundancies([_orders(f"narrow: {narrow}", f"wide: {wide}")]) == ()


def test_an_index_that_is_not_valid_does_no_work_for_another() -> None:
    broken = existing(T, "broken: a, b", oid=1, valid=False)
    assert redundancies([_orders("a_idx: a", broken)]) == ()
    assert [entry.name for entry in not_valid([_orders("a_idx: a", broken)])] == ["broken"]


def test_a_planned_index_never_displaces_its_equal() -> None:
    assert redundancies([_orders("a_idx: a")], added=[index(T, "a"), index(T, "a DESC")]) == ()


def test_indexes_of_different_tables_have_nothing_to_do_with_each_other() -> None:
    other = table("public.users", "id uuid, a int", indexes=["users_a: a"])
    assert redundancies(catalog(_orders("a_idx: a, b"), other), added=[index("other.users", "a, b")]) == ()


def test_indexes_of_a_partitioned_table_are_left_alone() -> None:
    assert redundancies([replace(_orders("one: a", "two: a, b"), kind="p")]) == ()


def test_evidence_names_the_coverer_the_size_and_the_scans() -> None:
    slug = existing(T, "explicit: a", oid=2000, size=4096, scans=7)
    (found,) = redundancies([_orders("key: unique constraint a", slug)])
    assert found.evidence == (
        "key has the same keys (a), and stays because it backs the unique constraint key; 4096 bytes, 7 scans counted"
    )


def test_the_order_of_the_input_does_not_show() -> None:
    tables = invitations.with_the_guide().tables
    turned = [replace(each, indexes=each.indexes[::-1]) for each in reversed(tables)]
    assert redundancies(tables) == redundancies(turned)
