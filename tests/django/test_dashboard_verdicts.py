"""What the dashboard says of an index, without a server: only a long, uncut window on every server makes one unused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexical.django.dashboard.downloads import as_csv, harmless
from indexical.django.dashboard.verdicts import Judged, judged
from indexical.django.dashboard.words import ago, at
from indexical.model import Catalog, Column, ExistingIndex, ForeignKey, Index, Key, Table
from indexical.model.usage import IndexUse, NodeState, Sample, TableUse

STATE = NodeState("1", 5, "shop", 180000, 1, resets=(("database", "a"), ("wal", "b")))
RESET = replace(STATE, resets=(("database", "later"), ("wal", "b")))
CRASHED = replace(STATE, resets=(("database", "a"), ("wal", "later")))
DAYS = ("2026-01-01T00:00:00+00:00", "2026-01-10T00:00:00+00:00", "2026-01-12T00:00:00+00:00")


def existing(name: str, *columns: str, oid: int, **more: object) -> ExistingIndex:
    index = Index("public", "orders", tuple(Key.asc(column) for column in columns))
    return ExistingIndex(name, index, oid=oid, size=8192, **more)  # type: ignore[arg-type]


def table(*indexes: ExistingIndex, keys: tuple[ForeignKey, ...] = ()) -> Table:
    columns = tuple(Column(name, "int4", number) for number, name in enumerate(("a", "b"), 1))
    return Table("public", "orders", columns=columns, indexes=indexes, foreign_keys=keys)


def sampled(
    name: str, scans: tuple[int, ...], states: tuple[NodeState, ...], node: str = "primary"
) -> list[Sample]:
    return [
        Sample(
            node,
            day,
            state,
            (IndexUse(1, "public", "orders", name, "d", count),),
            (TableUse(9, "public", "orders"),),
        )
        for day, count, state in zip(DAYS, scans, states, strict=True)
    ]


def said(
    existing: ExistingIndex,
    scans: tuple[int, int, int] = (0, 0, 0),
    states: tuple[NodeState, ...] = (STATE, STATE, STATE),
    others: tuple[ExistingIndex, ...] = (),
    keys: tuple[ForeignKey, ...] = (),
    replica: list[Sample] | None = None,
    *,
    asked: bool = True,
    silent: str = "",
) -> Judged:
    used = ExistingIndex("used", Index("public", "users", (Key.asc("a"),)), oid=99)
    elsewhere = Table("public", "users", columns=(Column("a", "int4", 1),), indexes=(used,))
    catalog = Catalog("shop", 180000, "18.0", (table(existing, *others, keys=keys), elsewhere))
    nodes = {"primary": sampled(existing.name, scans, states)}
    if replica is not None:
        nodes["replica"] = replica
    busy = {node: sampled("used", (0, 1, 2), states, node) for node in nodes}
    samples = (
        {("public", existing.name): nodes, ("public", "used"): busy}
        if asked
        else {("public", existing.name): nodes}
    )
    found = judged(catalog, samples, tuple(nodes), not_counting=silent)
    return next(each for each in found if each.existing.name == existing.name)


PLAIN = existing("orders_a", "a", oid=1)


def test_no_scan_over_a_long_uncut_window_is_unused() -> None:
    found = said(PLAIN)
    assert (found.verdict, found.may_go) == ("unused", True)


@pytest.mark.parametrize("state", [RESET, CRASHED], ids=["reset", "crash"])
def test_after_a_reset_or_a_crash_it_is_too_early(state: NodeState) -> None:
    found = said(PLAIN, states=(STATE, state, state))
    assert (found.verdict, found.may_go) == ("too-early", False)


def test_a_scan_in_the_window_is_use() -> None:
    assert said(PLAIN, (0, 0, 3)).verdict == "used"


def test_a_scan_on_a_replica_is_use() -> None:
    standby = replace(STATE, standby=True)
    replica = sampled("orders_a", (0, 0, 4), (standby,) * 3, "replica")
    assert said(PLAIN, replica=replica).verdict == "used"


def test_a_replica_that_was_never_sampled_leaves_it_open() -> None:
    found = said(PLAIN, states=(replace(STATE, standbys=1),) * 3)
    assert (found.verdict, found.may_go) == ("not-measured", False)


@pytest.mark.parametrize(
    "why",
    [
        {"constraint": "primary"},
        {"replica_identity": True},
        {"clustered": True},
        {"foreign_key_target": True},
    ],
    ids=["primary key", "replica identity", "cluster", "foreign key target"],
)
def test_what_is_needed_without_scans_may_never_go(why: dict[str, object]) -> None:
    found = said(existing("orders_a", "a", oid=1, **why))
    assert (found.verdict, found.may_go) == ("needed", False)


def test_the_only_index_of_a_foreign_key_may_not_go() -> None:
    key = ForeignKey("orders_a_fk", ("a",), "public", "users", ("id",))
    assert said(PLAIN, keys=(key,)).verdict == "needed"


def test_the_one_that_takes_over_from_a_scanned_duplicate_is_not_unused() -> None:
    twin = existing("orders_twin", "a", oid=2, scans=40)
    found = said(PLAIN, others=(twin,))
    assert (found.verdict, found.may_go) == ("needed", False)
    assert "orders_twin" in found.reason


def test_an_invalid_index_is_neither_unused_nor_offered() -> None:
    found = said(existing("orders_a", "a", oid=1, valid=False))
    assert (found.verdict, found.may_go) == ("invalid", False)


def test_where_nothing_counts_nothing_is_unused() -> None:
    assert said(PLAIN, silent="track_counts is off").verdict == "too-early"


def test_where_no_index_was_scanned_at_all_nothing_is_unused() -> None:
    assert said(PLAIN, asked=False).verdict == "too-early"


@pytest.mark.security("S18")
@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_a_formula_becomes_text(cell: str) -> None:
    assert harmless(cell).startswith("'")


@pytest.mark.parametrize("cell", ["", "orders", "a=b", "1", "é"])
def test_other_text_stays_as_it_is(cell: str) -> None:
    assert harmless(cell) == cell


@pytest.mark.security("S18")
def test_a_cell_cannot_end_its_row_or_turn_a_line_around() -> None:
    text = as_csv(("name",), [('x",=1\n=2',), ("a‮b",)])
    assert text == 'name\r\n"x"",=1\n=2"\r\na\\u202eb\r\n'


def test_ages_are_in_whole_units_and_foreign_text_stays_as_it_is() -> None:
    assert ago("no time") == "no time"
    assert at("no time") == "no time"
    assert at("2026-01-10T02:03:04.5+02:00") == "2026-01-10 00:03 UTC"
    assert ago("2026-01-10").endswith(" days ago")
