"""A small shop: the tables that the rules are tried on."""

from __future__ import annotations

from dataclasses import replace

from indexical.candidates import generate
from indexical.model import Candidates, Catalog, ColumnStatistics, DomainType, Limits, Statement
from indexical.testing import catalog, common, existing, table, workload

ORDERS = table(
    "public.orders",
    "id bigint not null, user_id bigint not null, shop_id bigint not null, status varchar(20) not null,"
    "paid boolean not null, total numeric not null, note text, data jsonb, tags text[], place point,"
    "created_at timestamptz not null, shipped_at timestamptz, number varchar(20) not null, body text",
    indexes=[
        "orders_pkey: primary id",
        "orders_user: user_id",
        "orders_number_key: unique constraint number",
    ],
    statistics={
        "user_id": ColumnStatistics(distinct=9000.0, average_width=8),
        "shop_id": ColumnStatistics(distinct=50.0, average_width=8),
        "status": common({"DONE": 0.9, "NEW": 0.06, "IT'S": 0.04}),
        "paid": common({"t": 0.98, "f": 0.02}),
        "shipped_at": ColumnStatistics(null_fraction=0.04, average_width=8, distinct=-0.5),
        "body": ColumnStatistics(average_width=4000),
    },
    foreign_keys={"user_id": "users.id", "shop_id": "shops.id"},
)
USERS = table(
    "public.users",
    "id bigint not null, email varchar(254) not null, city text, active boolean not null, age integer, joined_at timestamptz",
    indexes=[
        "users_pkey: primary id",
        "users_email_key: unique constraint email",
        "users_email_like: email varchar_pattern_ops",
        "users_joined: joined_at DESC",
        existing("public.users", "users_broken: city", oid=7000, valid=False),
    ],
    statistics={"active": common({"t": 0.6, "f": 0.4})},
    first_oid=2000,
)
LINES = table(
    "public.lines",
    "id bigint not null, order_id bigint not null, product_id bigint not null, amount integer not null",
    rows=1_000_000,
    indexes=["lines_pkey: primary id", "lines_once: unique constraint order_id, product_id"],
    foreign_keys={"order_id": "orders.id"},
    first_oid=3000,
)
SHOPS = table(
    "public.shops", "id bigint not null, name text", rows=40, pages=1, indexes=["shops_pkey: primary id"]
)
EVENTS = table(
    "audit.events", "id bigint not null, kind audit.kind, score audit.score, at timestamptz", first_oid=4000
)
VISITS = replace(
    table(
        "public.visits",
        "id bigint not null, shop_id bigint not null, user_id bigint not null, total numeric not null, at timestamptz not null,"
        "token text not null, agent text, page varchar(200), state smallint not null, updated_at timestamptz not null,"
        "place point, tags text[]",
        rows=2_000_000,
        pages=40_000,
        indexes=["visits_pkey: primary id"],
        statistics={
            "id": ColumnStatistics(distinct=-1.0, average_width=8, correlation=0.6),
            "shop_id": ColumnStatistics(distinct=50.0, average_width=8, correlation=0.02),
            "user_id": ColumnStatistics(distinct=9000.0, average_width=8, correlation=0.1),
            "total": ColumnStatistics(distinct=5000.0, average_width=6, correlation=0.0),
            "at": ColumnStatistics(distinct=-0.9, average_width=8, correlation=0.999),
            "token": ColumnStatistics(distinct=-1.0, average_width=65, correlation=0.0),
            "agent": ColumnStatistics(distinct=300.0, average_width=120, correlation=0.0),
            "page": ColumnStatistics(distinct=2000.0, average_width=30, correlation=-0.1),
            "state": common({"0": 0.9, "1": 0.06, "2": 0.04}),
            "updated_at": ColumnStatistics(distinct=-0.8, average_width=8, correlation=0.3),
            "place": ColumnStatistics(distinct=-0.1, average_width=16),
            "tags": ColumnStatistics(distinct=-0.1, average_width=60),
        },
        foreign_keys={"shop_id": "shops.id", "user_id": "users.id"},
        first_oid=5000,
    ),
    visible_pages=39_000,
)
"""Large, mostly all-visible, in the order of ``at``: made for covering indexes, BRIN and hash."""
NOTES = table(
    "public.notes",
    "id bigint not null, owner bigint not null, title varchar(200) not null, shown boolean not null, deleted_at timestamptz",
    indexes=["notes_pkey: primary id"],
    statistics={
        "owner": ColumnStatistics(distinct=2000.0, average_width=8),
        "title": ColumnStatistics(distinct=-0.9, average_width=20),
        "shown": common({"t": 0.3, "f": 0.7}),
        "deleted_at": ColumnStatistics(null_fraction=0.3, average_width=8, distinct=-0.7),
    },
    first_oid=6000,
)
"""Most rows are deleted softly."""
LEDGER = replace(
    table(
        "public.ledger",
        "id bigint not null, account bigint not null, booked_at timestamptz not null, amount numeric not null,"
        "state varchar(10) not null, reference text not null, note text",
        rows=1_000_000,
        pages=20_000,
        indexes=[
            "ledger_pkey: primary id",
            "ledger_account: account, booked_at DESC include (amount)",
            "ledger_amount: account include (amount)",
            "ledger_times: booked_at",
            "ledger_brin: using brin booked_at",
            "ledger_open: account where ((state)::text = 'OPEN'::text)",
            "ledger_state: state, booked_at",
            "ledger_reference: unique reference",
        ],
        statistics={
            "account": ColumnStatistics(distinct=1000.0, average_width=8),
            "booked_at": ColumnStatistics(distinct=-0.9, average_width=8, correlation=1.0),
            "amount": ColumnStatistics(distinct=5000.0, average_width=6),
            "state": common({"DONE": 0.97, "OPEN": 0.03}),
            "reference": ColumnStatistics(distinct=-1.0, average_width=40),
            "note": ColumnStatistics(average_width=40),
        },
        first_oid=7000,
    ),
    visible_pages=20_000,
)
"""Has an index for nearly everything already."""


def shop() -> Catalog:
    events = replace(
        EVENTS,
        columns=tuple(
            replace(column, type_kind={"kind": "e", "score": "d"}.get(column.name, "b"))
            for column in EVENTS.columns
        ),
    )
    made = catalog(ORDERS, USERS, LINES, SHOPS, events, VISITS, NOTES, LEDGER)
    return replace(
        made,
        domains=(DomainType("audit", "score", "integer"),),
        extensions=("pg_trgm",),
        extension_schemas=(("pg_trgm", "public"),),
    )


def ask(*statements: Statement | str, limits: Limits | None = None) -> Candidates:
    return generate(workload(*statements), shop(), limits or Limits())


def short(candidates: Candidates) -> set[str]:
    """The candidates as people write them, without the schema."""
    return {each.index.text.removeprefix("public.") for each in candidates.candidates}
