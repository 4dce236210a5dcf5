"""What ``apply``, ``verify`` and ``rollback`` say as JSON, version 1: findings, outcomes, where the record is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from indexical.apply.findings import Finding
from indexical.apply.journal.reading import outcome_kind
from indexical.model import Outcome

VERSION = 1


def run_document(
    *,
    run: str = "",
    findings: Sequence[Finding] = (),
    outcomes: Sequence[Outcome] = (),
    journal: str = "",
    **more: Any,
) -> str:
    """The document as text; ``more`` are further keys, which never change the meaning of these."""
    document: dict[str, Any] = {
        "version": VERSION,
        "run": run,
        "findings": [asdict(finding) for finding in findings],
        "outcomes": [{"kind": outcome_kind(outcome), **asdict(outcome)} for outcome in outcomes],
        "journal": journal,
        **more,
    }
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"
