"""Which values a statement is planned with."""

from __future__ import annotations

import pytest

from indexical.model import ColumnStatistics, Statement
from indexical.testing import catalog, table
from indexical.whatif.arrays import array_text, elements
from indexical.whatif.parameters import choose_samples, placeholder_count

STATUS = ColumnStatistics(distinct=3, common_values="{DONE,NEW,OLD}", common_frequencies=(0.8, 0.15, 0.05))
NUMBER = ColumnStatistics(distinct=-1, histogram="{0,10,20,30,40}")
BOTH = ColumnStatistics(common_values="{7,8}", common_frequencies=(0.3, 0.2), histogram="{100,200,300}")
CATALOG = catalog(
    table(
        "shop_order",
        "id int, status text, total int, both int, bare int",
        statistics={"id": NUMBER, "status": STATUS, "total": NUMBER, "both": BOTH},
    ),
    table("other", "status text"),
)


def chosen(sql, samples=(), **values):
    statement = Statement("q", sql, samples=tuple(samples), **values)
    return [(s.parameters, round(s.weight, 4)) for s in choose_samples(statement, CATALOG)]


def test_without_placeholders_there_is_one_sample():
    assert chosen("select 1") == [((), 1.0)]


def test_few_samples_are_all_taken_with_equal_weight():
    assert chosen("select * from shop_order where id = $1", [("1",), ("2",)]) == [
        (("1",), 0.5),
        (("2",), 0.5),
    ]


def test_equal_samples_count_together():
    assert chosen("select * from shop_order where id = $1", [("1",), ("1",), ("2",)]) == [
        (("1",), pytest.approx(0.6667)),
        (("2",), pytest.approx(0.3333)),
    ]


def test_many_samples_are_thinned_evenly_and_weigh_one_in_all():
    picked = chosen("select * from shop_order where id = $1", [(str(n),) for n in range(100)])
    assert [p for p, _ in picked] == [("0",), ("33",), ("66",), ("99",)]
    assert sum(w for _, w in picked) == pytest.approx(1.0)


def test_the_heaviest_sample_is_never_left_out():
    samples = [(str(n),) for n in range(50)]
    weights = tuple(1000.0 if n == 17 else 1.0 for n in range(50))
    picked = dict(chosen("select * from shop_order where id = $1", samples, sample_weights=weights))
    assert picked[("17",)] == pytest.approx(1000 / 1049, abs=1e-3)
    assert len(picked) == 4
    assert sum(picked.values()) == pytest.approx(1.0, abs=1e-3)


def test_a_missing_value_is_taken_from_the_statistics_common_and_middle():
    assert chosen("select * from shop_order where both = $1", [(None,)]) == [(("7",), 0.5), (("200",), 0.5)]


def test_a_value_that_is_there_is_kept_beside_a_filled_one():
    assert chosen("select * from shop_order where id = $1 and status = $2", [("5", None)]) == [
        (("5", "DONE"), 0.5),
        (("5", "OLD"), 0.5),
    ]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select * from shop_order where total = $1", ("20",)),
        ("select * from shop_order o where o.total > $1", ("20",)),
        ("select * from shop_order where $1 < total", ("20",)),
        ("select * from shop_order where total between $1 and $2", ("20", "30")),
        ("select * from shop_order where total in ($1, $2)", ("20", "30")),
        ('select * from "shop_order" where "shop_order"."total" = $1', ("20",)),
        ("select * from shop_order where total = $1::int limit $2", ("20", "20")),
        ("select * from shop_order where total = $1 limit $2 offset $3", ("20", "20", "0")),
        ("select * from shop_order where total = any($1)", ('{"20"}',)),
        ("select * from shop_order where total = any($1::int[])", ('{"20"}',)),
        ("update shop_order set status = $1 where total = $2", (None, "20")),
        ("delete from shop_order where total = $1", ("20",)),
        ("insert into other (status) values ($1)", (None,)),
    ],
)
def test_where_no_sample_is_known_the_statistics_stand_in(sql, expected):
    assert chosen(sql)[0][0] == expected


def test_the_limit_is_the_number_of_rows_seen():
    assert chosen("select * from shop_order where total = $1 limit $2", rows=50.0)[0][0] == ("20", "50")


@pytest.mark.parametrize(
    "sql",
    [
        "select * from shop_order where bare = $1",
        "select * from shop_order where nowhere = $1",
        "select * from shop_order where status like $1",
        "select * from shop_order where upper(status) = $1",
        "select * from shop_order where total = $1 + $2",
        "this is ( not sql $1",
    ],
)
def test_what_cannot_be_filled_is_planned_generically(sql):
    assert chosen(sql) == [((), 1.0)]


def test_a_sample_of_the_wrong_length_is_left_out():
    assert chosen("select * from shop_order where id = $1", [("1", "2"), ("3",)]) == [(("3",), 1.0)]


@pytest.mark.parametrize(
    ("sql", "count"),
    [
        ("select $1, $2", 2),
        ("select '$3'", 0),
        ('select "$4"', 0),
        ("select 1 -- $5", 0),
        ("select /* $6 */ $1", 1),
        ("select $10", 10),
        ("select $99999999999", 0),
    ],
)
def test_placeholders_are_counted_outside_of_texts_and_comments(sql, count):
    assert placeholder_count(Statement("q", sql)) == count


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", ()),
        ("", ()),
        ("nonsense", ()),
        ("{a,b}", ("a", "b")),
        ('{"a,b",c}', ("a,b", "c")),
        ('{"say \\"hi\\"","back\\\\slash"}', ('say "hi"', "back\\slash")),
        ('{NULL,"NULL",""}', (None, "NULL", "")),
        ('{"{nested}"}', ("{nested}",)),
    ],
)
def test_array_text_is_read_as_postgres_writes_it(text, expected):
    assert elements(text) == expected


@pytest.mark.parametrize("values", [["a"], ["a,b", 'c"d', "e\\f", "", "NULL", "{}"]])
def test_array_text_survives_a_round_trip(values):
    assert list(elements(array_text(values))) == values
