"""Promotions as values and as files, for the tests of the decisions and of the record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from indexical.model import Index, Key, TargetIdentity
from indexical.model.promotion import (
    APPLIED,
    GATES,
    NO_INVALID,
    NOT_WORSE,
    TESTS,
    VERIFIED,
    WINDOW,
    Clocks,
    GateResult,
    Observed,
    Promoted,
    Promotion,
    Verdict,
)

DAY = 86_400.0
STAGING = TargetIdentity("7001", 5, "shop", 1, "10.0.0.1:5432")
USER = Index("public", "orders", (Key.asc("user_id"), Key.desc("created_at")))
STATUS = Index("public", "orders", (Key.asc("status"),))
BEGAN = Clocks(1000.0, "boot-a", 50.0, 1000.0)
IN_ORDER = (APPLIED, WINDOW, VERIFIED, TESTS, NOT_WORSE, NO_INVALID)


def later(seconds: float, **changed: object) -> Clocks:
    """All clocks that much later, but for those that are named."""
    moment = Clocks(BEGAN.wall + seconds, BEGAN.boot, BEGAN.running + seconds, BEGAN.server + seconds)
    return replace(moment, **changed)  # type: ignore[arg-type]


def promotion(*results: tuple[str, Verdict], **changed: object) -> Promotion:
    """A promotion with the results of gates, one a line, from line 2 on."""
    lines = tuple(
        GateResult(number, f"t{number}", gate, verdict, f"{gate} {verdict}", later(DAY + number))
        for number, (gate, verdict) in enumerate(results, 2)
    )
    made = Promotion(
        id="ab12",
        began="2026-01-02T00:00:00.000+00:00",
        staging=STAGING,
        run="1f2e",
        run_began="2026-01-01T23:00:00.000+00:00",
        window_s=DAY,
        short=False,
        gates=GATES,
        changes=(Promoted("create", "o_user", USER, 42), Promoted("drop", "o_status", STATUS)),
        clocks=BEGAN,
        results=lines,
        head="00",
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def passed(*gates: str) -> list[tuple[str, Verdict]]:
    return [(gate, "passed") for gate in gates or IN_ORDER]


def observed(seconds: float = DAY, **changed: object) -> Observed:
    return replace(Observed(STAGING, later(seconds)), **changed)  # type: ignore[arg-type]


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)
