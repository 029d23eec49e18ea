"""Each member's forecasts since training against the pool of all members with equal weights."""

import math
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from ensemble_desk.evaluation.comparison import Verdict
from ensemble_desk.evaluation.intervals import Mean
from ensemble_desk.monitoring.scoreboard import ENSEMBLE, MemberScore
from ensemble_desk.ui.frame import caching, components, monitoring_data, wording
from ensemble_desk.ui.performance.since import Asked

_MOST_POINTS = 60
_BETTER, _WORSE, _OPEN = "better than equal weights", "worse than equal weights", "not settled"
_VERDICTS = {Verdict.BETTER: _BETTER, Verdict.WORSE: _WORSE, Verdict.NOT_SETTLED: _OPEN}
_COLOURS = {_BETTER: "green", _WORSE: "orange", _OPEN: "gray"}


def show(asked: Asked) -> None:
    """The scoreboard of one version, best log-loss first."""
    if asked.version is None:
        st.caption("Members are compared within one version; choose “This version” above.")
        return
    scores = monitoring_data.members(asked.key, version=asked.version, horizon=asked.horizon, kind=asked.kind)
    if not scores:
        components.empty("The log does not tell what each member said.")
    else:
        caching.show_once(("members", caching.Same(scores)), lambda: _table(scores))


def _table(scores: Sequence[MemberScore]) -> None:
    components.table(
        pd.DataFrame([_cells(one) for one in scores]),
        key="member_scores",
        alt="Each member against the pool with equal weights",
        columns={
            "Rolling": st.column_config.LineChartColumn(
                y_min=0, y_max=100, color="gray", width=110, help="Accuracy in percent of its newest outcomes."
            ),
            "Against equal weights": st.column_config.MultiselectColumn(
                options=list(_COLOURS), color=list(_COLOURS.values())
            ),
            "Log-loss difference": st.column_config.TextColumn(
                help="Its log-loss minus that of equal weights, with an interval that holds at every look; "
                "negative is better."
            ),
            "Bars to settle": st.column_config.NumberColumn(
                format="localized", help="Bars that would tell a log-loss difference of 0.005 from none."
            ),
        },
        weak=[not wording.is_firm(one.accuracy.n_eff) for one in scores],
    )


def _cells(one: MemberScore) -> dict[str, object]:
    return {
        "Member": "ensemble (as weighted)" if one.name == ENSEMBLE else one.name,
        "Against equal weights": [_VERDICTS[one.verdict]],
        "Accuracy": f"{wording.estimate(one.accuracy)}, equal weights {wording.percent(one.pool_accuracy.value)}"
        if one.n
        else "did not vote",
        "Rolling": [100 * share for share in one.series.accuracy[-_MOST_POINTS:].tolist()],
        "Log-loss": f"{one.log_loss.value:.3f}" if one.n else "",
        "Log-loss difference": _difference(one.difference) if one.n else "",
        "Bars to settle": one.bars_to_settle,
    }


def _difference(mean: Mean) -> str:
    """A difference with its interval, where there are rows enough for one."""
    interval = f" [{mean.low:+.3f}, {mean.high:+.3f}]" if math.isfinite(mean.low) else ""
    return f"{mean.value:+.3f}{interval}".replace("-", "−")
