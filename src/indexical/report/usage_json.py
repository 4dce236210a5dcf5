"""Use of indexes as JSON, version 1: sizes are bytes, times seconds or milliseconds as their names say, shares 0 to 1."""

from __future__ import annotations

import json
from typing import Any

from indexical.model.using import Blocks, IndexUsage, Review, TableUsage, Usage

_VERSION = 1


def render_usage(usage: Usage, review: Review | None = None) -> str:
    """The document; with a review it has one key more."""
    document: dict[str, Any] = {
        "version": _VERSION,
        "database": usage.database,
        "server_version": usage.server_version,
        "taken_at": usage.taken_at,
        "unused_after_seconds": usage.unused_after,
        "nodes": [
            {
                "name": node.name,
                "standby": node.standby,
                "taken_at": node.taken_at,
                "counted_since": node.counted_since or None,
                "samples": node.samples,
                "first_sample": node.first_sample,
                "scans": node.scans,
                "index_cache": _blocks(node.index),
                "heap_cache": _blocks(node.heap),
            }
            for node in usage.nodes
        ],
        "cache": {"index": _blocks(usage.index), "heap": _blocks(usage.heap)},
        "indexes": [_index(each) for each in usage.indexes],
        "tables": [_table(each) for each in usage.tables],
        "missing": [{"what": what, "why": why} for what, why in usage.missing],
    }
    if review is not None:
        document["review"] = _review(review)
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def _blocks(blocks: Blocks) -> dict[str, Any]:
    return {"hit": blocks.hit, "read": blocks.read, "ratio": blocks.share, "warning": blocks.low}


def _index(each: IndexUsage) -> dict[str, Any]:
    existing, verdict, bloat = each.existing, each.verdict, each.bloat
    return {
        "schema": existing.index.schema,
        "table": existing.index.table,
        "name": existing.name,
        "verdict": each.standing,
        "reason": each.reason,
        "use": verdict.use,
        "window": {"since": verdict.since or None, "seconds": verdict.seconds, "nodes": list(verdict.nodes)},
        "scans": each.scans,
        "tuples_read": each.tuples_read,
        "tuples_fetched": each.tuples_fetched,
        "last_used": each.last_used or None,
        "size": existing.size,
        "cache": _blocks(each.blocks),
        "covered_by": each.covered_by or None,
        "valid": existing.valid and existing.ready,
        "constraint": existing.constraint or None,
        "bloat": None
        if bloat is None
        else {
            "how": bloat.how,
            "wasted": bloat.wasted,
            "share": bloat.share,
            "bloated": each.bloated,
            "reason": bloat.reason or None,
        },
    }


def _table(each: TableUsage) -> dict[str, Any]:
    return {
        "schema": each.schema,
        "name": each.name,
        "size": each.size,
        "indexes": each.indexes,
        "index_size": each.index_size,
        "inserts": each.inserts,
        "updates": each.updates,
        "hot_updates": each.hot_updates,
        "hot_share": each.hot_share,
        "deletes": each.deletes,
        "index_entries": each.index_entries,
        "index_cache": _blocks(each.index),
        "heap_cache": _blocks(each.heap),
    }


def _review(review: Review) -> dict[str, Any]:
    return {
        "period": review.period,
        "since": review.since,
        "until": review.until,
        "seconds": review.seconds,
        "wanted_seconds": review.wanted_seconds,
        "samples": review.samples,
        "cut": [{"node": node, "why": why} for node, why in review.cut],
        "scans": [{"index": name, "scans": scans} for name, scans in review.scans],
        "growth": [
            {"kind": each.kind, "name": each.name, "before": each.before, "after": each.after}
            for each in review.growth
        ],
        "statements": [
            {
                "id": each.id,
                "sql": each.text,
                "calls": each.calls,
                "total_ms": each.total_ms,
                "mean_ms": each.mean_ms,
            }
            for each in review.statements
        ],
        "statements_missing": review.statements_missing or None,
    }
