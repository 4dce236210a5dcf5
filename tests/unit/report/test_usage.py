"""The report of use says nothing where nothing is known, warns where it must, and shows no drop that is none."""

from __future__ import annotations

import json

from indexical.model import ExistingIndex, Index, Key
from indexical.model.maintenance import Bloat
from indexical.model.usage import UseVerdict
from indexical.model.using import Blocks, IndexUsage, NodeUsage, Standing, TableUsage, Usage
from indexical.report import html, markdown
from indexical.report.text import render_sections
from indexical.report.usage import ratio, usage_sections
from indexical.report.usage_json import render_usage


def index(
    name: str, standing: Standing = "used", scans: int = 0, size: int = 8192, bloat: Bloat | None = None
) -> IndexUsage:
    existing = ExistingIndex(name, Index("public", "t", (Key("a"),)), size=size)
    verdict = UseVerdict("used", "public", name, "why", "2026-01-01T00:00:00+00:00")
    return IndexUsage(existing, standing, f"because of {name}", verdict, scans, bloat=bloat)


def usage(*indexes: IndexUsage, heap: Blocks | None = None, tables: tuple[TableUsage, ...] = ()) -> Usage:
    node = NodeUsage(
        "primary",
        False,
        "2026-01-09T00:00:00+00:00",
        "2026-01-01T00:00:00+00:00",
        1,
        "2026-01-09T00:00:00+00:00",
        5,
        heap or Blocks(),
        Blocks(),
    )
    return Usage("shop", 180006, "2026-01-09T00:00:00Z", 604800.0, (node,), indexes, tables)


def text(found: Usage, limit: int = 20) -> str:
    return render_sections(usage_sections(found, limit=limit), width=200)


def test_a_ratio_of_nothing_is_no_ratio() -> None:
    assert ratio(Blocks()) == "n/a"
    assert ratio(Blocks(0, 7)) == "0.0 %"
    assert ratio(Blocks(97, 3)) == "97.0 %"


def test_the_warning_begins_under_95_percent_and_not_before_a_cache_could_fill() -> None:
    assert [Blocks(hit, 10_000 - hit).low for hit in (9_499, 9_500, 9_501)] == [True, False, False]
    assert not Blocks(0, 999).low
    assert not Blocks().low
    assert "Warning: only 90.0 % of the blocks of tables" in text(usage(heap=Blocks(9_000, 1_000)))
    assert "Warning" not in text(usage(heap=Blocks(9_900, 100)))


def test_the_most_used_are_as_many_as_asked_for_and_in_order() -> None:
    found = [index(f"i{number}", scans=number) for number in range(30)]
    document = text(usage(*found), limit=3)
    assert "Most used (top 3)" in document
    places = [document.index(f"public.i{number} ") for number in (29, 28, 27)]
    assert places == sorted(places)
    assert "public.i26 " not in document


def test_only_what_is_unused_or_covered_is_proposed_as_a_drop() -> None:
    every: tuple[Standing, ...] = ("used", "needed", "too-early", "not-measured", "invalid")
    document = text(usage(*(index(f"is_{standing}", standing) for standing in every)))
    assert "Drop public." not in document
    assert "Unused (0)" in document
    page = markdown.render_sections(
        usage_sections(usage(index("gone", "unused"), index("kept", "too-early")))
    )
    assert "DROP INDEX CONCURRENTLY public.gone;" in page
    assert "DROP INDEX CONCURRENTLY public.kept" not in page


def test_bloat_is_flagged_by_share_and_by_size() -> None:
    mb = 1024 * 1024
    flagged = index("worn", size=2 * mb, bloat=Bloat(1, "measured", 2 * mb, mb))
    assert flagged.bloated
    assert not index("settled", size=4 * mb, bloat=Bloat(1, "measured", 4 * mb, mb)).bloated
    assert not index("tiny", size=65536, bloat=Bloat(1, "measured", 65536, 60000)).bloated
    assert not index("unknown", bloat=Bloat(1, "not-measured", mb, reason="a gin index")).bloated
    assert "Rebuild public.worn by maintain" in text(usage(flagged))
    guessed = index("worn", size=2 * mb, bloat=Bloat(1, "estimate", 2 * mb, mb))
    assert "Measure public.worn with --exact-bloat" in text(usage(guessed))


def test_the_share_of_heap_only_updates_is_zero_safe() -> None:
    none = TableUsage("public", "t", indexes=3, inserts=10)
    some = TableUsage("public", "u", indexes=2, inserts=1, updates=10, hot_updates=9)
    assert (none.hot_share, some.hot_share) == (None, 0.9)
    assert (none.index_entries, some.index_entries) == (30, 4)
    assert "n/a" in text(usage(tables=(none,)))


def test_hostile_names_run_nothing_in_any_format() -> None:
    name = "<script>alert(1)</script>\x1b[31m\u202e"
    found = usage(index(name, "unused", scans=3))
    page = html.render_sections(usage_sections(found, full=True), title="Use")
    assert "<script>alert" not in page
    for document in (page, text(found), render_usage(found)):
        assert "\x1b" not in document
        assert "\u202e" not in document
    assert json.loads(render_usage(found))["indexes"][0]["name"] == name
