"""A second business: warehouses that ship orders and answer tickets, as a catalog with statistics and a workload.

Fourteen tables, 60 statements. Stock and tickets are updated all the time, in columns that people would like to sort by; events
and lines are appended; customers and products are hardly touched. ``workload(share)`` runs the same statements with another
share of writes among the calls.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from indexical.model import Catalog, ColumnStatistics, Statement, Table, Workload
from indexical.testing import catalog, table

CALLS = 1_000_000.0
HOT_COLUMNS = {
    "stock": {"quantity", "reserved", "updated_at"},
    "tickets": {"touched_at", "last_event_id"},
    "bins": {"free_slots"},
}
"""Columns that frequent updates change, and that no index has today."""
_STATES = {"draft": 0.02, "open": 0.05, "picked": 0.03, "shipped": 0.2, "done": 0.68, "cancelled": 0.02}
_PRIORITIES = {"low": 0.5, "normal": 0.4, "high": 0.08, "urgent": 0.02}


def _few(values: dict[str, float]) -> ColumnStatistics:
    return ColumnStatistics(
        0.0, 7, float(len(values)), "{" + ",".join(values) + "}", tuple(values.values()), "", 0.3
    )


def _numbers(top: float, distinct: float, correlation: float = 0.02, nulls: float = 0.0) -> ColumnStatistics:
    bounds = "{" + ",".join(str(int(1 + top * step / 100)) for step in range(101)) + "}"
    return ColumnStatistics(nulls, 8, distinct, histogram=bounds, correlation=correlation)


def _times(correlation: float, nulls: float = 0.0) -> ColumnStatistics:
    bounds = ",".join(f'"2026-{1 + n // 4:02d}-{1 + 7 * (n % 4):02d} 00:00:00+00"' for n in range(40))
    return ColumnStatistics(nulls, 8, -0.9, histogram="{" + bounds + "}", correlation=correlation)


def _texts(prefix: str, rows: float) -> ColumnStatistics:
    bounds = ",".join(f"{prefix}{int(rows * step / 50):08d}" for step in range(51))
    return ColumnStatistics(0.0, 20, -1.0, histogram="{" + bounds + "}", correlation=0.01)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A table as it is written down below: rows, foreign keys with the rows they point to, further columns."""

    name: str
    rows: float
    keys: dict[str, tuple[str, float]]
    columns: dict[str, tuple[str, ColumnStatistics]]
    width: int = 120


def _table(plan: _Plan, number: int) -> Table:
    written = ["id bigint not null"]
    known = {"id": _numbers(plan.rows, -1.0, 1.0)}
    for name, (_, rows) in plan.keys.items():
        written.append(f"{name} bigint not null")
        known[name] = _numbers(rows, max(1.0, min(rows, plan.rows / 2)))
    for name, (type, statistics) in plan.columns.items():
        written.append(f"{name} {type}")
        known[name] = statistics
    pages = max(1, int(plan.rows * plan.width / 8000))
    size = 8192 * max(2, int(plan.rows * 20 / 7300))
    made = table(
        f"public.{plan.name}",
        ", ".join(written),
        rows=plan.rows,
        pages=pages,
        indexes=[
            f"{plan.name}_pkey: primary id",
            *(f"{plan.name}_{key}: {key}" for key in (*plan.keys, *_KNOWN.get(plan.name, ()))),
        ],
        statistics=known,
        foreign_keys={name: f"public.{target}.id" for name, (target, _) in plan.keys.items()},
        first_oid=20_000 + 20 * number,
    )
    indexes = tuple(replace(each, size=size, tuples=plan.rows, scans=50_000) for each in made.indexes)
    return replace(made, indexes=indexes, visible_pages=pages)


_TIME = "timestamp with time zone"
_KNOWN = {
    "products": ("sku",),
    "customers": ("email",),
    "orders": ("reference",),
    "shipments": ("tracking",),
    "bins": ("code",),
}
"""Columns that have an index today, beside the primary and foreign keys: the look-ups are served, the lists are not."""
_PLANS = (
    _Plan("users", 400, {}, {"email": ("text", _texts("u", 400)), "team": ("text", _few({"a": 0.5, "b": 0.5}))}),
    _Plan("customers", 60_000, {}, {"email": ("text", _texts("c", 60_000)), "name": ("text", _texts("n", 60_000)),
          "country": ("text", _few({"DE": 0.4, "FR": 0.3, "IT": 0.2, "AT": 0.1}))}, 200),
    _Plan("suppliers", 900, {}, {"name": ("text", _texts("s", 900))}),
    _Plan("products", 25_000, {"supplier_id": ("suppliers", 900)}, {"sku": ("text", _texts("p", 25_000)),
          "price": ("numeric", _numbers(900, 5000)), "is_active": ("boolean", _few({"t": 0.9, "f": 0.1}))}, 300),
    _Plan("sites", 40, {}, {"name": ("text", _texts("w", 40))}),
    _Plan("bins", 12_000, {"site_id": ("sites", 40)}, {"code": ("text", _texts("b", 12_000)),
          "free_slots": ("integer", _numbers(50, 50))}),
    _Plan("stock", 220_000, {"product_id": ("products", 25_000), "bin_id": ("bins", 12_000)},
          {"quantity": ("integer", _numbers(1000, 1000)), "reserved": ("integer", _numbers(50, 50)),
           "updated_at": (_TIME, _times(0.2))}, 70),
    _Plan("orders", 500_000, {"customer_id": ("customers", 60_000), "site_id": ("sites", 40)},
          {"state": ("text", _few(_STATES)), "reference": ("text", _texts("r", 500_000)),
           "placed_at": (_TIME, _times(0.99)), "total": ("numeric", _numbers(900, -0.3))}, 150),
    _Plan("order_lines", 1_600_000, {"order_id": ("orders", 500_000), "product_id": ("products", 25_000)},
          {"amount": ("integer", _numbers(30, 30)), "price": ("numeric", _numbers(900, 5000))}, 60),
    _Plan("shipments", 420_000, {"order_id": ("orders", 500_000)}, {"carrier": ("text", _few({"x": 0.6, "y": 0.4})),
          "tracking": ("text", _texts("t", 420_000)), "sent_at": (_TIME, _times(0.98, 0.04))}, 110),
    _Plan("returns", 18_000, {"order_id": ("orders", 500_000)}, {"reason": ("text", _few(_PRIORITIES)),
          "opened_at": (_TIME, _times(0.9))}, 130),
    _Plan("tickets", 160_000, {"customer_id": ("customers", 60_000), "assignee_id": ("users", 400)},
          {"state": ("text", _few(_STATES)), "priority": ("text", _few(_PRIORITIES)),
           "touched_at": (_TIME, _times(0.1)), "last_event_id": ("bigint", _numbers(2e6, -0.9)),
           "opened_at": (_TIME, _times(0.97))}, 180),
    _Plan("ticket_events", 900_000, {"ticket_id": ("tickets", 160_000), "author_id": ("users", 400)},
          {"kind": ("text", _few({"note": 0.6, "mail": 0.3, "call": 0.1})), "at": (_TIME, _times(0.99)),
           "body": ("text", _texts("e", 900_000))}, 220),
    _Plan("audit", 2_000_000, {"user_id": ("users", 400)}, {"action": ("text", _few({"get": 0.7, "set": 0.3})),
          "at": (_TIME, _times(0.99))}, 90),
)  # fmt: skip

_NEW, _WHEN, _LATE = "open", "2026-03-08 00:00:00+00", "2026-09-22 00:00:00+00"
_READS: tuple[tuple[float, str, tuple[str, ...]], ...] = (
    (90, "SELECT id, sku, price FROM products WHERE sku = $1", ("p00012345",)),
    (70, "SELECT * FROM orders WHERE id = $1", ("777",)),
    (60, "SELECT id, state, total FROM orders WHERE customer_id = $1 ORDER BY placed_at DESC LIMIT 20", ("999",)),
    (50, "SELECT * FROM orders WHERE reference = $1", ("r00012345",)),
    (50, "SELECT l.*, p.sku FROM order_lines l JOIN products p ON p.id = l.product_id WHERE l.order_id = $1", ("777",)),
    (45, "SELECT quantity, reserved FROM stock WHERE product_id = $1", ("1234",)),
    (40, "SELECT * FROM shipments WHERE tracking = $1", ("t00012345",)),
    (4, "SELECT id, state, touched_at FROM tickets WHERE assignee_id = $1 AND state = $2 ORDER BY touched_at DESC LIMIT 25",
        ("77", _NEW)),
    (35, "SELECT * FROM ticket_events WHERE ticket_id = $1 ORDER BY at", ("555",)),
    (30, "SELECT id FROM customers WHERE email = $1", ("c00012345",)),
    (25, "SELECT s.id, s.quantity FROM stock s JOIN bins b ON b.id = s.bin_id WHERE b.site_id = $1 AND s.product_id = $2",
        ("7", "1234")),
    (2, "SELECT id, reference FROM orders WHERE state = $1 AND site_id = $2 ORDER BY placed_at LIMIT 50", (_NEW, "7")),
    (20, "SELECT count(*) FROM tickets WHERE customer_id = $1", ("999",)),
    (9, "SELECT id, code FROM bins WHERE site_id = $1 AND free_slots > $2 ORDER BY free_slots DESC LIMIT 10", ("7", "40")),
    (0.2, "SELECT id, product_id FROM stock WHERE quantity < $1 ORDER BY quantity LIMIT 50", ("5",)),
    (14, "SELECT id FROM stock WHERE bin_id = $1", ("4321",)),
    (2, "SELECT id, state FROM tickets WHERE state = $1 AND priority = $2 ORDER BY opened_at LIMIT 30", (_NEW, "urgent")),
    (12, "SELECT * FROM returns WHERE order_id = $1", ("777",)),
    (0.5, "SELECT id, name FROM customers WHERE country = $1 ORDER BY name LIMIT 50", ("AT",)),
    (0.4, "SELECT count(*) FROM ticket_events WHERE author_id = $1 AND at >= $2", ("77", _LATE)),
    (0.2, "SELECT id FROM orders WHERE state = $1 AND placed_at < $2", ("draft", _WHEN)),
    (0.5, "SELECT id, total FROM orders WHERE site_id = $1 AND placed_at >= $2 ORDER BY placed_at", ("7", _LATE)),
    (0.3, "SELECT action, count(*) FROM audit WHERE user_id = $1 AND at >= $2 GROUP BY action", ("77", _LATE)),
    (0.5, "SELECT id, order_id FROM shipments WHERE sent_at IS NULL ORDER BY id LIMIT 100", ()),
    (7, "SELECT id, sku FROM products WHERE supplier_id = $1 AND is_active", ("77",)),
    (0.2, "SELECT id FROM tickets WHERE touched_at < $1 AND state = $2", (_WHEN, _NEW)),
    (3, "SELECT product_id, sum(amount) FROM order_lines WHERE product_id = $1 GROUP BY product_id", ("1234",)),
    (0.1, "SELECT id FROM stock WHERE updated_at >= $1 ORDER BY updated_at DESC LIMIT 100", (_LATE,)),
    (5, "SELECT id FROM returns WHERE reason = $1 AND opened_at >= $2", ("urgent", _LATE)),
    (5, "SELECT id, code FROM bins WHERE code = $1", ("b00012000",)),
    (4, "SELECT id, email FROM users WHERE email = $1", ("u00000012",)),
    (4, "SELECT id FROM products WHERE price BETWEEN $1 AND $2 ORDER BY price LIMIT 50", ("10", "12")),
    (4, "SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.email = $1 AND o.state = $2",
        ("c00012345", _NEW)),
    (3, "SELECT id FROM stock WHERE reserved > quantity AND bin_id = $1", ("4321",)),
    (3, "SELECT id, name FROM suppliers WHERE name = $1", ("s00000123",)),
    (3, ("SELECT t.id FROM tickets t WHERE t.customer_id = $1 AND EXISTS"
        " (SELECT 1 FROM ticket_events e WHERE e.ticket_id = t.id AND e.kind = 'call')"), ("999",)),
    (0.1, "SELECT carrier, count(*) FROM shipments WHERE sent_at >= $1 GROUP BY carrier", (_LATE,)),
    (0.1, "SELECT state, count(*) FROM tickets GROUP BY state", ()),
    (0.1, "SELECT id FROM tickets WHERE last_event_id = $1", ("1234567",)),
    (0.1, "SELECT site_id, count(*) FROM orders WHERE placed_at >= $1 GROUP BY site_id", (_LATE,)),
)  # fmt: skip
_WRITES: tuple[tuple[float, str, tuple[str, ...]], ...] = (
    (150, "UPDATE stock SET quantity = quantity - $1, updated_at = $2 WHERE id = $3", ("2", _LATE, "7777")),
    (90, "UPDATE stock SET reserved = reserved + $1, updated_at = $2 WHERE id = $3", ("2", _LATE, "7777")),
    (70, "UPDATE tickets SET touched_at = $1, last_event_id = $2 WHERE id = $3", (_LATE, "123", "777")),
    (60, "UPDATE bins SET free_slots = free_slots - 1 WHERE id = $1", ("777",)),
    (80, "INSERT INTO audit (id, user_id, action, at) VALUES ($1, $2, 'get', $3)", ()),
    (60, "INSERT INTO ticket_events (id, ticket_id, author_id, kind, at, body) VALUES ($1, $2, $3, 'note', $4, $5)", ()),
    (70, "INSERT INTO order_lines (id, order_id, product_id, amount, price) VALUES ($1, $2, $3, $4, $5)", ()),
    (30, ("INSERT INTO orders (id, customer_id, site_id, state, reference, placed_at, total)"
        " VALUES ($1, $2, $3, 'draft', $4, $5, $6)"), ()),
    (25, "INSERT INTO shipments (id, order_id, carrier, tracking) VALUES ($1, $2, 'x', $3)", ()),
    (10, ("INSERT INTO tickets (id, customer_id, assignee_id, state, priority, touched_at, opened_at)"
        " VALUES ($1, $2, $3, 'open', 'low', $4, $4)"), ()),
    (60, "UPDATE orders SET state = $1 WHERE id = $2", ("picked", "777")),
    (20, "UPDATE shipments SET sent_at = $1 WHERE id = $2", (_LATE, "777")),
    (8, "UPDATE tickets SET state = $1, touched_at = $2 WHERE id = $3", ("done", _LATE, "777")),
    (4, "UPDATE products SET price = $1 WHERE id = $2", ("9", "777")),
    (3, "UPDATE customers SET name = $1 WHERE id = $2", ("n", "777")),
    (2, "INSERT INTO returns (id, order_id, reason, opened_at) VALUES ($1, $2, 'low', $3)", ()),
    (5, "INSERT INTO stock (id, product_id, bin_id, quantity, reserved, updated_at) VALUES ($1, $2, $3, 0, 0, $4)", ()),
    (2, "DELETE FROM stock WHERE id = $1", ("777",)),
    (1, "DELETE FROM order_lines WHERE id = $1", ("777",)),
    (1, "INSERT INTO customers (id, email, name, country) VALUES ($1, $2, $3, 'DE')", ()),
)  # fmt: skip


def warehouse() -> Catalog:
    tables = tuple(_table(plan, number) for number, plan in enumerate(_PLANS))
    made = catalog(*tables)
    return replace(
        made,
        settings=(("effective_cache_size", "4GB"), ("random_page_cost", "1.1")),
        statistics_since="2026-01-01",
        taken_at="2026-02-01",
    )


def workload(write_share: float, calls: float = CALLS) -> Workload:
    """The same statements with this share of writes among the calls."""
    statements = []
    for letter, share, listed in (("r", 1.0 - write_share, _READS), ("w", write_share, _WRITES)):
        whole = sum(weight for weight, _, _ in listed)
        for number, (weight, sql, values) in enumerate(listed, start=1):
            statements.append(
                Statement(
                    f"{letter}{number:02d}",
                    sql,
                    kind=sql.split()[0].lower(),
                    calls=calls * share * weight / whole,
                    samples=(values,) if values else (),
                )
            )
    return Workload(tuple(statements), seconds=86_400.0)
