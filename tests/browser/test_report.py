"""The advice page in a browser: nothing runs, nothing is fetched, and it can be read by everybody."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from indexical.model import FrontierPoint
from indexical.report import render
from tests.browser.conftest import PATIENCE_MS
from tests.unit.report.samples import advice
from tests.unit.report.test_html import hostile_advice

FRONTIER = tuple(
    FrontierPoint(step * 3_000_000, 97_000 / (step + 1), 90_000 / (step + 1), step) for step in range(5)
)
CONTRAST = """
() => {
  const light = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
      if (!c.startsWith('rgba(0, 0, 0, 0')) return c; } return 'rgb(255, 255, 255)'; };
  const bad = [];
  for (const e of document.querySelectorAll('main *, header *, nav *, footer *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) bad.push(e.tagName + ': ' + e.textContent.trim().slice(0, 40));
  }
  return bad;
}
"""


@dataclass
class Seen:
    """An open page, and whatever it said or asked for."""

    page: object
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def hears(self, text: str) -> None:
        """Waits until the page has said it: messages come by themselves, some after the answer to what caused them."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while not any(text in message for message in self.said):
            assert time.monotonic() < deadline, self.said
            self.page.wait_for_timeout(50)


@pytest.fixture
def show(browser, tmp_path: Path) -> Iterator[object]:
    contexts = []

    def opened(text: str, **options: object) -> Seen:
        file = tmp_path / f"{len(contexts)}.html"
        file.write_text(text, encoding="utf-8")
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        seen = Seen(context.new_page())
        seen.page.on("console", lambda message: seen.said.append(message.text))
        seen.page.on("pageerror", lambda error: seen.said.append(str(error)))
        seen.page.on(
            "dialog", lambda dialog: (seen.said.append(f"dialog {dialog.message}"), dialog.dismiss())
        )
        seen.page.on("request", lambda request: seen.asked.append(request.url))
        seen.page.goto(file.as_uri())
        return seen

    yield opened
    for context in contexts:
        context.close()


def outside(seen: Seen) -> list[str]:
    return [url for url in seen.asked if not url.startswith(("file://", "data:image/svg+xml"))]


def test_hostile_text_runs_nothing_and_fetches_nothing(show) -> None:
    seen = show(render(hostile_advice(), "html"))
    seen.page.wait_for_timeout(300)
    assert seen.said == []
    assert outside(seen) == []
    assert seen.page.locator("script, iframe, form").count() == 0
    assert "<script>alert(1)</script>" in seen.page.inner_text("body")


def test_the_page_s_own_policy_stops_a_script_that_got_past_the_escaping(show) -> None:
    text = render(advice(), "html").replace(
        "</main>", "<script>document.title = 'run'</script><p style='color:red' id=x>x</p></main>"
    )
    seen = show(text)
    assert seen.page.title() == "Index advice for shop"
    assert seen.page.evaluate("getComputedStyle(document.getElementById('x')).color") != "rgb(255, 0, 0)"
    seen.hears("Content Security Policy")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_text_stands_out_and_nothing_overflows(show, scheme: str, width: int) -> None:
    seen = show(
        render(advice(frontier=FRONTIER), "html"),
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
    )
    for summary in seen.page.locator("summary").all():
        summary.click()
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    assert seen.page.evaluate(CONTRAST) == []
    assert seen.said == []


def test_light_and_dark_are_different_pages_with_pictures_of_their_own(show) -> None:
    pages = [show(render(advice(), "html"), color_scheme=scheme).page for scheme in ("light", "dark")]
    paper = [page.evaluate("getComputedStyle(document.body).backgroundColor") for page in pages]
    pictures = [page.evaluate("document.querySelector('img').currentSrc") for page in pages]
    assert paper[0] != paper[1]
    assert pictures[0] != pictures[1]
    assert all(page.evaluate("document.querySelector('img').naturalWidth") > 100 for page in pages)


def test_the_keyboard_reaches_the_contents_the_tables_and_the_plans(show) -> None:
    page = show(render(advice(), "html")).page
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.tagName + '.' + document.activeElement.className")
        )
    assert reached[0] == "A.skip"
    assert {"A.", "DIV.scroll", "PRE.", "SUMMARY."} <= set(reached)
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details[open]").count() == 1


def test_on_paper_every_plan_is_open(show) -> None:
    page = show(render(advice(), "html")).page
    page.emulate_media(media="print")
    assert page.locator("nav").is_hidden()
    assert page.pdf()[:4] == b"%PDF"
    tree = page.locator(".plan").first
    assert tree.bounding_box()["height"] > 10
