"""A drop as an advice file: what `apply` reads, tries first and may still refuse. Nothing here touches a database."""

from __future__ import annotations

from indexical import ddl
from indexical.django.dashboard.confirming import Plan
from indexical.django.dashboard.reading import Look
from indexical.django.dashboard.verdicts import Judged
from indexical.model import Advice, Drop, PlannerUse
from indexical.report.json import render_advice


def drop_plan(look: Look, judged: Judged) -> Plan:
    """What proposing to drop the index rests on."""
    existing = judged.existing
    return Plan(
        "drop",
        look.alias,
        identity(look),
        existing.oid,
        f"{existing.index.schema}.{existing.name}",
        existing.definition,
        judged.verdict,
        judged.use.scans,
    )


def sample_plan(look: Look) -> Plan:
    """What taking a sample is about."""
    return Plan("sample", look.alias, identity(look))


def identity(look: Look) -> str:
    state = look.now.state
    return f"{state.system}/{state.database_oid}/{state.database}"


def proposed(look: Look, judged: Judged) -> str:
    """The advice file."""
    existing = judged.existing
    drop = Drop(
        existing,
        judged.verdict,
        covered_by=judged.covered_by,
        evidence=f"{judged.reason} (as of {look.now.taken_at})",
        ddl=ddl.drop_index(existing.index.schema, existing.name),
    )
    return render_advice(
        Advice(
            (), (drop,), (), (), (), PlannerUse("none", look.catalog.server_version_text, 0, 0.0), 0.0, 0.0, 0.0,
            storage_before=sum(each.size for each in look.catalog.indexes()),
            database=look.catalog.database,
            statistics_since=look.now.state.counted_since,
            taken_at=look.now.taken_at,
        )
    )  # fmt: skip


def statement(judged: Judged) -> str:
    """What `apply` would run for it in the end."""
    return ddl.drop_index(judged.existing.index.schema, judged.existing.name, concurrently=True)
