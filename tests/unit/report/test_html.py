"""The page: whole, self-contained, and deaf to what strangers write into it."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from tests.unit.report.samples import advice, recommendation

from indexical.model import FrontierPoint, Index, Key, Origin, Plan, PlanNode, Refusal, StatementVerdict
from indexical.report import html, render
from indexical.report.sections import Chart, Point, Section

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)></style></details>{{ 7*7 }}javascript:alert(1)\x1b\u202e"
NAME = '"><script>alert(2)</script>'
VOID = {"meta", "img", "source", "br", "link", "input"}


class Page(HTMLParser):
    """Tags, attributes and text of a page; complains of tags that are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def hostile_advice():
    index = Index("public", NAME, (Key.asc(NAME),))
    plan = Plan(5.0, nodes=(PlanNode("Seq Scan", relation=HOSTILE, condition=HOSTILE),))
    return advice(
        create=(
            recommendation(
                index,
                NAME,
                ddl=HOSTILE,
                statements=(HOSTILE,),
                origins=(Origin(HOSTILE, HOSTILE),),
                model=HOSTILE,
                declaration=HOSTILE,
            ),
        ),
        refused=(Refusal(HOSTILE, HOSTILE, HOSTILE),),
        statements=(StatementVerdict(HOSTILE, HOSTILE, 1.0, 5.0, 1.0, (HOSTILE,), (), plan, plan),),
        database=HOSTILE,
        taken_at=HOSTILE,
    )  # fmt: skip


def test_the_page_says_what_to_do_first_and_shows_plans_before_and_after() -> None:
    page = Page(render(advice(), "html"))
    assert page.open == []
    assert "What to do first" in page.text
    assert (
        "Create orders_user_created_idx on orders (user_id, created_at DESC): it saves 83.1 % of all reads"
        in page.text
    )
    assert "Seq Scan orders" in page.text
    assert "Index Scan orders by orders_user_created_idx" in page.text
    assert "2026-01-02T03:04:05" in page.text


def test_every_figure_of_the_text_report_is_on_the_page() -> None:
    page = Page(render(advice(), "html"))
    for line in (
        "97,445 → 1,001 planner units (-99 %)",
        "shop/views.py:41",
        "3 rows on 1 page",
        "it cannot be parsed: line 1",
    ):
        assert line in page.text


def test_nothing_is_fetched_and_nothing_runs() -> None:
    for text in (render(advice(), "html"), render(hostile_advice(), "html")):
        page = Page(text)
        names = {name for name, _ in page.tags}
        assert not names & {"script", "iframe", "object", "embed", "form", "link", "base", "svg"}
        addresses = [
            value
            for _, a in page.tags
            for key, value in a.items()
            if key in ("src", "href", "srcset", "action")
        ]
        assert addresses
        assert all(re.match(r"#|data:image/svg\+xml;base64,", value or "") for value in addresses)
        assert not [key for _, a in page.tags for key in a if key.startswith("on") or key == "style"]
        policy = next(
            m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"
        )
        assert policy is not None
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy


def test_the_policy_s_hash_is_that_of_the_style() -> None:
    import base64
    import hashlib

    text = render(advice(), "html")
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in text


def test_hostile_text_is_only_text() -> None:
    text = render(hostile_advice(), "html")
    page = Page(text)
    assert page.open == []
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7*7 }}" in page.text
    assert not set(text) & {"\x1b", "\u202e"}


def test_headings_tables_and_pictures_are_for_everybody() -> None:
    frontier = (FrontierPoint(0, 90.0, 80.0, 0), FrontierPoint(10_000_000, 40.0, 39.0, 2))
    page = Page(render(advice(frontier=frontier), "html"))
    levels = [int(name[1]) for name, _ in page.tags if re.fullmatch(r"h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(a.get("scope") == "col" for a in page.all("th"))
    assert all(
        a.get("tabindex") == "0" and a.get("aria-label") for a in page.all("div") if a.get("role") == "region"
    )
    assert len(page.all("img")) == 2
    assert all(len(a.get("alt") or "") > 40 for a in page.all("img"))
    assert page.all("html") == [{"lang": "en"}]
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["href"] for a in page.all("a")} <= {f"#{id}" for id in ids}


def test_the_same_advice_gives_the_same_bytes() -> None:
    assert render(advice(), "html") == render(advice(), "html")


def test_a_page_without_matplotlib_says_what_is_missing_and_keeps_the_figures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    page = Page(render(advice(), "html"))
    assert page.all("img") == []
    assert 'it needs "indexical[report]"' in page.text
    assert "81,000" in render(advice(), "json").replace("81000.0", "81,000")


def test_a_chart_takes_any_label_and_an_empty_one_is_no_picture() -> None:
    chart = Chart("bars", "t", "c", "x", "y", ("$a_{b$",), (Point("$\\frac{1}$ <b> & \x00", (1.0,)),))
    assert "data:image/svg+xml" in html.render_sections((Section("s", charts=(chart,)),), title="t")
    assert "<img" not in html.render_sections((Section("s", charts=(replace(chart, points=()),)),), title="t")


def test_values_in_a_plan_s_conditions_are_withheld() -> None:
    condition = "((email)::text = 'who@example.org'::text) AND (total > 4711.5) AND (note = E'it''s \\' x')"
    plan = Plan(5.0, nodes=(PlanNode("Seq Scan", relation="public.orders", condition=condition),))
    (first, *_) = advice().statements
    page = Page(render(advice(statements=(replace(first, plan_before=plan, plan_after=plan),)), "html"))
    assert "((email)::text = ...::text) AND (total > ...) AND (note = ...)" in page.text
    for value in ("who@", "4711", "it''s"):
        assert value not in page.text
