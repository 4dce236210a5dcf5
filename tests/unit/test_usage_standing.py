"""One word on each index: every reason to stay is heard before a scan count is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexical.model import Catalog, Column, ExistingIndex, ForeignKey, Index, Key, Table
from indexical.model.usage import UseVerdict
from indexical.usage import Covered, standings

COLUMNS = tuple(Column(name, "integer") for name in ("a", "b", "c"))


def existing(name: str, *columns: str, size: int = 8192, **facts: object) -> ExistingIndex:
    index = Index("public", "t", tuple(Key(column) for column in columns))
    return ExistingIndex(name, index, size=size, **facts)  # type: ignore[arg-type]


def judged(
    *indexes: ExistingIndex,
    use: dict[str, str] | None = None,
    covered: dict[str, Covered] | None = None,
    keys: tuple[ForeignKey, ...] = (),
    not_counting: str = "",
) -> dict[str, tuple[str, str]]:
    table = Table("public", "t", COLUMNS, indexes, keys)
    other = existing("elsewhere", "c")
    catalog = Catalog("shop", 180000, "18.0", (table, Table("public", "u", COLUMNS, (other,))))
    given = {"elsewhere": "used", **(use or {})}
    verdicts = {
        ("public", each.name): UseVerdict(given.get(each.name, "unused"), "public", each.name, "by the samples")
        for each in (*indexes, other)
    }  # fmt: skip
    found = standings(
        catalog,
        verdicts,
        {("public", name): each for name, each in (covered or {}).items()},
        not_counting=not_counting,
    )
    return {name: each for (_, name), each in found.items() if name != "elsewhere"}


def words(found: dict[str, tuple[str, str]]) -> dict[str, str]:
    return {name: word for name, (word, _) in found.items()}


def test_a_plain_index_without_scans_is_unused() -> None:
    assert words(judged(existing("i", "a"))) == {"i": "unused"}


@pytest.mark.parametrize("use", ["too-early", "not-measured", "used"])
def test_what_the_samples_say_is_not_made_worse(use: str) -> None:
    assert judged(existing("i", "a"), use={"i": use}) == {"i": (use, "by the samples")}


@pytest.mark.parametrize(
    "facts",
    [
        {"constraint": "primary"},
        {"constraint": "exclusion"},
        {"foreign_key_target": True},
        {"replica_identity": True},
        {"clustered": True},
        {"parent": "whole"},
    ],
)
def test_what_the_schema_needs_is_never_unused(facts: dict[str, object]) -> None:
    assert words(judged(existing("i", "a", **facts))) == {"i": "needed"}


def test_a_unique_index_is_never_unused() -> None:
    plain = existing("i", "a")
    assert words(judged(replace(plain, index=replace(plain.index, unique=True)))) == {"i": "needed"}


def test_an_invalid_index_is_neither_used_nor_unused() -> None:
    assert words(judged(existing("i", "a", valid=False), use={"i": "used"})) == {"i": "invalid"}


def test_a_partitioned_index_that_lacks_a_part_is_no_failed_build() -> None:
    found = judged(existing("i", "a", valid=False, partitioned=True))
    assert found == {"i": ("invalid", "not every partition has its part of it yet")}


def test_the_only_index_under_a_foreign_key_stays() -> None:
    key = ForeignKey("f", ("a",), "public", "u", ("a",))
    assert words(judged(existing("i", "a"), keys=(key,))) == {"i": "needed"}


def test_of_two_indexes_under_a_foreign_key_only_the_larger_one_goes() -> None:
    key = ForeignKey("f", ("a",), "public", "u", ("a",))
    found = judged(existing("small", "a"), existing("large", "a", "b", size=99999), keys=(key,))
    assert words(found) == {"large": "unused", "small": "needed"}


def test_the_index_that_takes_over_from_a_redundant_one_stays() -> None:
    cover = {"short": Covered("redundant", "long", "its keys are the first of long")}
    found = judged(existing("short", "a"), existing("long", "a", "b"), use={"short": "used"}, covered=cover)
    assert words(found) == {"short": "redundant", "long": "needed"}
    assert "short" in found["long"][1]


def test_nothing_is_unused_where_nothing_at_all_was_scanned() -> None:
    found = judged(existing("i", "a"), use={"elsewhere": "unused"})
    assert found["i"][0] == "too-early"
    assert "no index of this database was scanned in that time" in found["i"][1]


def test_nothing_is_unused_where_nothing_is_counted() -> None:
    found = judged(existing("i", "a"), not_counting="track_counts is off")
    assert found["i"] == ("too-early", "by the samples, but track_counts is off")
