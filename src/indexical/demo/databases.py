"""The demo's databases: the project's own, and beside it one for each index set that it is compared with."""

from __future__ import annotations

WAYS = ("prior", "guide", "indexical")
"""The index sets; the order is the order of execution within a round."""
BLANK = "blank"
"""The project's tables without rows, kept while a study loads other sizes."""


def of_ways(project: str) -> dict[str, str]:
    """Way → database; ``project`` is the one that the project uses, which gets Indexical's set."""
    return {"prior": "prior", "guide": "guide", "indexical": project}
