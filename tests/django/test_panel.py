"""The toolbar's panel inside a real project: what it lists, what it plans and when, and where it is never shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.django.watching import python, shelf_fixture  # noqa: F401 - fixture

pytestmark = pytest.mark.postgres

_FILL = """
import django; django.setup()
from django.db import connection
from shelf.models import Author, Book
if not Author.objects.exists():
    Author.objects.bulk_create([Author(name=f"author {n}") for n in range(20)])
    keys = list(Author.objects.values_list("pk", flat=True))
    Book.objects.bulk_create([Book(title=f"book {n}", author_id=keys[n % 20], pages=n % 400) for n in range(20000)])
    connection.cursor().execute("ANALYZE")
"""
_PANEL = """
import asyncio, html, json, re, sys
import django; django.setup()
from django.db import connection
from django.test import AsyncClient, Client
import indexical.django.panel.verdict as verdicts
asked = []
connect = verdicts.connect
verdicts.connect = lambda *a, **k: (asked.append(1), connect(*a, **k))[1]
client = Client(REMOTE_ADDR="127.0.0.1")
def panel(path, asynchronous=False):
    from debug_toolbar.store import get_store
    if asynchronous:
        client_async = AsyncClient()
        page = asyncio.run(client_async.get(path, REMOTE_ADDR="127.0.0.1"))
    else:
        page = client.get(path)
    number = list(get_store().request_ids())[-1]
    shown = client.get("/__debug__/render_panel/", {"request_id": number, "panel_id": "IndexPanel"})
    return page.content.decode(), shown.json()["content"]
def signed(content):
    return [html.unescape(found) for found in re.findall('name="signed" value="([^"]*)"', content)]
def verdict(value, **more):
    answer = client.post("/__debug__/indexical_verdict/", {"signed": value}, **more)
    return [answer.status_code, answer.json()["content"] if answer.status_code == 200 else answer.content.decode()]
"""


def run(url: str, code: str, **settings: Any) -> Any:
    given = {"DEBUG": True, "TOOLBAR": True, **settings}
    return json.loads(python(url, "-c", _PANEL + code, **given).splitlines()[-1])


@pytest.fixture(scope="module", name="filled")
def filled_fixture(shelf: str) -> str:
    python(shelf, "-c", _FILL)
    return shelf


@pytest.fixture(scope="module", name="page")
def page_fixture(filled: str) -> dict[str, Any]:
    """The page of books in the panel, with a verdict on each of its statements."""
    return run(
        filled,
        """
page, content = panel("/page/")
before = len(asked)
values = signed(content)
found = [verdict(value) for value in values]
bad = verdict(values[0][:-3] + "abc")
later = panel("/later/3/", asynchronous=True)[1]
from django.test import override_settings
with override_settings(DEBUG=False):
    off = verdict(values[0])[0]
print(json.dumps({"page": page, "content": content, "before": before, "asked": len(asked), "found": found, "bad": bad,
                  "later": later, "off": off}))
""",
    )


def test_the_panel_lists_statements_with_their_line_and_what_they_have_in_common(
    page: dict[str, Any],
) -> None:
    content = page["content"]
    assert "16 statements in" in content
    assert "<strong>N+1:</strong> one question for each row" in content
    assert "<td>12</td>" in content
    assert "The same answer was asked for 2 times" in content
    assert "shelf/views.py:" in content
    assert 'id="IndexPanel"' in page["page"] or "IndexPanel" in page["page"]


def test_nothing_is_planned_until_a_button_is_pressed(page: dict[str, Any]) -> None:
    assert page["before"] == 0
    assert page["asked"] == len(page["found"]) == 16


def test_the_verdict_tells_an_index_from_a_scan(page: dict[str, Any]) -> None:
    assert {status for status, _ in page["found"]} == {200}
    texts = [text for _, text in page["found"]]
    assert "<strong>not-used</strong>: no index: reads all of public.shelf_book and filters" in texts[0]
    assert "(pages &gt; ...)" in texts[0] or "pages &gt; ..." in texts[0]
    assert "<strong>not-used</strong>" in texts[1]
    assert "public.shelf_author has 1 page here" in texts[1]
    assert "<strong>used</strong>: uses shelf_book_pkey" in texts[-1]
    # Which index serves a bare count is the planner's to choose.
    assert "<strong>not-used</strong>" not in texts[-2]


def test_a_question_that_was_not_signed_here_is_refused(page: dict[str, Any]) -> None:
    assert page["bad"] == [400, "Invalid signature"]


def test_an_asynchronous_request_is_listed_too(page: dict[str, Any]) -> None:
    assert "3 statements in" in page["later"]


def test_the_verdict_is_not_to_be_had_without_debug(page: dict[str, Any]) -> None:
    assert page["off"] == 404


def test_hostile_text_is_escaped(filled: str) -> None:
    found = run(
        filled,
        """
content = panel("/hostile/")[1]
print(json.dumps({"content": content, "found": [verdict(value) for value in signed(content)]}))
""",
    )
    for text in (found["content"], *(text for _, text in found["found"])):
        assert "<script>document" not in text
        assert "<img src=x" not in text
        assert "\u202e" not in text
    assert "&lt;script&gt;document" in found["content"]


def test_writes_are_planned_and_not_executed(filled: str) -> None:
    found = run(
        filled,
        """
from indexical.django.panel.verdict import verdict as judge
from indexical.model import Statement
from shelf.models import Book
before = Book.objects.count()
def told(sql):
    found = judge("default", Statement("panel", sql))
    return [found.name, found.headline]
print(json.dumps([told("DELETE FROM shelf_book WHERE pages = 7"), told("SELECT 1; DELETE FROM shelf_book"),
                  told("ANALYZE DELETE FROM shelf_book"), told("nonsense"), before == Book.objects.count()]))
""",
    )
    assert found[0] == ["not-used", "no index: reads all of public.shelf_book and filters"]
    assert [name for name, _ in found[1:4]] == ["not-measured"] * 3
    assert found[4] is True


def test_the_panel_is_absent_without_debug(filled: str) -> None:
    code = """
from debug_toolbar.toolbar import DebugToolbar
made = []
DebugToolbar._created.connect(lambda sender, toolbar, **_: made.append([p.panel_id for p in toolbar.enabled_panels]), weak=False)
page = client.get("/page/").content.decode()
from django.db import connection
print(json.dumps({"panel": any("IndexPanel" in panels for panels in made), "made": len(made), "page": page,
                  "wrappers": [type(found).__name__ for found in connection.execute_wrappers]}))
"""
    shown = {
        "DEBUG_TOOLBAR_CONFIG": {"SHOW_TOOLBAR_CALLBACK": "shelf.views.always"},
        "INDEXICAL_ALARMS": False,
    }
    without = run(filled, code, DEBUG=False, **shown)
    assert (without["panel"], without["made"], without["wrappers"]) == (False, 1, [])
    assert run(filled, code, **shown)["panel"] is True
