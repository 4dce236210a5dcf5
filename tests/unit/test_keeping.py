"""Why an index must stay whatever its scans say: each reason, and that an ordinary index has none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexical.model import Index, Key
from indexical.model.catalog import ExtendedStatistics
from indexical.model.keeping import Surroundings, needed_by, surroundings
from indexical.testing import existing, index, table

PLAIN = existing("orders", "i: user_id")


def test_an_ordinary_index_may_go():
    assert needed_by(PLAIN) == ""
    assert needed_by(PLAIN, Surroundings()) == ""


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (existing("orders", "primary id"), "backs the primary constraint"),
        (existing("orders", "unique constraint code"), "backs the unique constraint"),
        (existing("orders", "exclusion code"), "backs the exclusion constraint"),
        (existing("orders", "unique code"), "ON CONFLICT and joins"),
        (existing("orders", "i: code", foreign_key_target=True), "a foreign key refers to it"),
        (existing("orders", "i: code", replica_identity=True), "replica identity"),
        (existing("orders", "i: code", clustered=True), "clustered on it"),
        (existing("orders", "i: code", parent="parent_idx"), "part of the partitioned index parent_idx"),
        (existing("orders", "i: code", partitioned=True), "index of a partitioned table"),
    ],
)
def test_what_an_index_says_of_itself_keeps_it(made, why):
    assert why in needed_by(made)


def test_the_only_index_for_a_foreign_key_stays():
    around = Surroundings(foreign_keys=(("user_id",),))
    assert "the foreign key (user_id)" in needed_by(PLAIN, around)


def test_one_of_two_indexes_for_a_foreign_key_may_go():
    around = Surroundings(foreign_keys=(("user_id",),), staying=(index("orders", "user_id, total"),))
    assert needed_by(PLAIN, around) == ""


def test_a_partial_index_does_no_foreign_keys_work():
    around = Surroundings(
        foreign_keys=(("user_id",),), staying=(index("orders", "user_id", where="total > 0"),)
    )
    assert needed_by(PLAIN, around) != ""


def test_the_only_statistics_of_an_expression_stay():
    lowered = existing("orders", "i: lower(code)")
    assert "statistics of the expression lower(code)" in needed_by(lowered, Surroundings())


def test_statistics_of_an_expression_that_are_kept_elsewhere_do_not_hold_an_index():
    lowered = existing("orders", "i: lower(code)")
    assert needed_by(lowered, Surroundings(expressions=("lower(code)",))) == ""
    other = Index("public", "orders", (Key(expression="lower(code)"), Key.asc("id")))
    assert needed_by(lowered, Surroundings(staying=(other,))) == ""


def test_an_expression_is_compared_by_meaning_not_by_spelling():
    lowered = existing("orders", "i: lower(code)")
    assert needed_by(lowered, Surroundings(expressions=("lower((code)::text)",))) == ""


def test_the_surroundings_of_a_catalogs_table_are_its_own():
    made = table("orders", "id int, user_id int", foreign_keys={"user_id": "users.id"})
    made = replace(
        made, extended_statistics=(ExtendedStatistics("public", "s", expressions=("lower(code)",)),)
    )
    around = surroundings(made, [index("orders", "id"), index("other", "id")])
    assert around == Surroundings((("user_id",),), (index("orders", "id"),), ("lower(code)",))
