"""A diagnosis as sections and as JSON: the first cause in full, the others in a line each."""

from __future__ import annotations

import json
from typing import Any

from indexical.model import Plan, PlanNode
from indexical.model.diagnosis import Cause, Diagnosis
from indexical.model.sqltext import without_literals
from indexical.report.sections import Column, Detail, Section, Table, Trees
from indexical.report.trees import tree
from indexical.report.units import number, shorten

_VERSION = 1


def diagnosis_sections(found: Diagnosis) -> tuple[Section, ...]:
    """What is the matter, what proves it, and what to do; in that order."""
    sections = [_verdict(found)]
    if found.causes:
        sections.append(_first(found, found.causes[0]))
    if len(found.causes) > 1:
        rows = tuple(
            (cause.name, cause.meaning, shorten("; ".join(cause.evidence), 160)) for cause in found.causes[1:]
        )
        sections.append(
            Section(
                f"Also true ({len(rows)})",
                ("Each would change the plan by itself as well.",),
                Table((Column("cause"), Column("what"), Column("evidence")), rows),
            )
        )
    if found.hints:
        sections.append(Section("Is an index the right tool?", tuple(hint.text for hint in found.hints)))
    if found.not_examined:
        unseen = tuple((shorten(n.what, 70), shorten(n.why, 140)) for n in found.not_examined)
        sections.append(
            Section(f"Not examined ({len(unseen)})", (), Table((Column("what"), Column("why")), unseen))
        )
    return tuple(sections)


def _verdict(found: Diagnosis) -> Section:
    about = f"{found.index}: " if found.index else ""
    if found.used:
        by = f"the plan reads by {_by(found.plan)}" if not found.index else "the plan uses it"
        text = f"{about}{by}; there is nothing to mend."
        text = text[0].upper() + text[1:] if not about else text
    elif not found.causes:
        text = f"{about}no cause could be proven."
    else:
        text = f"{about}{found.causes[0].meaning}."
    lines = [text, f"The statement costs {number(found.plan.cost)} planner units as things are."]
    if found.statistics_age:
        lines.append(f"Statistics: {found.statistics_age}.")
    return Section("Why", tuple(lines))


def _first(found: Diagnosis, cause: Cause) -> Section:
    before, after = found.plan, cause.proof.after
    costs = f"{number(after.cost)} instead of {number(before.cost)}"
    lines = (*cause.evidence, f"Proof: {cause.proof.what} the statement costs {costs}, by {_by(after)}.")
    steps = tuple(f"{step.text}: {step.sql}" if step.sql else step.text for step in cause.steps)
    trees = Trees(
        "The plan as it is, and the one that proves the cause",
        tree(before),
        tree(after),
        "now",
        cause.proof.what,
    )
    return Section(f"Cause: {cause.name}", lines, steps=steps, details=(Detail("Plans", trees=(trees,)),))


def _by(plan: Plan) -> str:
    names = sorted({node.index.removeprefix("public.") for node in plan.nodes if node.index})
    return ", ".join(names) or "reading the table"


def render_json(found: Diagnosis) -> str:
    """The ``why`` document, version 1; costs are planner units, literals in conditions are withheld."""
    document = {
        "version": _VERSION,
        "sql": found.statement.sql,
        "index": found.index or None,
        "used": found.used,
        "cost": found.plan.cost,
        "plan": _nodes(found.plan),
        "causes": [_cause(cause) for cause in found.causes],
        "hints": [{"name": hint.name, "text": hint.text} for hint in found.hints],
        "not_examined": [{"what": n.what, "why": n.why} for n in found.not_examined],
        "statistics": found.statistics_age,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "name": cause.name,
        "meaning": cause.meaning,
        "evidence": list(cause.evidence),
        "proof": {
            "what": cause.proof.what,
            "cost": cause.proof.after.cost,
            "plan": _nodes(cause.proof.after),
        },
        "steps": [
            {
                "kind": step.kind,
                "text": step.text,
                "sql": step.sql or None,
                "cost": step.after.cost if step.after else None,
            }
            for step in cause.steps
        ],
    }


def _nodes(plan: Plan) -> list[str]:
    return [_line(node) for node in plan.nodes]


def _line(node: PlanNode) -> str:
    text = " ".join(filter(None, (node.type, node.relation, node.index)))
    condition = without_literals(node.condition)
    return "  " * node.depth + (f"{text} ({condition})" if condition else text)
