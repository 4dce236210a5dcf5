"""What a server can do: every question of version, extension or right is asked here and answered with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

OLDEST = 14
"""The oldest major version that is looked at; the PostgreSQL project has ended support for those before."""


@dataclass(frozen=True, slots=True)
class Capability:
    """An answer: yes, or no and why."""

    here: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.here


@dataclass(frozen=True, slots=True)
class Capabilities:
    """One server as one role sees it."""

    server_version: int
    extensions: Mapping[str, str] = field(default_factory=dict)
    """Extension name to schema."""
    superuser: bool = False

    @property
    def major(self) -> int:
        return self.server_version // 10000

    def supported(self) -> Capability:
        return self._since(OLDEST, "Indexical")

    def range_statistics(self) -> Capability:
        """Histograms of ranges are in ``pg_stats``."""
        return self._since(17, "the view of range statistics")

    def restore_statistics(self) -> Capability:
        """``pg_restore_attribute_stats`` and its siblings."""
        return self._since(18, "loading statistics")

    def generic_plan(self) -> Capability:
        """``EXPLAIN (GENERIC_PLAN)``."""
        return self._since(16, "EXPLAIN (GENERIC_PLAN)")

    def tree_heights(self) -> Capability:
        """``bt_metap`` of pageinspect may be called."""
        if "pageinspect" not in self.extensions:
            return Capability(False, "the extension pageinspect is not installed")
        if not self.superuser:
            return Capability(False, "pageinspect answers superusers only")
        return Capability(True)

    def _since(self, major: int, what: str) -> Capability:
        if self.major >= major:
            return Capability(True)
        return Capability(False, f"{what} needs PostgreSQL {major} or newer; this server is {self.major}")
