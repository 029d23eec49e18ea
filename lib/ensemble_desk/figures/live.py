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


def strip(spans: Sequence[Span], *, since: datetime | None = None) -> go.Figure:
    """Draw one bar per span on a single row, from ``since`` on; the version that is live now has the accent.

    Above it each move has a mark of its own, and the newest its words, however short a time ago it was.
    """
    made = look.figure(height=140)
    spans = [span for span in spans if since is None or span.end >= since]
    shades = (palette.MUTED, palette.MUTED_NEXT)
    made.add_bar(
        y=[0] * len(spans),
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
    _moves(made, spans)
    made.update_layout(uniformtext={"minsize": 10, "mode": "hide"})
    made.update_xaxes(type="date", showgrid=False, **_range(spans, since))
    made.update_yaxes(showticklabels=False, showgrid=False, range=[-0.6, 1.0])
    look.zoomable(made)
    return made


def _range(spans: Sequence[Span], since: datetime | None) -> dict[str, list[datetime]]:
    if not spans:
        return {}
    first, last = since or spans[0].start, spans[-1].end
    air = (last - first) * 0.02
    return {"range": [first - air, last + air]}


def _moves(made: go.Figure, spans: Sequence[Span]) -> None:
    """A mark where each span begins; a bar of a few minutes on a strip of years has no width."""
    if not spans:
        return
    made.add_scatter(
        x=[span.start for span in spans],
        y=[0.55] * len(spans),
        mode="markers",
        marker={
            "symbol": "triangle-down",
            "size": 10,
            "color": [palette.ENSEMBLE if span.live else palette.MUTED_NEXT for span in spans],
        },
        customdata=[[span.version, f"{span.start:%Y-%m-%d %H:%M} UTC", span.note] for span in spans],
        hovertemplate="%{customdata[0]} since %{customdata[1]}<br>%{customdata[2]}<extra></extra>",
        showlegend=False,
    )
    newest = spans[-1]
    late = newest.start - spans[0].start > (newest.end - spans[0].start) / 2
    made.add_annotation(
        text=f"{newest.version} since {newest.start:%Y-%m-%d %H:%M}",
        x=newest.start,
        y=0.72,
        xanchor="right" if late else "left",
        yanchor="bottom",
        showarrow=False,
    )
