"""The snapshot file: what goes in comes out, and nothing else is taken for one."""

from __future__ import annotations

import gzip
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from indexical.catalog.file import is_snapshot, load, save
from indexical.errors import FileRefused
from indexical.model import (
    Catalog,
    Column,
    ColumnStatistics,
    DomainType,
    EnumType,
    ExistingIndex,
    ForeignKey,
    Index,
    Key,
    ServerStatement,
    Table,
    WriteCounters,
)

CATALOG = Catalog(
    database='sh"op\n%',
    server_version=180006,
    server_version_text="18.6",
    tables=(
        Table(
            schema="public",
            name="orders",
            columns=(
                Column(
                    "status", "text", 1, False, "C",
                    ColumnStatistics(
                        0.25, 8, -0.5, '{a,"b c"}', (0.5, 0.125), "{d,é,☃}", 0.75, "", (), (1.5,), "", 0.1, "", True
                    ),
                    "a", "z",
                ),
                Column("id", "bigint"),
            ),
            indexes=(
                ExistingIndex(
                    "orders_i",
                    Index(
                        "public", "orders", (Key.desc("status"), Key(expression="lower(status)")), include=("id",),
                        predicate="id > 1",
                    ),
                    oid=4_294_967_295, size=8192, tuples=1.5, height=1, constraint="unique",
                ),
            ),
            foreign_keys=(ForeignKey("fk", ("id",), "public", "users", ("id",)),),
            rows=-1.0,
            pages=12,
            writes=WriteCounters(1, 2, 3, 4),
            checks=(("positive", "CHECK (id > 0)"),),
        ),
    ),
    settings=(("work_mem", "4MB"),),
    extensions=("citext",),
    enums=(EnumType("public", "mood", ("a", "b c")),),
    domains=(DomainType("public", "pos", "integer", False),),
    not_examined=(("x", "y"),),
    extension_schemas=(("citext", "public"),),
    statements=(ServerStatement("SELECT $1", 3, 1.5, 2, -(2**63)),),
)  # fmt: skip


def _write(path: Path, *lines: Any) -> Path:
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_bytes(gzip.compress("\n".join(texts).encode()))
    return path


def _lines(path: Path) -> list[Any]:
    """Header, catalog, orders, its columns status and id, a statement, the end."""
    save(CATALOG, path)
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def test_a_catalog_comes_back_as_it_went(tmp_path: Path) -> None:
    save(CATALOG, tmp_path / "s")
    assert load(tmp_path / "s") == CATALOG
    assert is_snapshot(tmp_path / "s")


def test_the_same_catalog_makes_the_same_bytes(tmp_path: Path) -> None:
    save(CATALOG, tmp_path / "a")
    save(CATALOG, tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_only_the_owner_may_read_it_even_where_an_open_file_stood(tmp_path: Path) -> None:
    target = tmp_path / "s"
    target.write_text("old")
    target.chmod(0o666)
    save(CATALOG, target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="cannot be written"):
        save(CATALOG, tmp_path / "nowhere" / "s")


HEADER = '{"format":"indexical-snapshot","version":2}'
CATALOG_LINE = '{"catalog":{"database":"d","server_version":180000,"server_version_text":"18.0","tables":[]}}'


def test_the_shortest_snapshot_is_taken(tmp_path: Path) -> None:
    found = load(_write(tmp_path / "s", HEADER, CATALOG_LINE, '{"end":2}'))
    assert (found.database, found.tables) == ("d", ())


@pytest.mark.parametrize(
    "lines",
    [
        ("",),
        ("[]",),
        ("{}",),
        ("null",),
        (HEADER,),
        (HEADER, '{"end":1}'),
        (HEADER, CATALOG_LINE),
        (HEADER, CATALOG_LINE, '{"end":3}'),
        (HEADER, CATALOG_LINE, '{"end":true}'),
        (HEADER, CATALOG_LINE, '{"end":2}', '{"end":3}'),
        (HEADER, CATALOG_LINE, '{"end":2}', "", ""),
        (HEADER, CATALOG_LINE, "", '{"end":3}'),
        (HEADER, CATALOG_LINE, CATALOG_LINE, '{"end":3}'),
        (CATALOG_LINE, HEADER, '{"end":2}'),
        (HEADER, '{"catalog":{}}', '{"end":2}'),
        (HEADER, '{"catalog":null}', '{"end":2}'),
        (HEADER, CATALOG_LINE, '{"column":{"name":"a","type":"integer"}}', '{"end":3}'),
        (HEADER, CATALOG_LINE, '{"surprise":{}}', '{"end":3}'),
        (HEADER, CATALOG_LINE, '{"table":{},"column":{}}', '{"end":3}'),
        ('{"format":"indexical-snapshot","version":1}', CATALOG_LINE, '{"end":2}'),
        ('{"format":"indexical-snapshot","version":3}', CATALOG_LINE, '{"end":2}'),
        ('{"format":"indexical-snapshot","version":true}', CATALOG_LINE, '{"end":2}'),
        ('{"format":"indexical-snapshot","version":2,"version":2}', CATALOG_LINE, '{"end":2}'),
        ('{"format":"indexical-snapshot","version":NaN}',),
        ('{"format":"indexical-snapshot","version":1e999}',),
        ('{"format":"indexical-snapshot","version":' + "9" * 5000 + "}",),
        ('{"format":"indexical-snapshot","version":0.' + "1" * 5000 + "}",),
        (HEADER.replace("snapshot", "sn\u00e4pshot"), CATALOG_LINE, '{"end":2}'),
        ("[" * 100_000,),
        ('{"a":' * 100_000,),
    ],
)
def test_what_is_no_snapshot_is_refused_in_one_line(tmp_path: Path, lines: tuple[str, ...]) -> None:
    with pytest.raises(FileRefused) as refused:
        load(_write(tmp_path / "s", *lines))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("line", "path", "value"),
    [
        (1, ("catalog", "database"), 7),
        (1, ("catalog", "server_version"), "18"),
        (1, ("catalog", "server_version"), True),
        (1, ("catalog", "tables"), {}),
        (1, ("catalog", "tables"), [{"schema": "s", "name": "t", "columns": []}]),
        (1, ("catalog", "settings"), [["one"]]),
        (1, ("catalog", "enums"), [{"schema": "s", "name": "e", "labels": [1]}]),
        (1, ("catalog", "functions"), [{"schema": "s"}]),
        (2, ("table", "pages"), 1.5),
        (2, ("table", "pages"), -1),
        (2, ("table", "pages"), 2**33),
        (2, ("table", "oid"), 2**63),
        (2, ("table", "rows"), float("nan")),
        (2, ("table", "name"), ""),
        (2, ("table", "name"), "n" * 256),
        (2, ("table", "columns"), [{"name": "a", "type": "integer"}]),
        (2, ("table", "indexes", 0, "size"), 2**60),
        (2, ("table", "indexes", 0, "index", "keys"), []),
        (2, ("table", "indexes", 0, "index", "table"), "another"),
        (2, ("table", "indexes", 0, "index", "keys", 0, "expression"), "both"),
        (3, ("column", "name"), None),
        (3, ("column", "name"), "id"),
        (3, ("column", "surprise"), 1),
        (3, ("column", "type"), "a\x00b"),
        (3, ("column", "type"), "\u00e9\x00"),
        (3, ("column", "type"), "\ud800"),
        (3, ("column", "statistics", "common_frequencies"), [[0.5]]),
        (5, ("statement", "calls"), -1),
    ],
)
def test_a_value_that_no_snapshot_holds_is_refused(
    tmp_path: Path, line: int, path: tuple[Any, ...], value: Any
) -> None:
    lines = _lines(tmp_path / "s")
    place = lines[line]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(FileRefused, match=r"damaged snapshot|is no number"):
        load(_write(tmp_path / "s", *lines))


def test_two_tables_of_one_name_are_refused_and_dots_in_names_do_not_make_one(tmp_path: Path) -> None:
    table = {"table": {"schema": "a.b", "name": "c", "columns": []}}
    other = {"table": {"schema": "a", "name": "b.c", "columns": []}}
    with pytest.raises(FileRefused, match="table 2 appears twice"):
        load(_write(tmp_path / "s", HEADER, CATALOG_LINE, table, table, {"end": 4}))
    found = load(_write(tmp_path / "s", HEADER, CATALOG_LINE, table, other, {"end": 4}))
    assert len(found.tables) == 2


def test_every_torn_file_is_refused(tmp_path: Path) -> None:
    save(CATALOG, tmp_path / "s")
    whole = (tmp_path / "s").read_bytes()
    for length in range(len(whole)):
        (tmp_path / "t").write_bytes(whole[:length])
        with pytest.raises(FileRefused):
            load(tmp_path / "t")
    (tmp_path / "t").write_bytes(whole + b"x")
    with pytest.raises(FileRefused):
        load(tmp_path / "t")
    (tmp_path / "t").write_bytes(whole + whole)
    with pytest.raises(FileRefused):
        load(tmp_path / "t")


@pytest.mark.parametrize("mask", [0x01, 0xFF])
def test_every_flipped_byte_is_refused_or_changes_nothing(tmp_path: Path, mask: int) -> None:
    save(CATALOG, tmp_path / "s")
    whole = (tmp_path / "s").read_bytes()
    for position in range(len(whole)):
        torn = bytearray(whole)
        torn[position] ^= mask
        (tmp_path / "t").write_bytes(bytes(torn))
        try:
            assert load(tmp_path / "t") == CATALOG  # a time or a name in gzip's header
        except FileRefused:
            continue


def test_other_files_are_no_snapshot(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("SELECT 1")
    assert not is_snapshot(tmp_path / "text")
    assert not is_snapshot(tmp_path / "missing")
    with pytest.raises(FileRefused, match="not compressed"):
        load(tmp_path / "text")
    with pytest.raises(FileRefused, match="not a file"):
        load(tmp_path)
