"""What all charts have in common: margins, grid, legend, hover and number formats."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from ensemble_desk.figures.style import palette

THIN = 1
LINE = 2


def figure(*, height: int, legend: bool = False) -> go.Figure:
    """Start an empty chart of this height in pixels; fonts, text and backgrounds are left to the viewer's theme."""
    made = go.Figure()
    style(made, height=height, legend=legend)
    return made


def style(made: go.Figure, *, height: int, legend: bool = False) -> None:
    """Give a chart the common manners; used by charts that are built from subplots."""
    made.update_layout(
        height=height,
        margin={"l": 8, "r": 12, "t": 34 if legend else 12, "b": 8},
        showlegend=legend,
        legend={"orientation": "h", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "title": None},
        hovermode="closest",
        bargap=0.32,
        dragmode=False,
        colorway=list(palette.MEMBER_COLOURS.values()),
    )
    made.update_xaxes(automargin=True, zeroline=False, showline=False, gridcolor=palette.FAINT, fixedrange=True)
    made.update_yaxes(automargin=True, zeroline=False, showline=False, gridcolor=palette.FAINT, fixedrange=True)


def zoomable(made: go.Figure) -> None:
    """Let the viewer zoom along the time axis by the buttons of the chart; a finger still scrolls the page over it."""
    made.update_xaxes(fixedrange=False)


def percent_axis(**others: Any) -> dict[str, Any]:
    """Axis settings for values in percent."""
    return {"ticksuffix": " %", "tickformat": ".0f", "nticks": 6, **others}


def span(values: Sequence[float], *, least: float = 30.0, air: float = 3.0) -> list[float]:
    """Axis range around values in percent; never so narrow that small differences look large."""
    low, high = min(values) - air, max(values) + air
    missing = max(0.0, least - (high - low)) / 2
    low, high = low - missing, high + missing
    if low < 0:
        low, high = 0.0, high - low
    return [low, min(high, 100.0)]


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def rows_height(n_rows: int, *, each: int = 34, frame: int = 70) -> int:
    """Height in pixels of a chart with one row per item."""
    return frame + each * max(n_rows, 1)
