"""Live accuracy over time, with its interval, beside what was validated and promised."""

import numpy as np
import plotly.graph_objects as go

from ensemble_desk.figures.accuracy import LEAST_N_EFF
from ensemble_desk.figures.style import layout as look
from ensemble_desk.figures.style import palette
from ensemble_desk.monitoring.live import Series

_MOST_POINTS = 1_000


def chart(series: Series, *, validated: float | None, majority: float | None) -> go.Figure:
    """Draw the accuracy of the newest outcomes after each outcome; grey while they are worth less than n_eff 20."""
    made = look.figure(height=320, legend=True)
    at = thinned(len(series.times), most=_MOST_POINTS)
    times = series.times[at]
    firm = series.n_eff[at] >= LEAST_N_EFF
    low, high, value, promised = (
        100 * column[at] for column in (series.low, series.high, series.accuracy, series.promised)
    )
    fill = palette.translucent(palette.ENSEMBLE, 0.16)
    edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    made.add_scatter(x=times, y=high, **edge)
    made.add_scatter(x=times, y=low, fill="tonexty", fillcolor=fill, **edge)
    told = np.column_stack([low, high, series.n_eff[at]])
    early = ~firm
    early[1:] |= ~firm[:-1]  # the grey line reaches the other one
    for name, shown, colour in (("Too few to tell", early, palette.MUTED), ("Accuracy", firm, palette.ENSEMBLE)):
        made.add_scatter(
            x=times,
            y=np.where(shown, value, np.nan),
            mode="lines",
            name=name,
            showlegend=bool(shown.any()),
            line={"color": colour, "width": look.LINE},
            customdata=told,
            hovertemplate="%{x|%Y-%m-%d}: %{y:.0f} % [%{customdata[0]:.0f}–%{customdata[1]:.0f}], "
            "%{customdata[2]:.0f} independent<extra></extra>",
        )
    made.add_scatter(
        x=times,
        y=promised,
        mode="lines",
        name="Promised",
        line={"color": palette.BEARISH, "width": look.LINE, "dash": "dash"},
        hovertemplate="%{x|%Y-%m-%d}: promised %{y:.0f} %<extra></extra>",
    )
    level(made, times, validated, name="Validated", dash="longdash")
    level(made, times, majority, name="Majority baseline", dash="dot")
    made.update_layout(legend={"traceorder": "normal"})
    made.update_yaxes(**look.percent_axis(title="Accuracy"))
    return made


def thinned(n: int, *, most: int) -> slice:
    """Every so many of n points, the last one among them, so that at most ``most`` are drawn."""
    step = max(1, -(-n // most))
    return slice((n - 1) % step if n else 0, None, step)


def level(made: go.Figure, times: np.ndarray, value: float | None, *, name: str, dash: str) -> None:
    """Draw an accuracy (0..1) as a level over all times; nothing when it is unknown."""
    if value is None or not len(times):
        return
    made.add_scatter(
        x=[times[0], times[-1]],
        y=[100 * value, 100 * value],
        mode="lines",
        name=name,
        line={"color": palette.MUTED, "width": look.LINE, "dash": dash},
        hovertemplate=f"{name} %{{y:.0f}} %<extra></extra>",
    )
