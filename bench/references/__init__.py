"""Other advisors to compare with, each written from its paper: none of this is part of the product."""

from __future__ import annotations

from collections.abc import Callable

from references.anytime import anytime
from references.cophy import cophy
from references.dexter import dexter
from references.extend import extend
from references.what_if import Indexes, WhatIf

__all__ = ["REFERENCES", "Indexes", "WhatIf", "extend"]

REFERENCES: dict[str, Callable[[WhatIf, int | None], Indexes]] = {
    "extend": extend,
    "extend2": lambda what_if, budget: extend(what_if, budget, width=2),
    "anytime": anytime,
    "cophy": cophy,
    "dexter": dexter,
}
"""By the name that ``--references`` takes."""
