"""Whether a statement is asked once for each row of another: no index makes a hundred questions one."""

from __future__ import annotations

from indexical.model import Statement, Workload

_OFTEN = 10
"""Times for each request from which on a statement is called repeated; the alarms' threshold."""


def repeated(statement: Statement, workload: Workload) -> tuple[str, float]:
    """The view that asks it again and again, and about how often for each request; an empty view when none does.

    A request runs each of its view's ordinary statements about once: the median of their calls stands for the requests.
    """
    worst = ("", 0.0)
    for view in sorted({origin.view for origin in statement.origins if origin.view}):
        others = sorted(
            other.calls
            for other in workload.statements
            if other.id != statement.id and any(origin.view == view for origin in other.origins)
        )
        if not others or statement.kind != "select":
            continue
        times = statement.calls / max(1.0, others[len(others) // 2])
        if times > max(_OFTEN, worst[1]):
            worst = (view, times)
    return worst
