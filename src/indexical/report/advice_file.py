"""Reads an advice file back: what `write`, `apply` and `verify` work from.

The file is somebody's input: sizes, shapes and types are checked, and nothing in it is executed as it stands. DDL is made
anew from the structure of each index; its expressions and its predicate, which are SQL, have to be one expression each.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from indexical import ddl
from indexical.errors import FileRefused, StatementRefused
from indexical.model import Drop, HotLoss, MadeFor, Origin, Recommendation
from indexical.model.stored import built, existing_from, index_from, string
from indexical.report.document import read
from indexical.report.json import VERSION
from indexical.workload.lexer import Comment, scan


@dataclasses.dataclass(frozen=True, slots=True)
class AcceptedAdvice:
    """What of an advice file can be carried out."""

    create: tuple[Recommendation, ...]
    drop: tuple[Drop, ...]
    database: str = ""


def load(path: Path) -> AcceptedAdvice:
    """Reads an advice file.

    Raises:
        FileRefused: the file is missing, unreadable, too large, or not advice of a version this program knows.
    """
    document = read(path, "advice", f"write it with: advise --save {path}")
    if not isinstance(document.get("create"), list) or "planner" not in document:
        raise FileRefused(f"{path} is JSON but not advice; write it with: advise --save {path}")
    if document.get("version") != VERSION:
        raise FileRefused(
            f"{path} has version {document.get('version')!r}; this program reads version {VERSION}"
        )
    try:
        return AcceptedAdvice(
            tuple(_recommendation(item) for item in document["create"]),
            tuple(_drop(item) for item in document.get("drop", [])),
            str(document.get("database", "")),
        )
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError, StatementRefused) as error:
        detail = f"{type(error).__name__}: {error}"[:120]
        raise FileRefused(f"{path} is damaged or was edited by hand ({detail}); run advise again") from None


def _recommendation(item: dict[str, Any]) -> Recommendation:
    index = index_from(item["index"], _one_expression)
    name = string(item["name"])
    return Recommendation(
        index=index,
        name=name,
        ddl=ddl.create_index(index, name),
        size=int(item["size"]),
        benefit=float(item["benefit"]),
        maintenance=float(item["maintenance"]),
        hot_loss=tuple(
            HotLoss(tuple(loss["columns"]), float(loss["updates"]), float(loss["cost"]))
            for loss in item.get("hot_loss", [])
        ),
        statements=tuple(string(id) for id in item["statements"]),
        phase=string(item["phase"]),
        rule=string(item.get("rule", "")),
        origins=tuple(Origin(location=string(origin)) for origin in item.get("origin", [])),
        model=string(item.get("model") or ""),
        declaration=string(item.get("django") or ""),
        made_for=_made_for(item.get("made_for") or {}),
    )


def _made_for(raw: dict[str, Any]) -> MadeFor:
    columns = tuple((string(name), string(type)) for name, type in raw.get("columns", ()))
    return built(MadeFor, {**raw, "columns": columns})


def _drop(item: dict[str, Any]) -> Drop:
    existing = existing_from(item["existing"], _one_expression)
    return Drop(
        existing=existing,
        reason=string(item["reason"]),
        covered_by=string(item.get("covered_by") or ""),
        evidence=string(item.get("evidence", "")),
        ddl=ddl.drop_index(existing.index.schema, existing.name),
        model=string(item.get("model") or ""),
        declared_by=string(item.get("declared_by") or ""),
    )


def _one_expression(sql: str) -> None:
    """Refuses text that could be more than an expression inside a statement, or the end of one."""
    open_brackets = 0
    for token in scan(sql):
        if isinstance(token, Comment) or token.text in (";", "\\"):
            raise ValueError("an index is not to hold a comment or a second statement")
        open_brackets += {"(": 1, ")": -1}.get(token.text, 0)
        if open_brackets < 0:
            break
    if open_brackets:
        raise ValueError("an index has an expression with a bracket too many or too few")
