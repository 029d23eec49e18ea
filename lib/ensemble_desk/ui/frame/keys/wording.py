"""Drift in words: the band with its evidence, what to do, and what an e-value means."""

import math

from ensemble_desk.evaluation.comparison import Verdict
from ensemble_desk.monitoring.evidence.bands import Band, Evidence, Recommendation, Trend
from ensemble_desk.monitoring.evidence.calibration import Promise
from ensemble_desk.monitoring.verdicts import MOST_OUTCOMES, DriftState
from ensemble_desk.ui.frame import wording
from ensemble_desk.ui.frame.help import glossary

E_VALUE = glossary.of("e-value")
CONFIRMED = glossary.of("confirmed")
_BEHIND = {
    Evidence.CONFIRMED: "confirmed",
    Evidence.UNCONFIRMED: "unconfirmed",
    Evidence.INSUFFICIENT: "too few",
}
_RECOMMENDED = {
    Recommendation.OPERATING_NORMALLY: "Operate normally",
    Recommendation.MONITOR_CLOSELY: "Monitor closely",
    Recommendation.SCHEDULE_RETRAIN: "Schedule a retrain",
    Recommendation.RETRAIN_NOW: "Retrain now",
    Recommendation.MEASURE_FIRST: "Measure it first",
}
_SKILLED = {Verdict.BETTER: "better than usual", Verdict.WORSE: "worse than usual"}
_COMING, _ALONE = "being read", "rings alone"


def chip(state: DriftState | None) -> str:
    """Band and evidence in a few words; ``state`` None is not read yet."""
    if state is None:
        return _COMING
    if state.band is Band.NOT_MEASURED:
        return str(state.band)
    if state.evidence is Evidence.UNCONFIRMED and state.rings:
        return f"{state.band} · {_ALONE}"
    if state.band is Band.OK and state.evidence is Evidence.UNCONFIRMED:
        return str(state.band)  # there is no fall to confirm
    return f"{state.band} · {_BEHIND[state.evidence]}"


def chip_colours() -> dict[str, str]:
    """Every chip with its colour; red is for a confirmed fall only."""
    told = {
        f"{band} · {_BEHIND[behind]}": _colour(band, behind)
        for band in (Band.OK, Band.MONITOR, Band.DRIFT, Band.EMERGENCY)
        for behind in Evidence
        if band is not Band.OK or behind is not Evidence.UNCONFIRMED
    }
    alone = {f"{band} · {_ALONE}": "orange" for band in (Band.OK, Band.MONITOR, Band.DRIFT, Band.EMERGENCY)}
    return {str(Band.OK): "green"} | told | alone | {str(Band.NOT_MEASURED): "orange", _COMING: "gray"}


def colour(state: DriftState | None) -> str:
    return chip_colours()[chip(state)]


def _colour(band: Band, behind: Evidence) -> str:
    if behind is Evidence.INSUFFICIENT:
        return "gray"
    if behind is Evidence.CONFIRMED:
        return "red"
    return "blue" if band is Band.MONITOR else "orange"


def verdict(state: DriftState) -> str:
    """Say in one sentence how the version does; band and evidence stand beside it as a chip."""
    if state.problem:
        return f"It is not measured: {state.problem}."
    if state.confirmed:
        return f"Accuracy has fallen{since(state)}, and the evidence confirms it."
    if state.evidence is Evidence.INSUFFICIENT:
        return f"Too few outcomes to judge: {state.overall.n_eff:.0f} independent ones of the 20 it takes."
    if state.rings_alone:
        return f"Its alarm rings{since(state)}, but among so many keys one such alarm is expected by chance."
    if state.band is Band.OK:
        return "It does what its validation promised."
    return "It lies below its validation, but the evidence does not confirm a fall."


def since(state: DriftState) -> str:
    """Say when the likeliest change was, where the alarm rings."""
    return "" if state.since is None else f" since about {wording.day(state.since)} (n {state.live.n:,})"


def recommendation(state: DriftState) -> str:
    return _RECOMMENDED[state.recommendation]


def trend(state: DriftState) -> str:
    """Direction of the newest outcomes; too few of them, or as many rights and wrongs all along, tell none."""
    return "no clear direction" if state.trend is Trend.INSUFFICIENT_DATA else str(state.trend)


def e_value(value: float) -> str:
    """Write an e-value as a person reads it; what is far from 1 needs no digits."""
    if value >= 1_000_000:  # noqa: PLR2004 - beyond any doubt
        return "over a million"
    return f"{value:,.0f}" if value >= 10 else f"{value:.2f}"  # noqa: PLR2004 - two digits suffice


def forecasts(state: DriftState | None) -> str:
    """Accuracy of all of the version's outcomes, said whether live or replayed; why there is none otherwise."""
    if state is None:
        return f"{_COMING} …"
    if not state.kinds:
        return state.problem
    majority = state.overall_majority.value if state.overall_majority else None
    return f"{wording.kinds(state.kinds)} {wording.estimate(state.overall, majority=majority)}"


def judged(state: DriftState) -> str:
    """Accuracy of the rows that the band is read off, with the majority of the same rows."""
    rows = f"Since about {wording.day(state.since)}" if state.since else "Newest outcomes"
    majority = state.majority.value if state.majority else None
    return f"{rows} **{wording.estimate(state.live, majority=majority)}** (interval for one look)"


def skill(state: DriftState | None) -> str:
    """Whether it beats the usual rates, in one word and with the numbers behind it."""
    return "" if state is None or state.skill is None else state.skill.in_words


def settled_skill(state: DriftState | None) -> str:
    """Whether it is better or worse than the usual rates; nothing while that is not settled."""
    return "" if state is None or state.skill is None else _SKILLED.get(state.skill.verdict, "")


def promise(state: DriftState | None) -> str:
    """Promised accuracy with the gap to it in standard errors."""
    if state is None or state.promise is None:
        return ""
    z = "" if state.promise.z is None else f", Z {state.promise.z:+.1f}".replace("-", "−")
    return f"{wording.percent(state.promise.promised)}{z}"


def kept(promise: Promise) -> str:
    """Say whether reality keeps what the confidences promised, and what that makes of a fall."""
    if promise.z is None or not math.isfinite(promise.z):
        return "Too few outcomes to set one against the other."
    if promise.high < 0:
        return "Reality lies below the promise by more than chance: the model is worse than it believes."
    if promise.low > 0:
        return "Reality lies above the promise by more than chance: the model is better than it believes."
    return (
        "Reality keeps the promise within chance, so nothing here points to a worse model: where both lie below the "
        "validated accuracy, the market is harder."
    )


def settling(state: DriftState) -> str:
    """What it would take the alarm to ring if the present accuracy went on."""
    if state.problem and not state.kinds:
        return ""
    if state.rings:
        return "The alarm rings: there is nothing to wait for."
    if state.margin is None or state.margin >= 0:
        return "Nothing to settle: it does not lie below its validated accuracy."
    fall = f"If a fall of {abs(100 * state.margin):.1f} points went on, the alarm would ring"
    if state.more_outcomes is None:
        return f"{fall} after more than {MOST_OUTCOMES:,} more outcomes, or never."
    each = "forecast" if state.more_outcomes == 1 else "forecasts"
    return f"{fall} after about {state.more_outcomes:,} more {each} with their outcome, as often sooner as later."
