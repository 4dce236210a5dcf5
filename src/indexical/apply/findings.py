"""What the preflight has to say, and the refusal that comes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from indexical.errors import PreflightRefused

Severity = Literal["refuse", "warn"]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One reason not to begin, or one thing to know before beginning."""

    code: str
    """Stable: ``P01`` and up, never given to another meaning."""
    severity: Severity
    subject: str
    """The server, table, index or session it is about."""
    message: str
    remedy: str = ""

    @property
    def text(self) -> str:
        """The finding as one line: code, subject, what is the matter, what to do."""
        line = f"{self.code} {self.subject}: {self.message}"
        return f"{line}; {self.remedy}" if self.remedy else line


def refuse(findings: Iterable[Finding]) -> None:
    """Ends the run before anything is changed, when a finding says so.

    Raises :class:`PreflightRefused` with every refusal, a line each.
    """
    refusals = [finding.text for finding in findings if finding.severity == "refuse"]
    if refusals:
        raise PreflightRefused("\n".join(["nothing was changed:", *refusals]))
