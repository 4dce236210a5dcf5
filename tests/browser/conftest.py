"""A real browser for pages that people look at: any Chromium on the path, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

playwright = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed: pip install 'indexical[browser]'"
)
_NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MS = 120_000
"""For whatever a page is waited for; it only ends a test that would hang."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="session")
def browser() -> Iterator[playwright.Browser]:
    """One browser for the session; each test opens pages of its own."""
    program = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"no browser is installed: apt-get install chromium (looked for {', '.join(_NAMES)})")
    # Chromium's own sandbox refuses to be started by root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.sync_playwright() as tool:
        chromium = tool.chromium.launch(executable_path=program, args=arguments)
        yield chromium
        chromium.close()
