"""Reliability: what forecasts of similar confidence promised, and how many of them were right."""

from collections.abc import Sequence

import plotly.graph_objects as go

from ensemble_desk.figures.style import layout as look
from ensemble_desk.figures.style import palette
from ensemble_desk.monitoring.evidence.calibration import Bin


def diagram(bins: Sequence[Bin]) -> go.Figure:
    """Draw one point with its interval per bin; on the dotted line promise and reality agree."""
    made = look.figure(height=300)
    x = [100 * one.promised for one in bins]
    y = [100 * one.realised.value for one in bins]
    made.add_scatter(
        x=x,
        y=y,
        mode="markers",
        marker={"size": 10, "color": palette.ENSEMBLE},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [100 * (one.realised.high - one.realised.value) for one in bins],
            "arrayminus": [100 * (one.realised.value - one.realised.low) for one in bins],
            "thickness": look.LINE,
            "width": 0,
            "color": palette.translucent(palette.MUTED, 0.75),
        },
        customdata=[[one.realised.n, one.realised.n_eff] for one in bins],
        hovertemplate="Promised %{x:.0f} %, right %{y:.0f} %, n %{customdata[0]}, %{customdata[1]:.0f} independent"
        "<extra></extra>",
    )
    limits = [*x, *(100 * one.realised.low for one in bins), *(100 * one.realised.high for one in bins)]
    low, high = look.span(limits) if limits else (0.0, 100.0)
    line = {"color": palette.MUTED, "width": look.LINE, "dash": "dot"}
    made.add_scatter(x=[low, high], y=[low, high], mode="lines", line=line, hoverinfo="skip")
    sides = look.span(x, least=20.0) if x else [0.0, 100.0]
    made.update_xaxes(**look.percent_axis(title="Promised (mean confidence)", range=sides))
    made.update_yaxes(**look.percent_axis(title="Right", range=[low, high]))
    return made
