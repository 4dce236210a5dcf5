"""Files with SQL statements as a workload."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexical.errors import FileRefused
from indexical.model import Origin, Skipped, Workload
from indexical.workload.sqlfile import SqlFile


def _read(folder: Path, text: str) -> Workload:
    path = folder / "work.sql"
    path.write_text(text)
    return SqlFile(path).read()


def test_a_comment_names_and_weighs_the_statement_after_it(tmp_path: Path) -> None:
    workload = _read(
        tmp_path,
        "-- a note\n-- indexical: id=orders-list calls=120\nSELECT a\nFROM t WHERE b = 1;\nSELECT a FROM t;\n",
    )
    named, plain = workload.statements
    assert (named.id, named.calls, named.samples, named.sample_weights) == (
        "orders-list",
        120,
        (("1",),),
        (120,),
    )
    assert named.origins == (Origin(location="work.sql:3", source="work.sql"),)
    assert (plain.id.rpartition("-")[0], plain.calls, plain.samples) == ("select-t", 1, ())


def test_semicolons_in_strings_dollar_quotes_and_comments_do_not_cut(tmp_path: Path) -> None:
    workload = _read(
        tmp_path,
        "SELECT ';' FROM a; SELECT 1 FROM b WHERE c = $f$ ; $f$ /* ; /* ; */ */ -- ;\n; SELECT \";\" FROM d",
    )
    assert [s.sql for s in workload.statements] == [
        "SELECT ';' FROM a",
        "SELECT 1 FROM b WHERE c = $1",
        'SELECT ";" FROM d',
    ]


def test_statements_of_one_shape_are_one_with_all_their_samples(tmp_path: Path) -> None:
    workload = _read(
        tmp_path,
        "SELECT a FROM t WHERE b = 'x'; select a from t where b='y';\n-- indexical: calls=3\nSELECT a FROM t WHERE b = 'x';",
    )
    (one,) = workload.statements
    assert (one.calls, one.samples, one.sample_weights) == (5, (("x",), ("y",)), (4, 1))


def test_the_text_with_the_most_calls_stands_for_lists_of_other_lengths(tmp_path: Path) -> None:
    workload = _read(
        tmp_path,
        "SELECT a FROM t WHERE b IN (1,2,3); SELECT a FROM t WHERE b IN (4, 5);\nSELECT a FROM t WHERE b IN (6, 7);",
    )
    (one,) = workload.statements
    assert (one.calls, one.sql) == (3, "SELECT a FROM t WHERE b IN ($1, $2)")
    assert one.samples == (("4", "5"), ("6", "7"))


def test_two_names_for_one_shape_stay_two_statements(tmp_path: Path) -> None:
    workload = _read(
        tmp_path,
        "-- indexical: id=new\nSELECT a FROM t WHERE b = 1;\n-- indexical: id=old\nSELECT a FROM t WHERE b = 2;\n"
        "SELECT a FROM t WHERE b = 3;",
    )
    assert [(s.id, s.calls) for s in workload.statements] == [("new", 2), ("old", 1)]


def test_one_name_for_two_different_statements_loses_neither(tmp_path: Path) -> None:
    workload = _read(
        tmp_path, "-- indexical: id=x\nSELECT a FROM t;\n-- indexical: id=x\nSELECT b FROM s WHERE c = 1;"
    )
    first, second = workload.statements
    assert (first.id, first.sql) == ("x", "SELECT a FROM t")
    assert second.id.startswith("x-")
    assert second.sql == "SELECT b FROM s WHERE c = $1"


def test_types_grow_to_what_every_sample_fits(tmp_path: Path) -> None:
    (one,) = _read(tmp_path, "SELECT a FROM t WHERE b = 1; SELECT a FROM t WHERE b = 5000000000;").statements
    assert one.types == ("int8",)


def test_at_most_32_samples_are_kept_and_the_heaviest_of_them(tmp_path: Path) -> None:
    text = "".join(f"SELECT a FROM t WHERE b = {n};\n" for n in range(50))
    (one,) = _read(tmp_path, text + "-- indexical: calls=9\nSELECT a FROM t WHERE b = 49;").statements
    assert (one.calls, len(one.samples), one.samples[-1]) == (59, 32, ("49",))


def test_what_is_no_query_is_skipped_with_its_line_and_the_rest_is_read(tmp_path: Path) -> None:
    workload = _read(
        tmp_path,
        "SET search_path = x;\n\\connect other\nSELECT a FROM t;\nCOPY t FROM stdin;\n1 ' ;\n\\.\n"
        "-- indexical: calls=4\nSELECT 'oops FROM t;\nSELECT b FROM t;\n",
    )
    assert [s.sql for s in workload.statements] == ["SELECT a FROM t", "SELECT b FROM t"]
    places = {skipped.what: skipped.calls for skipped in workload.skipped}
    assert places == {"work.sql:1 and 1 more": 2, "work.sql:2": 1, "work.sql:8": 4}
    assert Skipped("work.sql:2", "a command of psql, not a statement", 1) in workload.skipped


def test_damage_ends_at_the_next_line_that_closes_a_statement(tmp_path: Path) -> None:
    workload = _read(tmp_path, "SELECT $x$ oops;\nSELECT a FROM t;\nSELECT \x01;\nSELECT b FROM t;\n")
    assert [s.sql for s in workload.statements] == ["SELECT a FROM t", "SELECT b FROM t"]


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "b.sql").write_text("SELECT b FROM t")
    (tmp_path / "a.sql").write_text("SELECT a FROM t")
    (tmp_path / "c.txt").write_text("SELECT c FROM t")
    assert [s.sql for s in SqlFile(tmp_path).read().statements] == ["SELECT a FROM t", "SELECT b FROM t"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b" \n ", "is empty"),
        (b"-- nothing\n", "no statement"),
        (b"SELECT 1\x00", "not a text file"),
        (b"SELECT '\xff'", "not UTF-8"),
        (b"Dear reader, this is prose.", "no statement"),
        (b"CREATE TABLE t (a int);", "no statement .* not a query"),
        (b"-- indexical: calls=0\nSELECT 1", "calls=0"),
        (b"-- indexical: calls=nan\nSELECT 1", "calls=nan"),
        (b"-- indexical: weight=2\nSELECT 1", "weight=2"),
        (b"-- indexical: id=a;b\nSELECT 1", "id=a;b"),
    ],
)
def test_a_file_that_is_not_what_it_claims_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "work.sql"
    path.write_bytes(content)
    with pytest.raises(FileRefused, match=why):
        SqlFile(path).read()


def test_a_missing_file_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="cannot be read"):
        SqlFile(tmp_path / "nowhere.sql").read()
    with pytest.raises(FileRefused, match=r"no \.sql file"):
        SqlFile(tmp_path).read()
