"""Every horizon of the timeframe, and the same symbol on every other timeframe."""

import pandas as pd
import streamlit as st

from ensemble_desk.figures import votes
from ensemble_desk.forecasting import consensus
from ensemble_desk.forecasting.consensus import View
from ensemble_desk.registry.entities import VersionRecord
from ensemble_desk.ui.frame import caching, charts, components, wording
from ensemble_desk.ui.predict import forecast as forecast_view
from ensemble_desk.ui.predict import reads as predict_data
from ensemble_desk.ui.predict.upload import Input
from ensemble_desk.ui.predict.version_forecast import Answer

_MIXED = "Mixed"


def every_horizon(answer: Answer) -> None:
    """The trained horizon, and those derived from the price members."""
    if answer.horizons is None:
        st.caption("Other horizons take bars; this upload holds ready features.")
        return
    given = answer.horizons
    bars = [
        votes.Bar(
            f"{name} · {forecast.basis}",
            forecast.probabilities,
            f"{forecast.horizon_bars or 'unknown number of'} bars, {forecast.basis}",
        )
        for name, forecast in given.forecasts.items()
    ]
    charts.show(caching.figure(votes.stacked, bars), key="horizons", alt="Class probabilities at every horizon")
    label = forecast_view.WORDS.get(given.consensus, _MIXED)
    st.markdown(f"Consensus over {len(given.forecasts)} horizons: **{label}**")
    st.caption(
        "Trained: the horizon the version was trained for, all members. Derived: only members that describe price "
        "paths speak about other horizons, uncalibrated."
    )
    for name, reason in given.unavailable.items():
        st.caption(f":material/do_not_disturb_on: **{name}** {wording.plain(reason)}")


def every_timeframe(record: VersionRecord, asked: Input) -> None:
    """What production of each timeframe says of the same symbol, from the bars of the source."""
    symbol = record.key.symbol
    views = predict_data.timeframes(symbol, asked.last)
    found = consensus.of(views)
    speaking = [view for view in views if view.result is not None]
    bars = [
        votes.Bar(
            f"{view.key.timeframe} · {view.result['horizon'] or wording.UNKNOWN}",
            view.result["probabilities"],
            f"version {view.version}, as of {wording.day(view.result['as_of'])}",
        )
        for view in speaking
        if view.result is not None
    ]
    if bars:
        charts.show(caching.figure(votes.stacked, bars), key="timeframes", alt=f"{symbol} on every timeframe")
    if found.agreement is None:
        st.markdown(f"No consensus: {'one timeframe speaks' if speaking else 'no timeframe speaks'} about {symbol}.")
    else:
        label = _MIXED if found.label is None else forecast_view.WORDS[found.label]
        st.markdown(
            f"Consensus of {found.n_speaking} timeframes: **{label}**, agreement {wording.percent(found.agreement)}"
        )
    components.table(_rows(views), key="timeframes_table", alt=f"{symbol} on every timeframe")
    source = "" if asked.from_source else " They read the bars of the source, not the upload."
    st.caption(
        "Each timeframe by its version in production over its own horizon, from bars up to the same moment. Timeframes "
        f"read the same prices: that they agree makes neither more certain.{source}"
    )


def _rows(views: tuple[View, ...]) -> pd.DataFrame:
    return pd.DataFrame([_row(view) for view in views])


def _row(view: View) -> dict[str, object]:
    told = view.result
    seen = {None: "unknown", True: "in sample", False: "out of sample"}[view.in_sample]
    return {
        "Timeframe": view.key.timeframe,
        "Version": view.version or "none",
        "Says": f"nothing: {view.problem}" if told is None else str(told["label"]).capitalize(),
        "Horizon": "" if told is None else told["horizon"] or wording.UNKNOWN,
        "Lean": "" if told is None else wording.lean(told["lean"], told["edges"]),
        "Confidence": "" if told is None else wording.percent(told["confidence"]),
        "As of": "" if told is None else wording.day(told["as_of"]),
        "Bar": "" if told is None else seen,
    }
