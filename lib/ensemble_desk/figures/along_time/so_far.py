"""Accuracy since training as a confidence sequence, beside what was validated and promised."""

import plotly.graph_objects as go

from ensemble_desk.figures import rolling
from ensemble_desk.figures.style import layout as look
from ensemble_desk.figures.style import palette
from ensemble_desk.monitoring.so_far import SoFar


def chart(found: SoFar, *, validated: float | None, majority: float | None) -> go.Figure:
    """Draw the accuracy of all outcomes up to each moment; the band is true at every look together."""
    made = look.figure(height=340, legend=True)
    edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    made.add_scatter(x=found.times, y=100 * found.high, **edge)
    fill = palette.translucent(palette.ENSEMBLE, 0.16)
    made.add_scatter(x=found.times, y=100 * found.low, fill="tonexty", fillcolor=fill, **edge)
    made.add_scatter(
        x=found.times,
        y=100 * found.accuracy,
        mode="lines",
        name="Accuracy so far",
        line={"color": palette.ENSEMBLE, "width": look.LINE},
        customdata=[*zip(100 * found.low, 100 * found.high, found.n_eff, strict=True)],
        hovertemplate="%{x|%Y-%m-%d}: %{y:.0f} % [%{customdata[0]:.0f}–%{customdata[1]:.0f}], "
        "%{customdata[2]:.0f} independent<extra></extra>",
    )
    made.add_scatter(
        x=found.times,
        y=100 * found.promised,
        mode="lines",
        name="Promised so far",
        line={"color": palette.BEARISH, "width": look.LINE, "dash": "dash"},
        hovertemplate="%{x|%Y-%m-%d}: promised %{y:.0f} %<extra></extra>",
    )
    rolling.level(made, found.times, validated, name="Validated", dash="longdash")
    rolling.level(made, found.times, majority, name="Majority baseline", dash="dot")
    shown = [100 * one for one in (validated, majority) if one is not None]
    settled = slice(len(found.times) // 3, None)  # the first outcomes tell nothing, and would take all of the height
    shown += [value for column in (found.low, found.high, found.promised) for value in (100 * column[settled]).tolist()]
    made.update_layout(legend={"traceorder": "normal"})
    made.update_yaxes(range=look.span(shown or [50.0]), **look.percent_axis(title="Accuracy"))
    return made
