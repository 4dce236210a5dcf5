"""The codes of outcomes are a promise: all of them are documented, in the same words."""

from __future__ import annotations

import re
from pathlib import Path

from indexical.model.codes import CODES

_PAGE = Path(__file__).parents[2] / "docs" / "errors.md"


def test_the_page_holds_every_code_and_no_other():
    told = re.findall(r"^\| `([A-Z_]+)` \| (.+) \|$", _PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert dict(told) == CODES


def test_codes_are_words_for_scripts():
    assert all(re.fullmatch(r"[A-Z]+(_[A-Z]+)*", code) for code in CODES)
