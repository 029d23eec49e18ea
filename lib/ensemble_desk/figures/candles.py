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
_STRIP_OF_VOLUME = 64
_WIDTH_OF_CONE = 0.26  # of the chart: the horizon may be one bar, and its cone shall be read


def chart(
    frame: pd.DataFrame,
    *,
    timeframe: str,
    cone: Cone | None = None,
    later: pd.DataFrame | None = None,
    said: Sequence[Mark] = (),
) -> go.Figure:
    """Draw bars as candles over their volume; beside them the cone shows where volatility alone may lead.

    The cone has a panel and prices of its own, so that it can be read for one bar as for many: it is no predicted path.
    ``later`` are bars that came after the forecast; they are drawn hollow, into the cone. ``said`` are forecasts made
    at the bars.
    """
    made = _panels(said, cone=cone)
    if cone is not None:
        _bands(made, cone)
        _limits(made, cone)
        _last(made, frame)
    _candles(made, frame, hollow=False)
    if later is not None and len(later):
        _candles(made, later, hollow=True, ahead=None if cone is None else 1)
    _volume(made, frame)
    made.update_layout(xaxis_rangeslider_visible=False, hovermode="x")
    made.update_xaxes(showgrid=False)
    look.zoomable(made)
    if cone is not None:
        _ahead(made, cone)
    if timeframe == "d1":
        made.update_xaxes(rangebreaks=[{"bounds": ["sat", "mon"]}], col=1)
    return made


def _panels(said: Sequence[Mark], *, cone: Cone | None) -> go.Figure:
    """Prices, volume below them, a strip of earlier forecasts below that; the cone to the right of the prices."""
    strips = [_STRIP_OF_VOLUME] + ([past_forecasts.ROW_PX * len(past_forecasts.rows(said))] if said else [])
    columns = 1 if cone is None else 2
    empty = [None] * (columns - 1)
    made: go.Figure = make_subplots(
        rows=1 + len(strips),
        cols=columns,
        shared_xaxes="columns",
        vertical_spacing=0.03,
        horizontal_spacing=0.012,
        row_heights=[_HEIGHT - 60, *strips],
        column_widths=[1.0] if cone is None else [1 - _WIDTH_OF_CONE, _WIDTH_OF_CONE],
        specs=[[{}] * columns, *([{}, *empty] for _ in strips)],
    )
    look.style(made, height=_HEIGHT + sum(strips), legend=cone is not None)
    made.update_yaxes(side="right" if cone is None else "left", title=None, row=1, col=1)
    if cone is not None:
        made.update_yaxes(side="right", title=None, nticks=6, row=1, col=columns)
    if said:
        past_forecasts.add(made, said, row=3)
    return made


def _ahead(made: go.Figure, cone: Cone) -> None:
    """Name the ends of the cone's own axis, which counts bars."""
    n_bars = len(cone.times) - 1
    ends = [0, n_bars] if n_bars else [0]
    form = "%d %b" if (cone.times == cone.times.normalize()).all() else "%H:%M"
    made.update_xaxes(
        range=[-0.15 * n_bars, 1.25 * n_bars] if n_bars else [-1, 1],
        tickvals=ends,
        ticktext=["last", f"{cone.times[-1]:{form}}"][: len(ends)],
        tickangle=0,
        fixedrange=True,
        rangeslider={"visible": False},
        row=1,
        col=2,
    )


def _last(made: go.Figure, frame: pd.DataFrame) -> None:
    """Where the cone begins: the last close."""
    close = float(frame["close"].iloc[-1])
    made.add_scatter(
        x=[0],
        y=[close],
        mode="markers",
        marker={"size": 8, "color": palette.ENSEMBLE},
        name=f"Last close {close:,.2f}",
        hovertemplate=f"Last close {close:,.2f}<extra></extra>",
        row=1,
        col=2,
    )


def _volume(made: go.Figure, frame: pd.DataFrame) -> None:
    made.add_bar(
        x=frame.index,
        y=frame["volume"],
        marker={"color": palette.MUTED, "line": {"width": 0}},
        name="Volume",
        showlegend=False,
        hovertemplate="Volume %{y:,.0f}<extra></extra>",
        row=2,
        col=1,
    )
    made.update_yaxes(showticklabels=False, showgrid=False, rangemode="tozero", row=2, col=1)


def _candles(made: go.Figure, frame: pd.DataFrame, *, hollow: bool, ahead: int | None = None) -> None:
    """Draw bars at their times, or in the cone's panel from ``ahead`` bars after the last one on."""
    up, down = (
        {"line": {"color": colour, "width": 1.2}, "fillcolor": palette.translucent(colour, 0.0) if hollow else colour}
        for colour in (palette.BULLISH, palette.BEARISH)
    )
    made.add_candlestick(
        x=frame.index if ahead is None else [*range(ahead, ahead + len(frame))],
        open=frame["open"],
        high=frame["high"],
        low=frame["low"],
        close=frame["close"],
        increasing=up,
        decreasing=down,
        name="Came afterwards" if hollow else "Bars",
        text=[f"{at:%Y-%m-%d %H:%M}" for at in frame.index],
        showlegend=False,
        row=1,
        col=1 if ahead is None else 2,
    )


def _bands(made: go.Figure, cone: Cone) -> None:
    steps = [*range(len(cone.times))]
    for share, opacity in zip(BANDS, (0.16, 0.26), strict=True):
        lower, upper = cone.bands[share]
        made.add_scatter(
            x=[*steps, *steps[::-1]],
            y=[*upper, *lower[::-1]],
            fill="toself",
            mode="lines",
            line={"width": 0},
            fillcolor=palette.translucent(palette.ENSEMBLE, opacity),
            name=f"{100 * share:.0f} % by volatility",
            hoverinfo="skip",
            row=1,
            col=2,
        )


def _limits(made: go.Figure, cone: Cone) -> None:
    if cone.limits is None:
        return
    for limit, colour, name in zip(
        cone.limits, (palette.BEARISH, palette.BULLISH), ("Bearish below", "Bullish above"), strict=True
    ):
        made.add_scatter(
            x=[0, len(cone.times) - 1],
            y=[limit, limit],
            mode="lines",
            line={"color": colour, "width": look.LINE, "dash": "dot"},
            name=f"{name} {limit:,.2f}",
            hovertemplate=f"{name} {limit:,.2f} at the horizon<extra></extra>",
            row=1,
            col=2,
        )
