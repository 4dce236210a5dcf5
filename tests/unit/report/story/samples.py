"""A change with every source there is, and documents of the form that people write."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.unit.report.samples import OLD, ORDERS, PAID, advice

from indexical.apply.statements import create_statement, drop_statement
from indexical.model import (
    Advice,
    Applied,
    BackupEvidence,
    Catalog,
    Measurement,
    Outcome,
    RunRecord,
    RunStep,
    TargetIdentity,
    Verified,
)
from indexical.report.json import render_advice
from indexical.report.measured import Run
from indexical.report.run_json import run_document
from indexical.report.story import Sources
from indexical.report.story.reading import UsageFile, read_advice, read_verified

TARGET = TargetIdentity("7001", 5, "shop", 1)
BUILT = create_statement("orders_user_created_idx", ORDERS)
ALSO = create_statement("orders_paid_idx", PAID)
GONE = drop_statement(OLD)
RUN = RunRecord(
    run="1f2e",
    verb="apply",
    began="2026-01-02T03:00:00.000+00:00",
    target=TARGET,
    steps=(
        RunStep(
            BUILT, "applied", index_oid=77, outcome=Applied(BUILT.id, "x", 1500.0), ended="2026-01-02T03:01"
        ),
        RunStep(ALSO, "applied", index_oid=78, outcome=Applied(ALSO.id, "x", 20.0), ended="2026-01-02T03:02"),
        RunStep(GONE, "applied", outcome=Applied(GONE.id, "x", 2.0), ended="2026-01-02T03:03"),
    ),
    backup=BackupEvidence("dump", "2026-01-02T02:59:00+00:00", "/kept/shop.dump", 2048, listing=7),
    ended="2026-01-02T03:05:00.000+00:00",
    result="done",
)
USED: tuple[Outcome, ...] = (
    Verified(
        "public.orders_user_created_idx",
        "a",
        "used",
        ("orders-list",),
        (),
        "1 of 1 plans",
        11_000_000,
        "sound",
    ),
    Verified("public.orders_paid_idx", "b", "used", ("orders-list",), (), "1 of 1 plans", 9_000_000, "sound"),
)


def advice_file(folder: Path, made: Advice | None = None):
    path = folder / "advice.json"
    path.write_text(render_advice(made or advice()), encoding="utf-8")
    return read_advice(path)


def verified_file(
    folder: Path, outcomes: tuple[Outcome, ...] = USED, at: str = "2026-01-02T04:00:00.000+00:00"
):
    path = folder / "verified.json"
    path.write_text(
        run_document(outcomes=outcomes, at=at, target={"system_identifier": "7001", "database": "shop"})
    )
    return read_verified(path)


def measured(median_ms: float, made_at: str = "2026-01-02T04:30:00+00:00") -> Run:
    read = Measurement("orders-list", 120.0, 7, median_ms, median_ms, median_ms, 10, 20.0)
    return Run("18.6", 120 * median_ms, (read,), made_at=made_at)


def usage_file(scans: int = 12) -> UsageFile:
    found = {
        ("public", "orders_user_created_idx"): (scans, "2026-01-02"),
        ("public", "orders_paid_idx"): (3, "2026-01-02"),
    }
    return UsageFile("2026-01-09T00:00:00+00:00", "shop", found)


def catalog() -> Catalog:
    from indexical.testing import existing, table

    made = table(
        "orders", "id bigint, user_id int, created_at timestamptz, status text, paid_at date, total int"
    )
    indexes = (
        existing("orders", "orders_pkey: primary id", oid=1),
        replace(OLD, oid=42),
        replace(OLD, name="orders_user_again", oid=43),
    )
    return Catalog("shop", 180006, "18.6", (replace(made, indexes=indexes),))


def everything(folder: Path) -> Sources:
    """Every step proven."""
    return Sources(
        advice_file(folder),
        RUN,
        catalog(),
        verified_file(folder),
        measured(100.0, "2026-01-02T02:00:00+00:00"),
        measured(2.0),
        usage_file(),
        files=(("advice", "advice.json"),),
    )


REPORT = """
# Indexes for the shop

## Files

### 1. Sales App
**Indexes Added:** 20 indexes
- Basket: 7 indexes (buyer+state, state+made, etc.)
- Parcel: 6 indexes (buyer+open, open+until, etc.)
- Visit: 3 indexes (parcel+seen, parcel+coming, etc.)
- VisitLog: 3 indexes (parcel+seen, seen, ip+seen)

### 2. People App
**Indexes Added:** 12 indexes
- Person: 5 indexes
- Code: 3 indexes
- Activity: 4 indexes

### 3. Goods App
**Indexes Added:** 11 indexes
- Design: 7 indexes
- Plan: 2 indexes
- Kind: 2 indexes

**Total: 43 new indexes across 3 apps**

## Look

```sql
-- The top 20 indexes by use
SELECT 1 FROM pg_indexes LIMIT 20;
```

## Summary

**Migrations Created:** 3 files
**Total Indexes Added:** 43
**Affected Models:** 10

- 90-97% faster queries
- ~5-8% more storage
"""
"""Wrong in two places: 20 for 19, and therefore 43 for 42."""

LISTED = """
# Indexes that were added

**39 database indexes** across 2 apps, 35 composite and 4 single-column, 16 descending:

- **study app**: 20 indexes
- **news app**: 19 indexes

{table}
"""


def listed(descending: int = 19) -> str:
    """A report that names its 39 indexes, 19 of them with a descending key, and claims 16."""
    rows = [
        f"| study_{n}_idx | kind{', -made' if n < descending else ', state' if n < 35 else ''} |"
        for n in range(39)
    ]
    return LISTED.format(table="\n".join(["| index | fields |", "|---|---|", *rows]))
