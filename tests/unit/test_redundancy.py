"""What of an existing set of indexes does no work of its own, and above all what does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexical.model import Table
from indexical.selection.redundancy import Redundancy, not_valid, redundancies
from indexical.testing import catalog, existing, index, table
from tests.unit import invitations, learning

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


def test_the_learning_platform_has_47_indexes_before_and_39_more_after() -> None:
    assert len(list(learning.before().indexes())) == 47
    assert len(learning.added()) == 39


def test_of_the_learning_platforms_39_exactly_one_is_a_duplicate_and_none_a_prefix() -> None:
    mine = {entry.name for entry in learning.added()}
    found = {k: v for k, v in _named(redundancies(learning.with_the_guide())).items() if k in mine}
    assert found == {"blogcat_slug_idx": ("duplicate", "blog_blogcategory_slug_key")}


def test_before_them_exactly_the_foreign_keys_that_lead_a_unique_constraint_are_prefixes() -> None:
    assert set(_named(redundancies(learning.before()))) == {
        "learning_lesson_course_id",
        "learning_exercise_lesson_id",
        "learning_courseenrollment_user_id",
        "learning_userprogress_user_id",
        "blog_wagtailcourseenrollment_user_id",
    }


def test_with_the_39_these_earlier_indexes_become_prefixes() -> None:
    mine = {entry.name for entry in learning.added()}
    earlier = set(_named(redundancies(learning.before())))
    assert set(_named(redundancies(learning.with_the_guide()))) - mine - earlier == {
        "learning_course_category_id",
        "learning_course_instructor_id",
        "learning_exercise_exercise_type_id",
        "learning_courseenrollment_course_id",
        "learning_userprogress_lesson_id",
        "learning_learningpath_creator_id",
        "learning_studysession_user_id",
        "learning_studysession_lesson_id",
        "blog_wagtailcourseenrollment_course_id",
        "trustlevel_level",
    }


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
        ("using gin a", "a, b"),
        ("using gist a", "using gist a, b"),
        ("a where b = 1", "a where b > 0"),
        ("a where b > 0", "a where b = 1"),
        ("a where b = 1 and a > 2", "a where b = 1"),
        ("c text_ops", "c text_pattern_ops"),
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


@pytest.mark.parametrize(
    ("narrow", "wide", "why"),
    [
        ("using hash a", "a, b", "wide (a, b) finds the same values"),
        ("using gin a", "using gin b, a", "wide (b, a) holds all its columns"),
        ("a where b in (1, 2)", "a, c where b = any(array[2, 1])", "its keys are the first of wide (a, c)"),
        ("a where b is not null", "a, c where not (b is null)", "its keys are the first of wide (a, c)"),
    ],
)
def test_an_index_whose_work_is_done_in_another_form_goes(narrow: str, wide: str, why: str) -> None:
    (found,) = redundancies([_orders(f"narrow: {narrow}", f"wide: {wide}")])
    assert found.existing.name == "narrow"
    assert found.evidence.startswith(why)


def test_a_pattern_index_goes_only_where_text_is_compared_by_bytes() -> None:
    like, key = "c_like: c varchar_pattern_ops", "c_key: unique constraint c"
    by_bytes = replace(catalog(_orders(like, key)), settings=(("lc_collate", "C"), ("locale_provider", "c")))
    assert _named(redundancies(by_bytes)) == {"c_like": ("redundant", "c_key")}
    by_icu = replace(by_bytes, settings=(("lc_collate", "C"), ("locale", "en"), ("locale_provider", "i")))
    assert redundancies(by_icu) == ()


def test_text_ops_on_a_column_that_ignores_case_is_no_duplicate() -> None:
    users = table("public.users", "id int, email citext", indexes=["ci: email", "cs: email text_ops"])
    assert redundancies([users]) == ()


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
