"""Indexes that nothing scans and that must stay all the same: never proposed, never dropped, and the reason is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

import indexical.apply.trial as trial_room
from indexical.apply import checks
from indexical.apply.findings import Finding
from indexical.apply.preflight import check
from indexical.apply.statements import create_statement, drop_statement
from indexical.apply.trial import Workbench, trial
from indexical.catalog import snapshot
from indexical.model import (
    Candidates,
    Configuration,
    ExistingIndex,
    Index,
    Key,
    Limits,
    Parameters,
    Plan,
    Statement,
    Workload,
    keeping,
)
from indexical.model.usage import UseVerdict
from indexical.pg.indexes import existing_indexes
from indexical.pg.session import connect
from indexical.selection import drops, redundancy, select
from indexical.testing import FakeCosts
from tests.faults.harness import Place, apply_here, expect, nothing_changes

TABLES = (
    "CREATE TABLE public.customers (id int PRIMARY KEY, email text, code int NOT NULL, spare int, mail text)",
    "CREATE TABLE public.bills (id int PRIMARY KEY, customer int, code int, day int, kind text, period int4range)",
    "INSERT INTO public.customers SELECT i, 'canary-row@secret.example' || i, i, i, 'm' || i FROM generate_series(1, 2000) i",
    "INSERT INTO public.bills SELECT i, i, i, i % 30, 'k' || i % 7, int4range(i, i + 1) FROM generate_series(1, 2000) i",
    "CREATE UNIQUE INDEX customers_code_idx ON public.customers (code)",
    "ALTER TABLE public.bills ADD FOREIGN KEY (code) REFERENCES public.customers (code)",
    "ALTER TABLE public.bills ADD FOREIGN KEY (customer) REFERENCES public.customers (id)",
    "CREATE INDEX bills_customer_idx ON public.bills (customer)",
    "ALTER TABLE public.customers ADD CONSTRAINT customers_mail_key UNIQUE (mail)",
    "ALTER TABLE public.bills ADD CONSTRAINT bills_period_excl EXCLUDE USING gist (period WITH &&)",
    "CREATE UNIQUE INDEX customers_email_idx ON public.customers (email)",
    "CREATE UNIQUE INDEX customers_spare_idx ON public.customers (spare)",
    "CREATE INDEX bills_day_idx ON public.bills (day)",
    "CLUSTER public.bills USING bills_day_idx",
    "CREATE INDEX bills_kind_idx ON public.bills (lower(kind))",
    "CREATE TABLE public.logs (id int NOT NULL, at int NOT NULL)",
    "CREATE UNIQUE INDEX logs_id_idx ON public.logs (id)",
    "ALTER TABLE public.logs REPLICA IDENTITY USING INDEX logs_id_idx",
    "CREATE TABLE public.parts (id int, day int) PARTITION BY RANGE (day)",
    "CREATE TABLE public.parts_1 PARTITION OF public.parts FOR VALUES FROM (0) TO (10)",
    "CREATE INDEX parts_day_idx ON public.parts (day)",
    "ANALYZE",
)

DENIED = {
    "primary key": ("customers", "customers_pkey", "P17", "primary constraint"),
    "unique constraint": ("customers", "customers_mail_key", "P17", "unique constraint"),
    "exclusion": ("bills", "bills_period_excl", "P17", "exclusion constraint"),
    "foreign key target": ("customers", "customers_code_idx", "P17", "foreign key refers"),
    "foreign key helper": ("bills", "bills_customer_idx", "T01", "foreign key (customer)"),
    "replica identity": ("logs", "logs_id_idx", "P17", "replica identity"),
    "cluster": ("bills", "bills_day_idx", "P17", "clustered"),
    "on conflict": ("customers", "customers_email_idx", "P17", "ON CONFLICT"),
    "expression statistics": ("bills", "bills_kind_idx", "T01", "statistics of the expression"),
    "join removal": ("customers", "customers_spare_idx", "P17", "joins may rely"),
    "partition child": ("parts_1", "parts_1_day_idx", "P17", "partitioned index parts_day_idx"),
}


@pytest.fixture
def kept(place: Place) -> Place:
    place.allow(secrets=())
    place.run(*TABLES)
    return place


def index_of(place: Place, table: str, name: str) -> ExistingIndex:
    with place.open() as session:
        return next(each for each in existing_indexes(session, "public", table) if each.name == name)


def tried(place: Place, existing: ExistingIndex, **options) -> tuple[Finding, ...]:  # type: ignore[no-untyped-def]
    with connect(place.url) as session:
        findings = check(session, (), [existing]) + trial(session, [drop_statement(existing)], **options)
    place.says(findings)
    return findings


def refusals(findings: tuple[Finding, ...]) -> dict[str, str]:
    return {each.code: each.message for each in findings if each.severity == "refuse"}


@pytest.mark.fault(60, "eleven kinds of index that no scan shows a need for")
def test_what_is_needed_without_a_scan_is_refused_with_its_reason(kept: Place) -> None:
    for case, (table, name, code, words) in DENIED.items():
        existing = index_of(kept, table, name)
        assert existing.scans >= 0
        found = refusals(tried(kept, existing))
        assert words in found.get(code, ""), f"{case}: {found}"


@pytest.mark.fault(60, "the engine itself keeps what says so of itself")
def test_a_drop_that_gets_as_far_as_the_engine_is_refused_there(kept: Place) -> None:
    # What an index says of itself the engine sees again right before the drop; what stands around it is the trial's.
    own = [case for case, (_, _, code, _) in DENIED.items() if code == "P17"]
    going = [drop_statement(index_of(kept, *DENIED[case][:2])) for case in own]
    with nothing_changes(kept):
        for outcome in apply_here(kept, *going):
            expect(outcome, "failed", "NEEDED")


@pytest.mark.fault(60, "never proposed by advice")
def test_none_of_them_is_ever_proposed(kept: Place) -> None:
    proposed, refused = advised(kept)
    assert not proposed & {name for _, name, _, _ in DENIED.values()}
    assert {"bills_customer_idx", "bills_kind_idx", "bills_day_idx", "customers_email_idx"} <= refused


def advised(place: Place) -> tuple[set[str], set[str]]:
    """Names that advice would drop, and those it says it keeps, were all of them large and never scanned for a year."""
    with connect(place.url) as session:
        catalog = snapshot(session)
    tables = []
    for table in catalog.tables:
        indexes = tuple(replace(each, scans=0) for each in table.indexes)
        if table.name == "bystander":
            indexes = tuple(replace(each, scans=9) for each in table.indexes)
        tables.append(replace(table, pages=10_000, indexes=indexes))
    catalog = replace(
        catalog, tables=tuple(tables), statistics_since="2025-01-01T00:00:00+00:00", taken_at="2026-01-01T00:00:00+00:00"
    )  # fmt: skip
    chosen = select(
        Workload(()), catalog, Candidates(()), FakeCosts(Priced(lambda configuration: 1.0)), Limits()
    )
    return (
        {drop.existing.name for drop in chosen.drops},
        {refusal.subject for refusal in chosen.refused if refusal.reason == "needed"},
    )


@pytest.mark.guard(60)
def test_without_the_deny_list_they_would_be_proposed(kept: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexical.selection.drops.needed_by", lambda existing, around=None: "")
    monkeypatch.setattr("indexical.apply.trial.needed_by", lambda existing, around=None: "")
    proposed, _ = advised(kept)
    with pytest.raises(AssertionError):
        assert not proposed & {name for _, name, _, _ in DENIED.values()}
    helper = index_of(kept, "bills", "bills_customer_idx")
    with pytest.raises(AssertionError):
        assert "T01" in refusals(tried(kept, helper))


def test_an_index_that_nothing_needs_passes_the_trial(kept: Place) -> None:
    kept.run(
        "CREATE INDEX bills_spare_idx ON public.bills (code)",
        "CREATE INDEX bills_code_day_idx ON public.bills (code, day)",
    )
    existing = index_of(kept, "bills", "bills_spare_idx")
    assert refusals(tried(kept, existing)) == {}


def test_the_statement_that_brings_it_back_is_told_before(kept: Place) -> None:
    existing = index_of(kept, "bills", "bills_customer_idx")
    told = [each for each in tried(kept, existing) if each.code == "T07"]
    assert len(told) == 1
    assert (
        "CREATE INDEX CONCURRENTLY bills_customer_idx ON public.bills USING btree (customer)"
        in told[0].remedy
    )


@pytest.mark.parametrize(
    ("use", "code"), [("used", "T02"), ("too-early", "T03"), ("not-measured", "T04"), ("unused", None)]
)
def test_a_drop_waits_for_the_window(kept: Place, use: str, code: str | None) -> None:
    kept.run("CREATE INDEX bills_kind_plain_idx ON public.bills (kind)")
    existing = index_of(kept, "bills", "bills_kind_plain_idx")
    verdict = UseVerdict(use, "public", existing.name, "because")  # type: ignore[arg-type]
    found = refusals(tried(kept, existing, use={("public", existing.name): verdict}))
    assert list(found) == ([code] if code else [])


def test_an_index_that_another_one_replaces_needs_no_window(kept: Place) -> None:
    kept.run("CREATE INDEX a_idx ON public.bills (kind)", "CREATE INDEX b_idx ON public.bills (kind, day)")
    existing = index_of(kept, "bills", "a_idx")
    verdict = UseVerdict("used", "public", "a_idx", "because")
    assert refusals(tried(kept, existing, use={("public", "a_idx"): verdict})) == {}


def test_a_statement_that_would_get_worse_keeps_the_index(kept: Place) -> None:
    kept.run("CREATE INDEX bills_kind_plain_idx ON public.bills (kind)")
    existing = index_of(kept, "bills", "bills_kind_plain_idx")
    bench = workbench(lambda configuration: 100.0 if existing.index in configuration.removed else 2.0)
    assert "q would cost 100.0 instead of 2.0" in refusals(tried(kept, existing, workbench=bench))["T05"]
    same = workbench(lambda configuration: 2.0)
    assert refusals(tried(kept, existing, workbench=same)) == {}


def test_an_index_built_in_the_same_run_makes_up_for_the_one_that_goes(kept: Place) -> None:
    kept.run("CREATE INDEX bills_kind_plain_idx ON public.bills (kind)")
    existing = index_of(kept, "bills", "bills_kind_plain_idx")
    wider = Index("public", "bills", (Key.asc("kind"), Key.asc("day")))
    bench = workbench(
        lambda configuration: (
            100.0 if existing.index in configuration.removed and not configuration.added else 2.0
        )
    )
    with connect(kept.url) as session:
        together = trial(
            session, [create_statement("wider", wider), drop_statement(existing)], workbench=bench
        )
        alone = trial(session, [drop_statement(existing)], workbench=bench)
    assert refusals(together) == {}
    assert "T05" in refusals(alone)


class Priced:
    """A planner whose every plan costs what the configuration says."""

    def __init__(self, cost: Callable[[Configuration], float]) -> None:
        self._cost = cost
        self.existing: dict[Index, str] = {}

    def plan(self, statement: Statement, parameters: Parameters, configuration: Configuration) -> Plan:
        return Plan(self._cost(configuration))

    def size(self, index: Index) -> int:
        return 8192


def workbench(cost: Callable[[Configuration], float]) -> Workbench:
    return Workbench(FakeCosts(Priced(cost)), (Statement("q", "SELECT 1"),))


def test_one_function_decides_for_advice_and_for_apply() -> None:
    deciders = {checks.needed_by, trial_room.needed_by, drops.needed_by, redundancy.needed_by}
    assert deciders == {keeping.needed_by}
