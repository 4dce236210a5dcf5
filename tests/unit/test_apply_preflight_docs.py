"""The page on the preflight and the codes of the program say the same."""

from __future__ import annotations

import re
from pathlib import Path

from indexical.apply.checks import CODES

_PAGE = Path(__file__).parents[2] / "docs" / "preflight.md"


def test_the_page_lists_every_code_once_and_no_other():
    listed = re.findall(r"^\| (P\d\d) \|", _PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == list(CODES)
