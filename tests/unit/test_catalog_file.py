"""The snapshot file: what goes in comes out, and nothing else is taken for one."""

from __future__ import annotations

import gzip
import json
import stat
import time
import zlib
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
)  # fmt: skip


def _write(path: Path, document: Any) -> Path:
    text = document if isinstance(document, str) else json.dumps(document)
    path.write_bytes(gzip.compress(text.encode()))
    return path


def _document(path: Path) -> dict[str, Any]:
    save(CATALOG, path)
    found: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return found


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


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format":"indexical-snapshot"}',
        '{"format":"indexical-snapshot","version":2,"catalog":{}}',
        '{"format":"indexical-snapshot","version":1,"catalog":{}}',
        '{"format":"indexical-snapshot","version":1,"catalog":null}',
        '{"format":"indexical-snapshot","version":1,"version":1,"catalog":{}}',
        '{"format":"indexical-snapshot","version":NaN}',
        '{"format":"indexical-snapshot","version":1e999}',
        '{"format":"indexical-snapshot","version":' + "9" * 5000 + "}",
        "[" * 100_000,
    ],
)
def test_what_is_no_snapshot_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(FileRefused) as refused:
        load(_write(tmp_path / "s", text))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("database",), 7),
        (("server_version",), "18"),
        (("server_version",), True),
        (("tables",), {}),
        (("tables", 0, "pages"), 1.5),
        (("tables", 0, "columns", 0, "name"), None),
        (("tables", 0, "columns", 0, "surprise"), 1),
        (("tables", 0, "columns", 0, "name"), "a\x00b"),
        (("tables", 0, "indexes", 0, "index", "keys"), []),
        (("tables", 0, "indexes", 0, "index", "keys", 0, "expression"), "both"),
        (("settings", 0), ["one"]),
        (("enums", 0, "labels"), [1]),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(tmp_path: Path, path: tuple[Any, ...], value: Any) -> None:
    document = _document(tmp_path / "s")
    place = document["catalog"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(FileRefused, match="damaged snapshot"):
        load(_write(tmp_path / "s", document))


def test_every_torn_file_is_refused(tmp_path: Path) -> None:
    save(CATALOG, tmp_path / "s")
    whole = (tmp_path / "s").read_bytes()
    for length in (0, 1, 10, len(whole) // 2, len(whole) - 1):
        (tmp_path / "t").write_bytes(whole[:length])
        with pytest.raises(FileRefused):
            load(tmp_path / "t")
    (tmp_path / "t").write_bytes(whole + b"x")
    with pytest.raises(FileRefused):
        load(tmp_path / "t")


def test_a_bomb_is_refused_before_it_unfolds(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    with (tmp_path / "bomb").open("wb") as file:
        for _ in range(600):
            file.write(packer.compress(b" " * (1 << 20)))
        file.write(packer.flush())
    begun = time.monotonic()
    with pytest.raises(FileRefused, match="far more"):
        load(tmp_path / "bomb")
    assert time.monotonic() - begun < 2


def test_other_files_are_no_snapshot(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("SELECT 1")
    assert not is_snapshot(tmp_path / "text")
    assert not is_snapshot(tmp_path / "missing")
    with pytest.raises(FileRefused, match="not compressed"):
        load(tmp_path / "text")
    with pytest.raises(FileRefused, match="not a file"):
        load(tmp_path)
