"""Which values a statement is planned with."""

from __future__ import annotations

import time

import pytest

from indexical.model import ColumnStatistics, Statement
from indexical.testing import catalog, table
from indexical.whatif.arrays import array_text, elements
from indexical.whatif.parameters import choose_samples, placeholder_count

STATUS = ColumnStatistics(distinct=3, common_values="{DONE,NEW,OLD}", common_frequencies=(0.8, 0.15, 0.05))
NUMBER = ColumnStatistics(distinct=-1, histogram="{0,10,20,30,40}")
BOTH = ColumnStatistics(common_values="{7,8}", common_frequencies=(0.3, 0.2), histogram="{100,200,300}")
HOLES = ColumnStatistics(null_fraction=0.5, common_values="{a,b}", common_frequencies=(0.3, 0.2))
MANY = ColumnStatistics(
    common_values="{a,b,c,d,e}", common_frequencies=(0.2, 0.15, 0.1, 0.1, 0.05), histogram="{k,m,z}"
)
CATALOG = catalog(
    table(
        "shop_order",
        "id int, status text, total int, both int, bare int, holes text, many text",
        statistics={
            "id": NUMBER,
            "status": STATUS,
            "total": NUMBER,
            "both": BOTH,
            "holes": HOLES,
            "many": MANY,
        },
    ),
    table("other", "status text"),
)


def chosen(sql, samples=(), **values):
    statement = Statement("q", sql, samples=tuple(samples), **values)
    return [(s.parameters, round(s.weight, 4)) for s in choose_samples(statement, CATALOG)]


def test_without_placeholders_there_is_one_sample():
    assert chosen("select 1") == [((), 1.0)]


def test_few_samples_are_all_taken_with_equal_weight():
    assert chosen("select * from shop_order where id > $1", [("1",), ("2",)]) == [
        (("1",), 0.5),
        (("2",), 0.5),
    ]


def test_equal_samples_count_together():
    assert chosen("select * from shop_order where id > $1", [("1",), ("1",), ("2",)]) == [
        (("1",), pytest.approx(0.6667)),
        (("2",), pytest.approx(0.3333)),
    ]


def test_many_samples_are_thinned_evenly_and_weigh_one_in_all():
    picked = chosen("select * from shop_order where id > $1", [(str(n),) for n in range(100)])
    assert [p for p, _ in picked] == [("0",), ("33",), ("66",), ("99",)]
    assert sum(w for _, w in picked) == pytest.approx(1.0)


def test_the_heaviest_sample_is_never_left_out():
    samples = [(str(n),) for n in range(50)]
    weights = tuple(1000.0 if n == 17 else 1.0 for n in range(50))
    picked = dict(chosen("select * from shop_order where id > $1", samples, sample_weights=weights))
    assert picked[("17",)] == pytest.approx(1000 / 1049, abs=1e-3)
    assert len(picked) == 4
    assert sum(picked.values()) == pytest.approx(1.0, abs=1e-3)


def test_values_that_are_equally_rare_are_planned_once_with_the_weight_of_all():
    samples = [("DONE",), ("x",), ("y",), ("NEW",), ("z",)]
    assert chosen("select * from shop_order where status = $1", samples) == [
        (("DONE",), 0.2),
        (("x",), 0.6),
        (("NEW",), 0.2),
    ]


def test_a_common_value_among_many_rare_ones_is_never_left_out():
    samples = [(f"code{n}",) for n in range(60)]
    samples[37] = ("DONE",)
    weights = tuple(0.5 if n == 37 else 1.0 for n in range(60))
    picked = dict(chosen("select * from shop_order where status = $1", samples, sample_weights=weights))
    assert picked == {("code0",): pytest.approx(0.9916), ("DONE",): pytest.approx(0.0084)}


def test_of_a_type_with_several_spellings_no_two_values_are_taken_for_equally_rare():
    known = ColumnStatistics(common_values="{1.0,2.0}", common_frequencies=(0.5, 0.2))
    priced = catalog(table("p", "price numeric, free numeric", statistics={"price": known}))
    for column, kept in (("price", 2), ("free", 1)):
        asked = Statement("q", f"select * from p where {column} = $1", samples=(("1",), ("3",)))
        assert len(choose_samples(asked, priced)) == kept


def test_values_that_are_only_written_make_no_difference():
    samples = [("a", "1"), ("b", "2"), ("c", "3")]
    assert chosen("update shop_order set many = $1 where id = $2", samples) == [(("a", "1"), 1.0)]


def test_of_values_compared_in_a_range_each_stands_for_itself():
    samples = [("DONE", "10"), ("DONE", "20"), ("NEW", "20")]
    assert len(chosen("select * from shop_order where status = $1 and total > $2", samples)) == 3


def test_a_missing_value_is_drawn_common_and_rare_each_with_its_share_of_the_rows():
    assert chosen("select * from shop_order where both = $1", [(None,)]) == [
        (("7",), 0.3),
        (("8",), 0.2),
        (("200",), 0.5),
    ]


def test_nulls_take_no_part_in_the_shares():
    assert chosen("select * from shop_order where holes = $1") == [(("a",), 0.6), (("b",), 0.4)]


def test_of_many_common_values_the_leading_ones_stand_alone_and_one_stands_for_the_others():
    assert chosen("select * from shop_order where many = $1") == [
        (("a",), 0.2),
        (("b",), 0.15),
        (("d",), 0.25),
        (("m",), 0.4),
    ]


def test_missing_values_of_two_columns_meet_in_their_order_of_frequency():
    assert chosen("select * from shop_order where both = $1 and status = $2") == [
        (("7", "DONE"), 0.3),
        (("8", "DONE"), 0.2),
        (("200", "DONE"), 0.3),
        (("300", "NEW"), 0.2),
    ]


def test_a_range_is_planned_wide_and_narrow():
    assert chosen("select * from shop_order where total > $1") == [(("20",), 0.5), (("30",), 0.5)]
    assert chosen("select * from shop_order where total <= $1") == [(("20",), 0.5), (("0",), 0.5)]
    assert chosen("select * from shop_order where $1 > total") == [(("20",), 0.5), (("0",), 0.5)]


def test_samples_with_gaps_share_the_strata_and_stay_few():
    picked = chosen(
        "select * from shop_order where id > $1 and status = $2", [(str(n), None) for n in range(4)]
    )
    assert [status for (_, status), _ in picked] == ["DONE", "DONE", "DONE", "NEW"]


def test_never_more_samples_than_allowed():
    sql = "select * from shop_order where both = $1 and status = $2 and many = $3 and total > $4"
    picked = choose_samples(Statement("q", sql), CATALOG, 4)
    assert len(picked) == 4
    assert sum(sample.weight for sample in picked) == pytest.approx(1.0)


def test_a_value_that_is_there_is_kept_beside_a_filled_one():
    assert chosen("select * from shop_order where id = $1 and status = $2", [("5", None)]) == [
        (("5", "DONE"), 0.8),
        (("5", "NEW"), 0.15),
        (("5", "OLD"), 0.05),
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
        ("select $$ $7 $$, $1", 1),
        ("select /* /* $6 */ $7 */ $1", 1),
        ("select 1 /* $5", 0),
        ("select $1, '$5", 1),
        ("select $2, E'\\", 2),
        ("select a$1$, $3", 3),
        ("select 'it''s $4', $1", 1),
        ("select $a$ $7 $$ $a$, $2", 2),
        (r"select E'it\'s $8', $1", 1),
        (r"select '\', $2, '$9'", 2),
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


@pytest.mark.parametrize(
    "sql",
    [
        f"select * from shop_order where total = {'(' * 5000}$1{')' * 5000}",
        f"select * from shop_order where total = $1 {'/*' * 20000}{'*/' * 20000}",
        f"select * from shop_order where total = $1 {'/* ' * 20000}",
        f"select * from shop_order where total in ({', '.join(f'${n}' for n in range(1, 15000))})",
        f"select * from shop_order where total in ({', '.join(['$1'] * 100_000)})",
        f"select * from shop_order where total = $1 {'and not ' * 5000} true",
        f"select * from shop_order where total = $1 {'union all select 1 ' * 3000}",
        f"select * from shop_order where total = $1 and status = '{chr(39) * 2 * 30000}'",
        f"select {'$a$' * 10001} from shop_order where total = $1",
        f"select {'case when ' * 3000} $1",
        "select \x00 \x1b \u202e \ud800 from shop_order where total = $1",
        f"select * from shop_order where total = $1 {chr(34) * 50001}",
        f"select {' '.join(f'$a{n}$' for n in range(9000))} from shop_order where total = $1",
        f"select {'E' + chr(39) + chr(92)} {'E' + chr(39)} {chr(92) * 90_000}",
    ],
    ids=range(14),
)
def test_a_text_made_to_overwhelm_a_parser_takes_no_long_time_and_no_error(sql):
    begun = time.process_time()
    picked = choose_samples(Statement("bomb", sql), CATALOG)
    assert time.process_time() - begun < 5
    assert 1 <= len(picked) <= 4
