"""The e-process of one version with its alarm line: evidence that may be looked at every day."""

from datetime import datetime

import numpy as np
import plotly.graph_objects as go

from ensemble_desk.figures.rolling import thinned
from ensemble_desk.figures.style import layout as look
from ensemble_desk.figures.style import palette
from ensemble_desk.monitoring.drift import EvidencePath

_MOST_POINTS = 1_000
_LEAST = 1e-3  # evidence far below 1 says "no fall" and needs no finer scale


def path(found: EvidencePath, *, since: datetime | None = None, alarm_at: datetime | None = None) -> go.Figure:
    """Draw the e-value after each outcome on a logarithmic axis; above the line is an alarm.

    ``since`` is the likeliest day of the change and ``alarm_at`` the first on the line; both only once it rang.
    """
    made = look.figure(height=320)
    at = thinned(len(found.times), most=_MOST_POINTS)
    values = np.maximum(found.values[at], _LEAST)
    rung = bool(len(found.values)) and bool((found.values >= found.alarm_line).any())
    made.add_scatter(
        x=found.times[at],
        y=values,
        mode="lines",
        line={"color": palette.ALARM if rung else palette.ENSEMBLE, "width": look.LINE},
        customdata=found.values[at],
        hovertemplate="%{x|%Y-%m-%d}: e-value %{customdata:.3g}<extra></extra>",
    )
    made.add_hline(y=found.alarm_line, line={"color": palette.ALARM, "width": look.LINE, "dash": "dash"})
    made.add_annotation(
        text=f"Alarm at {found.alarm_line:g}",
        x=0,
        xref="paper",
        xanchor="left",
        y=np.log10(found.alarm_line),  # annotations on a logarithmic axis want the exponent, lines the value
        yanchor="bottom",
        showarrow=False,
    )
    top = max(2.5 * found.alarm_line, float(values.max(initial=1.0)) * 1.5)
    bottom = min(0.5, float(values.min(initial=1.0)) / 1.5)
    for row, (day, told) in enumerate(((alarm_at, "Alarm on"), (since, "Likeliest change about"))):
        if day is not None and len(found.times):
            _day(
                made,
                day,
                told,
                row=row,
                late=np.datetime64(day.replace(tzinfo=None)) > found.times[len(found.times) // 2],
            )
    made.update_yaxes(
        type="log", range=[np.log10(bottom), np.log10(top)], dtick=1, title="Evidence of a fall (e-value)"
    )
    return made


def _day(made: go.Figure, at: datetime, told: str, *, row: int, late: bool) -> None:
    """Mark a day by a line, with its words at the foot of the chart on the side where there is room."""
    made.add_shape(
        type="line", x0=at, x1=at, y0=0, y1=1, yref="paper", line={"color": palette.ALARM, "width": look.THIN}
    )
    made.add_annotation(
        text=f"{told} {at:%Y-%m-%d}",
        x=at,
        y=0.07 * row,
        yref="paper",
        xanchor="right" if late else "left",
        yanchor="bottom",
        showarrow=False,
    )
