"""The values that travel along the straight line. Standard library only."""

from __future__ import annotations

from indexical.model.advice import (
    Advice,
    Candidate,
    Candidates,
    Configuration,
    Drop,
    HotLoss,
    Limits,
    NotExamined,
    Plan,
    PlannerUse,
    PlanNode,
    Recommendation,
    Refusal,
    StatementVerdict,
)
from indexical.model.catalog import (
    Catalog,
    Column,
    ColumnStatistics,
    DomainType,
    EnumType,
    ForeignKey,
    Table,
    WriteCounters,
)
from indexical.model.change import (
    Applied,
    Change,
    DdlStatement,
    Failed,
    HotMeasurement,
    Instruction,
    Measurement,
    NotMeasured,
    Outcome,
    Skipping,
    SourceEdit,
    Verified,
    WriteMeasurement,
)
from indexical.model.index import ExistingIndex, Index, Key
from indexical.model.workload import (
    Origin,
    Parameters,
    Skipped,
    Statement,
    TableWrites,
    UpdateProfile,
    Workload,
)

__all__ = [
    "Advice", "Applied", "Candidate", "Candidates", "Catalog", "Change", "Column", "ColumnStatistics", "Configuration",
    "DdlStatement", "DomainType", "Drop", "EnumType", "ExistingIndex", "Failed", "ForeignKey", "HotLoss", "HotMeasurement",
    "Index", "Instruction", "Key", "Limits", "Measurement", "NotExamined", "NotMeasured", "Origin", "Outcome", "Parameters",
    "Plan", "PlanNode", "PlannerUse", "Recommendation", "Refusal", "Skipped", "Skipping", "SourceEdit", "Statement",
    "StatementVerdict", "Table", "TableWrites", "UpdateProfile", "Verified", "Workload", "WriteCounters", "WriteMeasurement",
]  # fmt: skip
