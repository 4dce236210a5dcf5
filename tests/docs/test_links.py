"""Links of pages outside docs/ lead somewhere; inside docs/ `mkdocs build --strict` looks, anchors included."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.docs.pages import DOCS, ROOT, name, pages

_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
OUTSIDE = [path for path in pages() if DOCS not in path.parents]


@pytest.mark.parametrize("page", OUTSIDE, ids=name)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for match in _LINK.finditer(page.read_text(encoding="utf-8")):
        target, _, anchor = match["target"].partition("#")
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{name(page)}: {match['target']}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in map(slug, headings), f"{name(page)}: {match['target']}"


def slug(heading: str) -> str:
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower())


def test_mkdocs_looks_at_anchors_and_at_pages_that_nothing_leads_to() -> None:
    text = (ROOT / "mkdocs.yml").read_text()
    assert "strict: true" in text
    assert "omitted_files: warn" in text
    assert "anchors: warn" in text
