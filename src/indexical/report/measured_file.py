"""A measured run as a JSON file, and back.

Files of version 1 stay readable: ``plan``, ``writes``, ``hot``, ``storage``, ``endpoints``, ``load`` and ``claims`` may be
missing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from indexical.errors import FileRefused
from indexical.model import HotMeasurement, Measurement, NotMeasured, Plan, PlanNode, WriteMeasurement
from indexical.model.claims import Judged
from indexical.model.served import ServedRun
from indexical.model.sqltext import without_literals
from indexical.model.storage import Storage, TableStorage
from indexical.report import claims, served_json
from indexical.report import document as documents

FORMAT = "indexical-measure"
VERSION = 1
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Run:
    server_version: str
    """``18.6``"""
    read_ms: float
    """The whole workload's reads once, milliseconds."""
    reads: tuple[Measurement, ...]
    not_measured: tuple[NotMeasured, ...] = ()
    made_at: str = ""
    """When it ended, in ISO 8601; empty when unknown."""
    writes: tuple[WriteMeasurement, ...] = ()
    hot: tuple[HotMeasurement, ...] = ()
    storage: Storage | None = None
    served: ServedRun | None = None
    judged: tuple[Judged, ...] = ()
    """Claims, held against this run and the one it was compared with; not read back from a file."""


def render_json(run: Run) -> str:
    """The run as a file; plans without the literals of their conditions, since those are values."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "server_version": run.server_version,
        "made_at": run.made_at,
        "read_ms": run.read_ms,
        "reads": [_read_out(read) for read in run.reads],
        "not_measured": [asdict(item) for item in run.not_measured],
    }
    if run.writes:
        document["writes"] = [asdict(item) for item in run.writes]
    if run.hot:
        document["hot"] = [asdict(item) for item in run.hot]
    if run.storage is not None:
        document["storage"] = storage_json(run.storage)
    if run.served is not None:
        document |= served_json.to_json(run.served)
    if run.judged:
        document["claims"] = claims.to_json(run.judged)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def storage_json(storage: Storage) -> dict[str, Any]:
    """Bytes of the database and of each table; the totals are there for whoever reads the file without adding up."""
    return asdict(storage) | {"table_bytes": storage.table_bytes, "index_bytes": storage.index_bytes}


def _read_out(read: Measurement) -> dict[str, Any]:
    fields = {key: value for key, value in asdict(read).items() if key != "plan"}
    if read.plan is None:
        return fields
    nodes = [asdict(node) | {"condition": without_literals(node.condition)} for node in read.plan.nodes]
    return fields | {"plan": {"cost": read.plan.cost, "rows": read.plan.rows, "nodes": nodes}}


def load(path: Path) -> Run:
    """Reads a saved run.

    Raises:
        FileRefused: the file is missing or is not a run of a version this program knows.
    """
    document = documents.read(path, "a measured run", f"save one with: measure -o {path}")
    if document.get("format") != FORMAT or document.get("version") != VERSION:
        raise FileRefused(
            f"{path} is not a measured run of version {VERSION}; save one with: measure -o {path}"
        )
    try:
        return Run(
            server_version=str(document.get("server_version", "")),
            read_ms=float(document["read_ms"]),
            reads=_all(document["reads"], _read_in),
            not_measured=_all(document.get("not_measured", ()), _missing_in),
            made_at=str(document.get("made_at", "")),
            writes=_all(document.get("writes", ()), _write_in),
            hot=_all(document.get("hot", ()), _hot_in),
            storage=_storage_in(document.get("storage")),
            served=served_json.from_json(document),
        )
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        raise FileRefused(f"{path} is damaged; measure again") from None


def _all(raw: Iterable[Mapping[str, Any]], make: Callable[[Mapping[str, Any]], _Made]) -> tuple[_Made, ...]:
    return tuple(make(each) for each in raw)


def _read_in(raw: Mapping[str, Any]) -> Measurement:
    return Measurement(
        id=str(raw["id"]),
        calls=float(raw["calls"]),
        runs=int(raw["runs"]),
        median_ms=float(raw["median_ms"]),
        p95_ms=float(raw["p95_ms"]),
        mean_ms=float(raw["mean_ms"]),
        buffers=int(raw["buffers"]),
        rows=float(raw["rows"]),
        indexes=tuple(str(name) for name in raw["indexes"]),
        plan=_plan_in(raw.get("plan")),
        samples=int(raw.get("samples", 1)),
    )


def _plan_in(raw: Mapping[str, Any] | None) -> Plan | None:
    if raw is None:
        return None
    nodes = tuple(
        PlanNode(
            type=str(node["type"]),
            depth=max(0, min(int(node["depth"]), 200)),
            relation=str(node["relation"]),
            alias=str(node["alias"]),
            index=str(node["index"]),
            cost=float(node["cost"]),
            rows=float(node["rows"]),
            condition=str(node["condition"]),
        )
        for node in raw["nodes"]
    )
    return Plan(float(raw["cost"]), float(raw["rows"]), nodes)


def _missing_in(raw: Mapping[str, Any]) -> NotMeasured:
    return NotMeasured(str(raw["id"]), str(raw["what"]), str(raw["reason"]))


def _write_in(raw: Mapping[str, Any]) -> WriteMeasurement:
    return WriteMeasurement(str(raw["id"]), int(raw["rows"]), float(raw["us_per_row"]))


def _hot_in(raw: Mapping[str, Any]) -> HotMeasurement:
    return HotMeasurement(str(raw["id"]), int(raw["updates"]), float(raw["share"]))


def _storage_in(raw: Mapping[str, Any] | None) -> Storage | None:
    if raw is None:
        return None
    tables = tuple(
        TableStorage(
            str(each["table"]), int(each["table_bytes"]), int(each["index_bytes"]), int(each["indexes"])
        )
        for each in raw["tables"]
    )
    return Storage(int(raw["database_bytes"]), tables)
