"""The preflight on a watched place, and the preflight with one of its checks taken out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from indexical.apply import preflight
from indexical.apply.checks import Check
from indexical.apply.findings import Finding
from indexical.model import ExistingIndex, Index, Key
from indexical.pg.session import connect
from tests.faults.harness import Place

USER = Index("public", "orders", (Key.asc("user_id"),))
STATUS = Index("public", "orders", (Key.asc("status"),))
NOTE = Index("public", "orders", (Key.asc("note"),))


def look(
    place: Place,
    *builds: tuple[str, Index],
    drops: Sequence[ExistingIndex] = (),
    role: str = "postgres",
    url: str = "",
    **options: Any,
) -> tuple[Finding, ...]:
    """What the preflight has to say; it is searched for secrets afterwards."""
    options = {"superuser": "allow", **options}
    with connect(url or place.url_as(role)) as session:
        findings = preflight.check(session, builds, drops, **options)
    for finding in findings:
        place.says(finding.text)
    return findings


def refused(findings: Sequence[Finding]) -> list[str]:
    return [finding.code for finding in findings if finding.severity == "refuse"]


def warned(findings: Sequence[Finding]) -> list[str]:
    return [finding.code for finding in findings if finding.severity == "warn"]


def only(findings: Sequence[Finding], code: str) -> Finding:
    """The one finding of this code."""
    (found,) = [finding for finding in findings if finding.code == code]
    return found


def take_out(monkeypatch: pytest.MonkeyPatch, check: Check) -> None:
    """The preflight without one of its checks."""
    left = tuple(each for each in preflight.CHECKS if each is not check)
    assert len(left) + 1 == len(preflight.CHECKS)
    monkeypatch.setattr(preflight, "CHECKS", left)
