"""A small shop: the tables that the rules are tried on."""

from __future__ import annotations

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


def shop() -> Catalog:
    from dataclasses import replace

    events = replace(
        EVENTS,
        columns=tuple(
            replace(column, type_kind={"kind": "e", "score": "d"}.get(column.name, "b"))
            for column in EVENTS.columns
        ),
    )
    made = catalog(ORDERS, USERS, LINES, SHOPS, events)
    return replace(made, domains=(DomainType("audit", "score", "integer"),))


def ask(*statements: Statement | str, limits: Limits | None = None) -> Candidates:
    return generate(workload(*statements), shop(), limits or Limits())


def short(candidates: Candidates) -> set[str]:
    """The candidates as people write them, without the schema."""
    return {each.index.text.removeprefix("public.") for each in candidates.candidates}
