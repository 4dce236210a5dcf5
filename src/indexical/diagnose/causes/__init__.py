"""Every cause, in the order in which it is asked: the first that is proven is the one to act upon.

What lies in the index comes first, then what lies in the question, then what lies in the costs; statistics before everything
that is computed from them.
"""

from __future__ import annotations

from collections.abc import Callable

from indexical.diagnose.case import Case
from indexical.diagnose.causes import conditions, economics, existence
from indexical.model.diagnosis import Cause

Question = Callable[[Case], Cause | None]

QUESTIONS: tuple[Question, ...] = (
    economics.setting_off,
    existence.invalid,
    existence.not_visible_yet,
    conditions.generic_plan,
    economics.stale_statistics,
    conditions.not_asked,
    conditions.or_across_columns,
    conditions.partial,
    conditions.leading_wildcard,
    conditions.pattern_operators,
    conditions.collation,
    conditions.type_mismatch,
    conditions.function_on_column,
    conditions.operator,
    conditions.column_order,
    economics.correlated_columns,
    economics.limit,
    economics.better_index,
    economics.small_table,
    economics.dear_pages,
    economics.scattered_rows,
    economics.low_selectivity,
    economics.cost_settings,
)
"""About an index that is there."""

WITHOUT: tuple[Question, ...] = (existence.other_node, conditions.no_index)
"""When no index that is there explains it."""

ALTHOUGH_USED: tuple[Question, ...] = (existence.not_visible_yet, conditions.generic_plan)
"""What can be wrong with an index that the twin's plan uses."""
