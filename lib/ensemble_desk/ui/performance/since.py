"""What came of a version's forecasts since it was trained: how right they were, and how honest about themselves."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from ensemble_desk.evaluation import skill
from ensemble_desk.evaluation.comparison import Verdict
from ensemble_desk.figures import confusion, reliability
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.forecasting.matured import Counts
from ensemble_desk.market import timeframes
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import CLASSES
from ensemble_desk.monitoring.live import LiveAccuracy, State
from ensemble_desk.registry.entities import VersionRecord
from ensemble_desk.ui.frame import caching, charts, components, monitoring_data, wording

_THIS, _ALL = "This version", "Every version"
SENTENCES = {
    Verdict.BETTER: "Its forecasts are better than the usual rates.",
    Verdict.WORSE: "Its forecasts are worse than the usual rates.",
    Verdict.NOT_SETTLED: "Whether its forecasts are better than the usual rates is not settled.",
}
_KINDS = {"Live": Kind.LIVE, "Replayed": Kind.REPLAY}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which forecasts to look at; what is None is left to the library.

    Attributes
    ----------
    version : None for all of the key, each bar by the version that forecast it.
    """

    key: Key
    version: str | None
    horizon: str | None = None
    kind: Kind | None = None

    def read(self) -> LiveAccuracy:
        return monitoring_data.accuracy(self.key, version=self.version, horizon=self.horizon, kind=self.kind)


def choose(record: VersionRecord) -> Asked:
    """Ask for the forecasts to look at; choices that change nothing are not offered."""
    key = record.key
    trained = record.horizon or wording.UNKNOWN
    others = timeframes.horizons(key.timeframe) if record.horizon else ()
    horizons = [trained, *(name for name in others if name != trained)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        scope = st.segmented_control(
            "Forecasts of", (_THIS, _ALL), default=_THIS, required=True, key="of", bind="query-params"
        )
        with st.container(width=150):
            horizon = components.bound_choice(
                "Horizon", horizons, name="of_horizon", of=str(key), first=trained, missing="There is no horizon {}."
            )
        asked = Asked(key, None if scope == _ALL else record.version, None if horizon == trained else horizon)
        found = asked.read()
        kind = _kind(found.counts)
    return replace(asked, kind=kind)


def _kind(counts: Mapping[Kind, Counts]) -> Kind | None:
    """Live or replayed, where there are both."""
    if not all(counts[kind].matured for kind in Kind):
        return None
    chosen = st.segmented_control(
        "Made", list(_KINDS), default="Live", required=True, key="made", bind="query-params",
        help="Live: before their outcome. Replayed: afterwards, from what was known then.",
    )  # fmt: skip
    return _KINDS[str(chosen or "Live")]


def nothing(found: LiveAccuracy) -> None:
    """Why there is no accuracy yet, and the one thing to do next."""
    scope = f"--symbol {found.key.symbol} --timeframe {found.key.timeframe}"
    if found.state is State.NO_FORECASTS:
        components.empty(
            "The log holds no such forecast.",
            "Forecast every bar anew by the version that was newest at it, then score what came:",
            command=f"desk replay {scope}\ndesk outcomes {scope}",
        )
    elif found.state is State.NO_OUTCOMES:
        components.empty(
            "No outcome is known yet.",
            f"{counted(found)} They are scored once the bar that decides them is there:",
            command=f"desk outcomes {scope}",
        )
    elif found.version is not None:
        components.empty(
            "Nobody has told its horizon and label, so nothing can score it.",
            "Tell them once, in the form on its card or by:",
            command=f"desk registry describe '{found.key}' --horizon BARS --threshold RETURN",
        )
        components.describe_link(found.key, found.version)


def headline(asked: Asked, found: LiveAccuracy) -> None:
    """Whether it beats the usual rates, what was asked for in one line, and the few numbers a PM asks for first."""
    st.markdown(_skill(found))
    derived = "" if asked.horizon is None else " (derived: by members that model prices)"
    accuracy = f"**{_accuracy(found)}**"
    if not wording.is_firm(found.accuracy.n_eff):
        accuracy = f":gray[{_accuracy(found)}]"
    st.markdown(
        f":violet-badge[{wording.kinds(found.kinds).capitalize()}] {wording.day(found.first)} to "
        f"{wording.day(found.last)}, horizon {found.horizon}{derived}: {accuracy}, last known label "
        f"{wording.estimate(found.persistence)}"
    )
    if found.lean is not None:
        st.markdown(f"Lean, the class furthest above its usual rate: **{found.lean.in_words}**")
    scores, promise = found.scores, found.promise
    with st.grid(5, min_column_width=150):
        above = found.accuracy.value - found.majority.value if found.majority else None
        _points("Above the majority", above, "Accuracy minus the class that came most often on the same rows.")
        z = "" if promise is None or promise.z is None else f" Z {promise.z:+.1f} standard errors at every look."
        _points(
            "Above the promise",
            promise.gap if promise else None,
            f"Accuracy minus {wording.percent(promise.promised if promise else None)}, which the forecasts' own "
            f"confidences add up to.{z.replace('-', '−')} Both falling: a harder market. Only this: a worse model.",
        )
        _points("Volatility skill", scores["volatility_skill"], "Calling whether a move comes at all, above chance.")
        _points(
            "Direction skill", scores["direction_skill"], "Calling up or down among the bars that moved, above chance."
        )
        st.metric(
            "Log-loss",
            wording.UNKNOWN if scores["log_loss"] is None else f"{scores['log_loss']:.3f}",
            border=True,
            height="stretch",
            help=f"Lower is better; knowing nothing is 1.099. Brier {scores['brier']:.3f}, RPS {scores['rps']:.3f}.",
        )


def _skill(found: LiveAccuracy) -> str:
    """Whether the forecasts beat the usual rates, in one sentence and with the numbers behind it."""
    missing = skill.no_call([name.capitalize() for name in found.never_named])
    if found.skill is None:
        return (
            f"**Against usual rates: unknown**, because a version that spoke does not tell its usual rates. {missing}"
        )
    rps = f"RPS {found.skill.rps.value:+.4f} [{found.skill.rps.low:+.4f}, {found.skill.rps.high:+.4f}]"
    told = f"{found.skill.in_words} log-loss, {rps.replace('-', '−')}"
    return f"**{SENTENCES[found.skill.verdict]}**  \nAgainst usual rates (intervals for daily looks): {told}. {missing}"


def _points(label: str, value: float | None, explanation: str) -> None:
    told = wording.UNKNOWN if value is None or math.isnan(value) else wording.points(value)
    st.metric(label, told, border=True, height="stretch", help=explanation)


def honesty(found: LiveAccuracy) -> None:
    """Whether confidence means what it says, and which classes are mistaken for which."""
    left, right = st.columns(2, gap="large")
    with left:
        st.header("Does confidence mean what it says?", anchor=False)
        charts.show(
            caching.figure(reliability.diagram, found.reliability),
            key="reliability",
            alt="Promised against realised accuracy by confidence",
        )
        st.caption(
            "On the dotted line promise and reality agree. At most five groups of equal size, intervals for one look."
        )
    with right:
        st.header("What was said and what came", anchor=False)
        counts: Any = found.scores["confusion"]
        charts.show(
            caching.figure(confusion.matrix, [list(row) for row in counts]),
            key="live_confusion",
            alt=f"Confusion matrix of {wording.kinds(found.kinds)} forecasts",
        )
        st.caption(f"Rows: what came; columns: what was said, with the share of the row.{_one_class(counts)}")


def _one_class(counts: Sequence[Sequence[int]]) -> str:
    """Say so when every forecast named the same class, which is why accuracy is that of the class."""
    said = [sum(column) for column in zip(*counts, strict=True)]
    always = [name for name, n in zip(CLASSES, said, strict=True) if n == sum(said) > 0]
    return f" It said {always[0].capitalize()} every time." if always else ""


def _accuracy(found: LiveAccuracy) -> str:
    return wording.estimate(found.accuracy, majority=found.majority.value if found.majority else None)


def counted(found: LiveAccuracy) -> str:
    """Forecasts in the log by kind and state."""
    told = []
    for name, kind in _KINDS.items():
        one = found.counts[kind]
        if one.matured or one.pending or one.void:
            told.append(f"{name}: {one.matured:,} scored, {one.pending:,} pending, {one.void:,} void.")
    return " ".join(told)
