"""Accuracy since training along time: all outcomes so far, the newest ones, and month by month."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from ensemble_desk.figures import rolling
from ensemble_desk.figures.along_time import months, so_far
from ensemble_desk.figures.along_time.months import Month
from ensemble_desk.monitoring.live import LiveAccuracy
from ensemble_desk.monitoring.regimes import Regime
from ensemble_desk.ui.frame import caching, charts, components, monitoring_data, wording
from ensemble_desk.ui.performance import since
from ensemble_desk.ui.performance.since import Asked
from ensemble_desk.ui.time_axis import marked
from ensemble_desk.ui.time_axis.ranges import Range

_ALL, _NEWEST = "All so far", "Newest"


def which_outcomes() -> str:
    """Ask whether all outcomes so far are looked at, or the newest at each time."""
    chosen = st.segmented_control(
        "Outcomes", (_ALL, _NEWEST), default=_ALL, required=True, key="outcomes", bind="query-params"
    )
    return str(chosen or _ALL)


def accuracy(asked: Asked, found: LiveAccuracy, *, over: Range, outcomes: str) -> None:
    """Accuracy beside what was validated and promised: of all outcomes so far, or of the newest at each time."""
    validated = found.validated.value if found.validated else None
    majority = found.majority.value if found.majority else None
    if outcomes == _NEWEST:
        marked.show(
            found,
            rolling.chart,
            found.series,
            validated=validated,
            majority=majority,
            of=found.key,
            times=found.series.times,
            over=over,
            key="rolling",
            alt=f"Rolling accuracy of {wording.kinds(found.kinds)} forecasts of {found.key}",
        )
        told = (
            f"Each point: the newest {found.series.window} outcomes at most, with a pointwise 95 % interval: it holds "
            "for a day picked beforehand, not for every day at once."
        )
    else:
        path = monitoring_data.so_far(found.key, version=asked.version, horizon=asked.horizon, kind=asked.kind)
        marked.show(
            path,
            so_far.chart,
            path,
            validated=validated,
            majority=majority,
            of=found.key,
            times=path.times,
            over=over,
            key="so_far",
            alt=f"Accuracy of all {wording.kinds(found.kinds)} forecasts of {found.key} so far, with its interval",
        )
        told = (
            "Each point: all outcomes until then. The band is a confidence sequence: the truth lies in it on every day "
            "at once, in 19 of 20 cases, however often one looks."
        )
    st.caption(
        f"{told} Newest {found.series.window} at most: {wording.estimate(found.recent, majority=majority)}. "
        f"{since.counted(found)} {marked.MOVED}"
    )


def regimes(found: LiveAccuracy) -> None:
    """The same by month as a calendar, and by thirds of volatility; each is looked at once."""
    if found.months:
        st.markdown("**By month**")
        charts.show(
            caching.figure(months.calendar, _months(found.months), middle=found.accuracy.value),
            key="calendar",
            alt=f"Accuracy of {found.key} by month",
        )
        st.caption(
            "Coloured by how far a month lies from the accuracy of all months together; in brackets: fewer than 20 "
            "independent outcomes, which say little."
        )
    if found.volatility:
        st.markdown("**By volatility**")
        components.table(
            _table(found.volatility, name="Third of volatility"),
            key="volatility",
            alt="Accuracy and skill by third of volatility",
        )
    with st.expander("Months in numbers", icon=":material/table:"):
        components.table(_table(found.months[::-1], name="Month"), key="regimes", alt="Accuracy and skill by month")
    st.caption("Intervals for one look: among so many rows some lie off zero by chance.")


def _months(given: Sequence[Regime]) -> tuple[Month, ...]:
    return tuple(_month(one) for one in given)


def _month(one: Regime) -> Month:
    year, _, number = one.name.partition("-")
    told = f"{one.name}: {wording.estimate(one.accuracy, majority=one.majority.value if one.majority else None)}"
    against = "" if one.skill is None else f"<br>against usual rates: {one.skill.in_words}"
    return Month(int(year), int(number), one.accuracy.value, wording.is_firm(one.accuracy.n_eff), f"{told}{against}")


def _table(given: Sequence[Regime], *, name: str) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                name: one.name,
                "Accuracy": wording.estimate(one.accuracy, majority=one.majority.value if one.majority else None),
                "Against usual rates": wording.UNKNOWN if one.skill is None else one.skill.in_words,
            }
            for one in given
        ]
    )
