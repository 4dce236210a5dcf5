"""A small shop with skewed data: three tables, 440,000 rows, the same in every run."""

from __future__ import annotations

from indexical.model import Index, Key

DATA = (
    "SELECT setseed(0.42)",
    "CREATE TABLE users (id serial PRIMARY KEY, email text UNIQUE NOT NULL, city text, age int, created timestamptz NOT NULL)",
    (
        "CREATE TABLE orders (id bigserial PRIMARY KEY, user_id int NOT NULL REFERENCES users, status text NOT NULL,"
        " total numeric(10,2), created timestamptz NOT NULL, note text, paid boolean, code uuid)"
    ),
    (
        "CREATE TABLE lines (id bigserial PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, sku varchar(20), qty int,"
        " day date)"
    ),
    (
        "INSERT INTO users (email, city, age, created) SELECT 'user' || i || '@example.com',"
        " (array['Berlin','Paris','Rome','Oslo'])[1 + (i * 7) % 4], 18 + (i * 13) % 60,"
        " timestamptz '2025-01-01 00:00Z' + i * interval '1 minute' FROM generate_series(1, 20000) i"
    ),
    (
        "INSERT INTO orders (user_id, status, total, created, note, paid, code) SELECT"
        " 1 + floor(random() * random() * 20000)::int,"
        " (array['new','new','new','paid','paid','paid','paid','shipped','shipped','cancelled'])[1 + floor(random() * 10)::int],"
        " (random() * 1000)::numeric(10,2), timestamptz '2025-01-01 00:00Z' + i * interval '3 minutes',"
        " CASE WHEN random() < .3 THEN NULL ELSE repeat('x', (random() * 40)::int) END, random() < .02,"
        " md5(i::text)::uuid FROM generate_series(1, 120000) i"
    ),
    (
        "INSERT INTO lines (order_id, sku, qty, day) SELECT 1 + floor(random() * 120000)::int, 'sku-' || (random() * 5000)::int,"
        " (random() * 10)::int, date '2025-01-01' + (random() * 300)::int FROM generate_series(1, 300000) i"
    ),
    "CREATE INDEX orders_user ON orders (user_id)",
    "CREATE EXTENSION pageinspect",
)


SMALL_DATA = tuple(statement.replace("120000", "20000").replace("300000", "30000") for statement in DATA)
"""The same with 70,000 rows."""


def on(table: str, *keys: str, **more: object) -> Index:
    """An index of the shop; a key that ends in ``-`` descends."""
    made = tuple(Key.desc(key[:-1]) if key.endswith("-") else Key.asc(key) for key in keys)
    return Index("public", table, made, **more)  # type: ignore[arg-type]
