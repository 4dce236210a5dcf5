"""A longer look at the three ways: served over HTTP, under load, at other sizes, and against the guide's claims.

Each step stands for itself: one that fails is told and noted as not measured, and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from indexical.demo.study import claiming, serving, sizes
from indexical.demo.study.plan import StudyPlan, read_plan
from indexical.errors import IndexicalError
from indexical.model import NotMeasured, ThreeWays
from indexical.model.three_ways import Study

if TYPE_CHECKING:
    from indexical.demo.story import Stage

__all__ = ["StudyPlan", "read_plan", "study"]


def study(stage: Stage, plan: StudyPlan, advice: Mapping[str, Any], result: ThreeWays) -> ThreeWays:
    """The three ways with what the study found.

    Args:
        plan: what to measure, and how long.
        advice: the saved advice, whose indexes are built at the other sizes too.
    """
    found = Study()
    steps: tuple[tuple[str, Callable[[Study], Study]], ...] = (
        ("endpoints and load", lambda so_far: serving.added(stage, plan, so_far)),
        ("other sizes", lambda so_far: sizes.added(stage, plan, advice, so_far)),
    )
    for what, step in steps:
        try:
            found = step(found)
        except IndexicalError as error:
            stage.narrator.say(f"Not measured: {what}: {error}")
            found = replace(found, not_measured=(*found.not_measured, NotMeasured(what, what, str(error))))
    return replace(result, study=claiming.added(stage, result, found))
