"""The dashboard in a browser: nothing foreign runs, it can be read by everybody, and a drop is proposed by keyboard alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from indexical.report.advice_file import load
from indexical.twin import engine
from indexical.twin.server import PrivateServer
from tests.browser.conftest import PATIENCE_MS
from tests.browser.test_report import CONTRAST, Seen

pytestmark = pytest.mark.postgres

PROJECT = Path(__file__).resolve().parents[1] / "django" / "dashboard_project"
OVERVIEW = "/indexes/database/default/"
SCHEMA = (
    "CREATE TABLE shop_order (id bigint PRIMARY KEY, customer_id int, status text, total numeric, note text)",
    "INSERT INTO shop_order SELECT i, i % 500, 'new', i, 'n' FROM generate_series(1, 20000) AS i",
    "CREATE INDEX shop_order_customer ON shop_order (customer_id)",
    "CREATE INDEX shop_order_customer_again ON shop_order (customer_id)",
    "CREATE INDEX shop_order_status_total ON shop_order (status, total)",
    "CREATE INDEX shop_order_status ON shop_order (status)",
    "COMMENT ON INDEX shop_order_customer IS '<img src=x onerror=alert(2)>'",
    """CREATE INDEX "<script>alert(1)</script>""'" ON shop_order ((note || '</script><script>alert(3)</script>'))""",
    """CREATE INDEX "javascript:alert(4)" ON shop_order (total)""",
    "ANALYZE shop_order",
    "SET enable_seqscan = off",
    *("SELECT count(*) FROM shop_order WHERE customer_id = 7",) * 40,
    *("SELECT count(*) FROM shop_order WHERE id = 7",) * 25,
    *("SELECT count(*) FROM shop_order WHERE status = 'new' AND total = 5",) * 9,
    "SELECT pg_stat_force_next_flush()",
)

Show = Callable[..., Seen]


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with PrivateServer(engine.find()) as server:
        url = server.url()
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in SCHEMA:
                connection.execute(statement)
        yield url


@pytest.fixture(scope="module")
def site(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "DJANGO_SETTINGS_MODULE": "dashboard_settings",
        "PYTHONPATH": os.pathsep.join((str(PROJECT), *filter(None, (os.environ.get("PYTHONPATH"),)))),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with subprocess.Popen(
        [sys.executable, str(PROJECT / "dashboard_driver.py"), "serve"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path_factory.mktemp("site"),
        env=environment,
    ) as process:
        assert process.stdout
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.terminate()


@pytest.fixture
def show(browser, site: str) -> Iterator[Show]:
    contexts = []

    def opened(path: str = OVERVIEW, user: str = "changer", **options: object) -> Seen:
        context = browser.new_context(base_url=site, **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        seen = Seen(context.new_page())
        seen.page.on("console", lambda message: seen.said.append(message.text))
        seen.page.on("pageerror", lambda error: seen.said.append(str(error)))
        seen.page.on(
            "dialog", lambda dialog: (seen.said.append(f"dialog {dialog.message}"), dialog.dismiss())
        )
        seen.page.on("request", lambda request: seen.asked.append(request.url))
        seen.page.goto(path)
        seen.page.fill("#id_username", user)
        seen.page.fill("#id_password", user)
        seen.page.press("#id_password", "Enter")
        # In full: the login page's own address ends with the path as well, behind ?next=.
        seen.page.wait_for_url(f"{site}{path}")
        # The admin's own login page is not what is looked at here.
        seen.said.clear()
        return seen

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.security("S17")
def test_hostile_names_comments_and_expressions_run_nothing(show: Show, site: str) -> None:
    seen = show()
    for link in seen.page.locator(".ix-scroll a").evaluate_all(
        "links => [...new Set(links.map(a => a.href))]"
    ):
        assert link.startswith(f"{site}/indexes/")
        seen.page.goto(link)
    seen.page.wait_for_timeout(200)
    assert seen.said == []
    assert [url for url in seen.asked if not url.startswith((site, "data:image/svg+xml"))] == []


def test_the_policy_stops_a_script_that_got_past_the_escaping(show: Show) -> None:
    seen = show()
    seen.page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'document.title = \"run\"';"
        " document.body.append(s); }"
    )
    assert seen.page.title() != "run"
    seen.hears("Content Security Policy")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_text_stands_out_and_nothing_overflows(show: Show, scheme: str, width: int) -> None:
    seen = show(color_scheme=scheme, viewport={"width": width, "height": 800})
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    assert seen.page.evaluate(CONTRAST.replace("main *, header *, nav *, footer *", ".ix *")) == []
    assert seen.page.locator(f"img.ix-{scheme}").first.is_visible()
    assert seen.said == []


def test_a_drop_is_proposed_by_keyboard_alone(show: Show, tmp_path: Path) -> None:
    page = show().page

    def to(text: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent.trim()") == text:
                page.keyboard.press("Enter")
                return
        raise AssertionError(f"the keyboard does not reach {text!r}")

    to("shop_order_customer_again")
    page.wait_for_url("**/index/*/")
    to("Propose dropping it")
    page.wait_for_url("**/review/")
    with page.expect_download() as download:
        to("Download the proposal")
    download.value.save_as(tmp_path / "drop.json")
    assert [drop.existing.name for drop in load(tmp_path / "drop.json").drop] == ["shop_order_customer_again"]


def test_who_has_no_permission_finds_nothing(browser, site: str) -> None:
    context = browser.new_context(base_url=site)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto("/admin/")
    page.fill("#id_username", "staff")
    page.fill("#id_password", "staff")
    page.press("#id_password", "Enter")
    page.wait_for_url(f"{site}/admin/")
    answer = page.goto(OVERVIEW)
    assert answer.status == 404
    assert "shop_order" not in page.content()
    context.close()
