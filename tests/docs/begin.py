"""What each page takes for given: see :mod:`tests.docs.places`. A page that is not named begins with the project alone."""

from __future__ import annotations

import re

from tests.docs.pages import DOCS, blocks
from tests.docs.places import Place

WRITE = "python manage.py indexes write --advice advice.json"
APPLY = "python manage.py indexes apply"
SNAPSHOT = 'indexical snapshot "$DATABASE_URL" -o production.indexical'


def _queries() -> tuple[str, str]:
    """The file that "First steps" shows."""
    (found,) = [block.file for block in blocks(DOCS / "first-steps.md") if block.file is not None]
    return found.path, found.text


_LOG = """2026-01-05 10:00:00.000 UTC [100] LOG:  duration: 12.5 ms  statement: SELECT * FROM orders WHERE status = 'open'
2026-01-05 10:05:00.000 UTC [100] LOG:  duration: 11.5 ms  statement: SELECT * FROM orders WHERE status = 'open'
"""
_TESTS = """from django.test import TestCase


class Pages(TestCase):
    def test_what_waits(self):
        self.assertEqual(self.client.get("/orders/waiting/").json(), {"orders": []})
"""
QUERIES = (_queries(),)
SLOW = ("slow.sql", "SELECT * FROM orders WHERE email = 'a@b.c'")
ORDERS = Place("orders", files=QUERIES)
TESTS = (("shop/tests.py", _TESTS),)
BEGIN = {
    "docs/check.md": Place(codes=((r".* check --workload capture\.jsonl", 1),)),
    "docs/capture-file.md": Place(files=TESTS),
    "docs/first-steps.md": Place("orders"),
    "docs/maintain.md": ORDERS,
    "docs/snapshot.md": ORDERS,
    "docs/why.md": Place("orders", before=(SNAPSHOT,), files=(*QUERIES, SLOW)),
    "docs/workloads.md": Place("orders", files=(("logs/postgresql.log", _LOG),)),
}  # fmt: skip


def place_of(page: str) -> Place:
    if page not in BEGIN and re.match(r"docs/how-to/(verify|rollback|record|story|promote)\.md", page):
        return Place(before=(WRITE, APPLY))
    return BEGIN.get(page, Place())
