"""A strip below candles with what was said at each bar, live and replayed apart, and whether it came true."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import plotly.graph_objects as go

from ensemble_desk.figures.style import layout as look
from ensemble_desk.figures.style import palette

_SYMBOLS = {"BULLISH": "triangle-up", "NEUTRAL": "square", "BEARISH": "triangle-down"}
LIVE, REPLAYED = "Live", "Replay"
ROW_PX = 34


@dataclass(frozen=True, slots=True)
class Mark:
    """One earlier forecast: where it stands, what it said, whether it came true (None: open), and the hover's text.

    ``of_shown`` is False for what another than the shown version said; such marks are faint.
    """

    time: datetime
    label: str
    came_true: bool | None
    live: bool
    of_shown: bool
    note: str


def rows(marks: Sequence[Mark]) -> list[str]:
    """Names of the rows that the strip needs, live first."""
    return [name for name, live in ((LIVE, True), (REPLAYED, False)) if any(mark.live is live for mark in marks)]


def add(made: go.Figure, marks: Sequence[Mark], *, row: int) -> None:
    """Draw the marks into a row of a chart with subplots; filled ones came true, hollow ones did not."""
    made.add_scatter(
        x=[mark.time for mark in marks],
        y=[LIVE if mark.live else REPLAYED for mark in marks],
        mode="markers",
        marker={
            "symbol": [_symbol(mark) for mark in marks],
            "color": [palette.CLASS_COLOURS[mark.label] for mark in marks],
            "opacity": [1.0 if mark.of_shown else 0.45 for mark in marks],
            "size": 8,
            "line": {"width": 1.4, "color": [palette.CLASS_COLOURS[mark.label] for mark in marks]},
        },
        customdata=[mark.note for mark in marks],
        hovertemplate="%{customdata}<extra></extra>",
        showlegend=False,
        row=row,
        col=1,
    )
    made.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=rows(marks)[::-1],
        range=[-0.6, len(rows(marks)) - 0.4],
        side="left",
        showgrid=False,
        tickfont={"size": 11},
        row=row,
        col=1,
    )
    made.update_xaxes(gridcolor=palette.FAINT, gridwidth=look.THIN, row=row, col=1)


def _symbol(mark: Mark) -> str:
    if mark.came_true is None:
        return f"{_SYMBOLS[mark.label]}-open-dot"
    return _SYMBOLS[mark.label] if mark.came_true else f"{_SYMBOLS[mark.label]}-open"
