"""How many rows of each table a load writes."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Scale:
    """Row counts; plans and categories are the same three and ten at every scale."""

    name: str
    users: int
    templates: int
    orders: int
    invitations: int
    guests: int
    activities: int
    verifications: int
    views: int
    notifications: int
    approvals: int


GUIDE = Scale(
    name="guide",
    users=10_000,
    templates=500,
    orders=50_000,
    invitations=40_000,
    guests=200_000,
    activities=500_000,
    verifications=20_000,
    views=300_000,
    notifications=3_000,
    approvals=10_000,
)

SMALL = Scale(
    name="small",
    users=500,
    templates=100,
    orders=2_500,
    invitations=2_000,
    guests=10_000,
    activities=25_000,
    verifications=1_000,
    views=15_000,
    notifications=150,
    approvals=500,
)


def part(name: str, of: int) -> Scale:
    """The guide's counts, divided; templates never fall below the twenty that a list's page shows."""
    counts = {field.name: getattr(GUIDE, field.name) // of for field in fields(Scale) if field.name != "name"}
    return Scale(name=name, **counts | {"templates": max(20, counts["templates"])})


# For seeing how queries grow with the data.
TENTH, HUNDREDTH = part("tenth", 10), part("hundredth", 100)

SCALES = {scale.name: scale for scale in (SMALL, GUIDE, TENTH, HUNDREDTH)}
