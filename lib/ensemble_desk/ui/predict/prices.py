"""Recent prices with the cone of a horizon, and what was said before about the bars shown."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from ensemble_desk.figures import candles, cone
from ensemble_desk.figures.along_time import moves
from ensemble_desk.figures.along_time.moves import Move, Window
from ensemble_desk.figures.past_forecasts import Mark
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.forecasting.past_forecasts import PastForecast
from ensemble_desk.market import aims
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.registry.entities import VersionRecord
from ensemble_desk.ui.frame import caching, charts, components, data, wording
from ensemble_desk.ui.predict import reads as predict_data
from ensemble_desk.ui.predict.upload import Input
from ensemble_desk.ui.time_axis import marked, ranges
from ensemble_desk.ui.time_axis.ranges import Range

_LEAST_BARS, _MOST_BARS = 20, 750
_CONE_BARS = 250
_CONE = (
    "The cone is what the trailing 20-bar volatility alone allows, without drift: half of the paths end in the dark "
    "part, nine of ten in the whole. It is no predicted path."
)


def chart(record: VersionRecord, asked: Input) -> None:
    """Recent candles with the cone of a chosen horizon, and earlier forecasts below their bars."""
    if not asked.has_bars:
        components.empty("No candles: this upload holds features, not bars.")
        return
    key = record.key
    aim = aims.of_content(data.manifest(key, record.version), timeframe=key.timeframe)
    horizons = aims.horizons_beside(aim, timeframe=key.timeframe)
    with st.container(horizontal=True):
        name = str(
            st.segmented_control(
                "Horizon",
                list(horizons),
                default=aim.horizon if aim.horizon in horizons else next(iter(horizons)),
                required=True,
                key="horizon",
                bind="query-params",
            )
        )
        n_shown = _shown(asked.frame, ranges.picker(first="3M"))
    n_bars = horizons[name]
    told = aim.label.to_dict() if aim.label else None
    known, later = asked.frame.tail(max(_CONE_BARS, n_shown)), asked.later.head(n_bars)
    said = _said(record.key, asked, name, n_shown=n_shown)
    moved = marked.moves_of(key) if asked.from_source else ()
    charts.show(
        caching.figure(
            _drawn,
            known,
            later,
            n_bars=n_bars,
            n_shown=n_shown,
            told=told,
            of=record,
            said=caching.Same(said),
            moved=moved,
        ),
        key="candles",
        alt=f"Candlesticks of {key} with the {name} cone",
    )
    st.caption(
        _CONE
        + (" Hollow candles came afterwards." if len(asked.later) else "")
        + (f" {marked.MOVED}" if moved else "")
        + (f" The newest {n_shown:,} bars are drawn." if n_shown == _MOST_BARS else "")
    )
    _explain(record, asked, name, said)


def _shown(frame: pd.DataFrame, over: Range) -> int:
    """How many of the newest bars lie in the range: enough for a picture, and no more than a browser draws quickly."""
    since = over.back_from(frame.index[-1].to_pydatetime()).since if len(frame) else None
    n_bars = len(frame) if since is None else int((frame.index >= since).sum())
    return min(max(n_bars, _LEAST_BARS), _MOST_BARS, len(frame))


def _drawn(
    known: pd.DataFrame,
    later: pd.DataFrame,
    *,
    n_bars: int,
    n_shown: int,
    told: Mapping[str, Any] | None,
    of: VersionRecord,
    said: caching.Same,
    moved: Sequence[Move],
) -> Any:
    """Candles of the newest bars that are known, with the cone that follows from them."""
    timeframe, marks = of.key.timeframe, [_mark(one, of) for one in said.answer]
    spread = cone.of(
        known,
        timeframe=timeframe,
        horizon_bars=n_bars,
        label=None if told is None else LabelSpec.from_dict(dict(told)),
        known=later.index if isinstance(later.index, pd.DatetimeIndex) else None,
    )
    shown = known.tail(n_shown)
    made = candles.chart(shown, timeframe=timeframe, cone=spread, later=later, said=marks)
    return moves.add(made, moved, times=shown.index, window=Window())


def _said(key: Key, asked: Input, horizon: str, *, n_shown: int) -> tuple[PastForecast, ...]:
    """What the log holds about the bars shown, up to the bar that is asked about."""
    if not asked.from_source:
        return ()
    shown = asked.frame.tail(n_shown)
    first, last = (shown.index[at].to_pydatetime() for at in (0, -1))
    return predict_data.said_before(key, horizon, first, last)


def _mark(one: PastForecast, of: VersionRecord) -> Mark:
    return Mark(
        one.as_of,
        one.label,
        one.came_true,
        live=one.kind is Kind.LIVE,
        of_shown=one.version == of.version,
        note=_note(one),
    )


def _note(one: PastForecast) -> str:
    came = "still open" if one.outcome is None else f"came {one.outcome.capitalize()}"
    kind = "live" if one.kind is Kind.LIVE else "replayed"
    told = f"{one.label.capitalize()} {wording.percent(one.confidence)}, {came}"
    return f"{wording.day(one.as_of)}: {told}<br>version {one.version}, {kind}, {one.basis}"


def _explain(record: VersionRecord, asked: Input, horizon: str, said: Sequence[PastForecast]) -> None:
    if said:
        of_shown = all(one.version == record.version for one in said)
        faint = "" if of_shown else f" Faint: said by another version than {record.version}."
        st.caption(
            f"Below the candles: what was forecast at each bar over {horizon}, ▲ bullish, ■ neutral, ▼ bearish. Filled "
            f"came true, hollow did not, dotted is still open. Replay: made afterwards, from no more than was known "
            f"then.{faint}"
        )
    elif asked.from_source:
        st.caption(
            "The log holds no forecast at these bars. `desk forecast` makes live ones, "
            "`desk replay` goes over past bars."
        )
