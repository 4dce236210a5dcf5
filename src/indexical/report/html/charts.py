"""Charts as SVG pictures by matplotlib, each in a light and a dark version; none where matplotlib is not installed.

A page without pictures lacks nothing but the pictures: every figure of theirs stands in a table.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexical.report.sections import Chart
from indexical.report.units import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH_IN = 7.2
_BAR_IN = 0.34
_MOST_BARS = 20
_LIGHT = {"ink": "#1c2530", "faint": "#c9d2dc", "series": ("#0b6e99", "#c2571a", "#5b7f2b")}
_DARK = {"ink": "#e6edf3", "faint": "#3b4754", "series": ("#58b7e0", "#f0975a", "#a5cf6b")}


@dataclass(frozen=True, slots=True)
class Picture:
    """Addresses that hold the pictures themselves."""

    light: str
    dark: str


def drawn(chart: Chart) -> Picture | None:
    """The chart in both versions, or None where nothing can be drawn."""
    if not chart.points:
        return None
    try:
        import matplotlib as mpl
    except ImportError:
        return None
    # Text stays text, and the same figures give the same bytes.
    with mpl.rc_context(
        {"svg.fonttype": "none", "svg.hashsalt": "indexical", "font.family": "sans-serif", "font.size": 10}
    ):
        return Picture(_address(chart, _LIGHT), _address(chart, _DARK))


def _address(chart: Chart, colors: dict[str, Any]) -> str:
    stream = io.BytesIO()
    with _axes(chart, colors) as (figure, axes):
        (_bars if chart.kind == "bars" else _curve)(axes, chart, colors)
        axes.set_xlabel(printable(chart.x_label))
        axes.set_ylabel(printable(chart.y_label))
        if len(chart.series) > 1:
            # Above the drawing, where no bar and no curve can be under it.
            axes.legend(
                frameon=False,
                labelcolor=colors["ink"],
                loc="lower left",
                bbox_to_anchor=(0, 1.0),
                ncols=len(chart.series),
            )
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(stream.getvalue()).decode()


@contextmanager
def _axes(chart: Chart, colors: dict[str, Any]) -> Iterator[tuple[Figure, Axes]]:
    from matplotlib.figure import Figure as NewFigure

    bars = min(len(chart.points), _MOST_BARS)
    height = 1.4 + _BAR_IN * bars * max(1, len(chart.series)) ** 0.5 if chart.kind == "bars" else 3.4
    figure = NewFigure(figsize=(_WIDTH_IN, height), layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(colors["faint"])
    axes.tick_params(colors=colors["ink"], which="both")
    axes.xaxis.label.set_color(colors["ink"])
    axes.yaxis.label.set_color(colors["ink"])
    axes.grid(
        visible=True, axis="x" if chart.kind == "bars" else "both", color=colors["faint"], linewidth=0.6
    )
    axes.set_axisbelow(True)
    yield figure, axes


def _bars(axes: Axes, chart: Chart, colors: dict[str, Any]) -> None:
    points = chart.points[:_MOST_BARS]
    count = len(chart.series)
    for number, name in enumerate(chart.series):
        places = [row + (number - (count - 1) / 2) * 0.8 / count for row in range(len(points))]
        values = [point.values[number] for point in points]
        axes.barh(
            places, values, height=0.8 / count, color=colors["series"][number % 3], label=printable(name)
        )
    # A dollar sign would begin a formula.
    axes.set_yticks(range(len(points)), [_short(point.label).replace("$", r"\$") for point in points])
    axes.invert_yaxis()


def _curve(axes: Axes, chart: Chart, colors: dict[str, Any]) -> None:
    xs = [point.values[0] for point in chart.points]
    for number, name in enumerate(chart.series):
        ys = [point.values[number + 1] for point in chart.points]
        style = "-" if number == 0 else "--"
        axes.plot(
            xs, ys, style, marker="o", markersize=4, color=colors["series"][number % 3], label=printable(name)
        )
    axes.set_ylim(bottom=0)


def _short(text: str) -> str:
    line = " ".join(printable(text).split())
    return line if len(line) <= 44 else line[:43] + "…"
