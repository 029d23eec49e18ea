"""Candlesticks of recent bars, with the horizon's cone behind the last one and earlier forecasts below."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ensemble_desk.figures import past_forecasts
from ensemble_desk.figures.cone import BANDS, Cone
from ensemble_desk.figures.past_forecasts import Mark
from ensemble_desk.figures.style import layout as look
from ensemble_desk.figures.style import palette

_HEIGHT = 420


def chart(
    frame: pd.DataFrame,
    *,
    timeframe: str,
    cone: Cone | None = None,
    later: pd.DataFrame | None = None,
    said: Sequence[Mark] = (),
) -> go.Figure:
    """Draw bars as candles; the cone shows where volatility alone may lead, never a path.

    ``later`` are bars that came after the forecast; they are drawn hollow. ``said`` are forecasts made at the bars.
    """
    made = _with_strip(said, legend=cone is not None) if said else look.figure(height=_HEIGHT, legend=cone is not None)
    if cone is not None:
        _bands(made, cone)
        _limits(made, cone)
    _candles(made, frame, hollow=False)
    if later is not None and len(later):
        _candles(made, later, hollow=True)
    made.update_layout(xaxis_rangeslider_visible=False, hovermode="x", yaxis={"side": "right", "title": None})
    made.update_xaxes(showgrid=False)
    if timeframe == "d1":
        made.update_xaxes(rangebreaks=[{"bounds": ["sat", "mon"]}])
    return made


def _with_strip(said: Sequence[Mark], *, legend: bool) -> go.Figure:
    strip = past_forecasts.ROW_PX * len(past_forecasts.rows(said))
    made: go.Figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.03, row_heights=[_HEIGHT - 60, strip]
    )
    look.style(made, height=_HEIGHT + strip, legend=legend)
    past_forecasts.add(made, said, row=2)
    return made


def _candles(made: go.Figure, frame: pd.DataFrame, *, hollow: bool) -> None:
    up, down = (
        {"line": {"color": colour, "width": 1.2}, "fillcolor": palette.translucent(colour, 0.0) if hollow else colour}
        for colour in (palette.BULLISH, palette.BEARISH)
    )
    made.add_candlestick(
        x=frame.index,
        open=frame["open"],
        high=frame["high"],
        low=frame["low"],
        close=frame["close"],
        increasing=up,
        decreasing=down,
        name="Came afterwards" if hollow else "Bars",
        showlegend=False,
    )


def _bands(made: go.Figure, cone: Cone) -> None:
    for share, opacity in zip(BANDS, (0.16, 0.26), strict=True):
        lower, upper = cone.bands[share]
        made.add_scatter(
            x=[*cone.times, *cone.times[::-1]],
            y=[*upper, *lower[::-1]],
            fill="toself",
            mode="lines",
            line={"width": 0},
            fillcolor=palette.translucent(palette.ENSEMBLE, opacity),
            name=f"{100 * share:.0f} % by volatility",
            hoverinfo="skip",
        )


def _limits(made: go.Figure, cone: Cone) -> None:
    if cone.limits is None:
        return
    for limit, colour, name in zip(
        cone.limits, (palette.BEARISH, palette.BULLISH), ("Bearish below", "Bullish above"), strict=True
    ):
        made.add_scatter(
            x=[cone.times[0], cone.times[-1]],
            y=[limit, limit],
            mode="lines",
            line={"color": colour, "width": look.LINE, "dash": "dot"},
            name=f"{name} {limit:,.2f}",
            hovertemplate=f"{name} {limit:,.2f} at the horizon<extra></extra>",
        )
