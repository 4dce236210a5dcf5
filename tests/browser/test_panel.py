"""The toolbar's panel in a browser: opened, asked for a verdict, read by everybody; hostile statements run nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.browser.conftest import PATIENCE_MS
from tests.django.conftest import new_database, private_server  # noqa: F401 - fixtures
from tests.django.test_panel import _FILL
from tests.django.watching import PROJECT, environment, python, shelf_fixture  # noqa: F401 - fixtures

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module", name="site")
def site_fixture(shelf: str) -> Iterator[str]:
    """The project of authors and books, served; its address."""
    python(shelf, "-c", _FILL)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    # A trial server of Django's own; it serves the toolbar's static files as well.
    server = subprocess.Popen(
        [sys.executable, "-m", "django", "runserver", "--noreload", "--nothreading", f"127.0.0.1:{port}"],
        cwd=PROJECT,
        env=environment(shelf, DEBUG=True, TOOLBAR=True),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(address, server)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=60)


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < deadline:
        assert server.poll() is None, "the server has ended"
        try:
            urlopen(f"{address}/page/", timeout=60).close()
        except (URLError, OSError):
            time.sleep(0.2)
        else:
            return
    pytest.fail("the server did not answer")


@pytest.fixture
def opened(browser, site: str) -> Iterator[Callable[..., object]]:
    """Opens a page and the panel in it."""
    contexts = []

    def open_panel(path: str, said: list[str], **options: object) -> object:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(site + path)
        page.wait_for_selector("#djDebug #djDebugToolbarHandle, #djDebug #djDebugToolbar", state="attached")
        if page.locator("#djShowToolBarButton").is_visible():
            page.locator("#djShowToolBarButton").click()
        page.locator("#djDebug #djDebugPanelList a.IndexPanel").click()
        page.locator("#IndexPanel table").first.wait_for()
        return page

    yield open_panel
    for context in contexts:
        context.close()


def test_the_panel_opens_and_gives_a_verdict_on_a_click(opened: Callable[..., object]) -> None:
    said: list[str] = []
    page = opened("/page/", said)
    assert "N+1:" in page.locator("#IndexPanel").inner_text()
    picture = os.environ.get("PANEL_PICTURE")
    if picture:
        page.screenshot(path=str(Path(picture)))
    page.locator("#IndexPanel button.remoteCall").first.click()
    page.locator("#djDebugWindow >> text=not-used").wait_for()
    assert "public.shelf_book" in page.locator("#djDebugWindow").inner_text()
    if picture:
        page.screenshot(path=str(Path(picture).with_stem("panel-verdict")))
    assert said == []


def test_hostile_statements_run_nothing(opened: Callable[..., object]) -> None:
    said: list[str] = []
    page = opened("/hostile/", said)
    page.locator("#IndexPanel button.remoteCall").first.click()
    page.locator("#djDebugWindow >> text=not-needed").wait_for()
    assert page.title() != "run"
    assert said == []
    assert page.locator("#djDebug >> img[src='x']").count() == 0
    assert "<script>document" in page.locator("#IndexPanel").inner_text(), "shown as text"


def test_buttons_are_reached_by_the_keyboard(opened: Callable[..., object]) -> None:
    said: list[str] = []
    page = opened("/page/", said)
    button = page.locator("#IndexPanel button.remoteCall").first
    button.focus()
    page.keyboard.press("Enter")
    page.locator("#djDebugWindow >> text=not-used").wait_for()
    assert said == []
