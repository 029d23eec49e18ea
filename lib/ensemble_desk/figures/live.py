"""What was live when: the versions of one key along the time of its deployments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import plotly.graph_objects as go

from ensemble_desk.figures.style import layout as look
from ensemble_desk.figures.style import palette


@dataclass(frozen=True, slots=True)
class Span:
    """One version in production from ``start`` until ``end``, and how it got there."""

    version: str
    start: datetime
    end: datetime
    note: str
    live: bool  # still in production


def strip(spans: Sequence[Span]) -> go.Figure:
    """Draw one bar per span on a single row; the version that is live now has the accent."""
    made = look.figure(height=110)
    shades = (palette.MUTED, palette.MUTED_NEXT)
    made.add_bar(
        y=["Live"] * len(spans),
        base=[span.start for span in spans],
        x=[1000 * (span.end - span.start).total_seconds() for span in spans],
        orientation="h",
        width=0.8,
        marker={
            "color": [palette.ENSEMBLE if span.live else shades[at % 2] for at, span in enumerate(spans)],
            "line": {"width": 0},
        },
        text=[span.version for span in spans],
        textposition="inside",
        insidetextanchor="middle",
        insidetextfont={"color": "white"},  # the same in both themes, as the bars are
        textangle=0,
        constraintext="inside",
        customdata=[[span.version, f"{span.start:%Y-%m-%d %H:%M} UTC", span.note] for span in spans],
        hovertemplate="%{customdata[0]} since %{customdata[1]}<br>%{customdata[2]}<extra></extra>",
    )
    made.update_layout(uniformtext={"minsize": 10, "mode": "hide"})
    made.update_xaxes(type="date", showgrid=False)
    made.update_yaxes(showticklabels=False, showgrid=False)
    return made
