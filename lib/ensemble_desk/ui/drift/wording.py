"""Drift in words: the band with its evidence, what to do, and what an e-value means."""

import math

from ensemble_desk.monitoring.bands import Band, Evidence, Recommendation, Trend
from ensemble_desk.monitoring.calibration import Promise
from ensemble_desk.monitoring.drift import DriftState
from ensemble_desk.ui.frame import wording

E_VALUE = (
    "Somebody bets against the version after every outcome, at odds that are fair while it keeps the lower end of its "
    "validated accuracy. The e-value is what a stake of 1 has grown to. **20 means twentyfold**: among versions whose "
    "accuracy never fell, at most one in 20 ever gets there, however often one looks. Values around or below 1 say "
    "that nothing points to a fall."
)
CONFIRMED = (
    "A fall is **confirmed** when the e-value has reached the alarm line and the 95 % interval of the difference to "
    "the validated accuracy lies below 0. Until then a band only says where accuracy happens to lie."
)
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
_BEYOND_CHANCE = 2.0  # standard errors
_COMING = "being read"


def chip(state: DriftState | None) -> str:
    """Band and evidence in a few words; ``state`` None is not read yet."""
    if state is None:
        return _COMING
    if state.band is Band.NOT_MEASURED:
        return str(state.band)
    if state.band is Band.OK and state.evidence is not Evidence.INSUFFICIENT:
        return str(state.band)  # there is no fall to confirm
    return f"{state.band} · {_BEHIND[state.evidence]}"


def chip_colours() -> dict[str, str]:
    """Every chip with its colour; red is for a confirmed fall only."""
    told = {
        f"{band} · {_BEHIND[behind]}": _colour(band, behind)
        for band in (Band.OK, Band.MONITOR, Band.DRIFT, Band.EMERGENCY)
        for behind in Evidence
        if band is not Band.OK or behind is Evidence.INSUFFICIENT
    }
    return {str(Band.OK): "green"} | told | {str(Band.NOT_MEASURED): "orange", _COMING: "gray"}


def colour(state: DriftState | None) -> str:
    return chip_colours()[chip(state)]


def _colour(band: Band, behind: Evidence) -> str:
    if behind is Evidence.INSUFFICIENT:
        return "gray"
    if band is Band.MONITOR:
        return "blue"
    return "red" if behind is Evidence.CONFIRMED else "orange"


def verdict(state: DriftState) -> str:
    """Say in one sentence how the version does; band and evidence stand beside it as a chip."""
    if state.problem:
        return f"It is not measured: {state.problem}."
    if state.confirmed:
        return "Accuracy has fallen, and the evidence confirms it."
    if state.evidence is Evidence.INSUFFICIENT:
        return f"Too few outcomes to judge: {state.live.n_eff:.0f} independent ones of the 20 it takes."
    if state.band is Band.OK:
        return "It does what its validation promised."
    return "It lies below its validation, but the evidence does not confirm a fall."


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
    """Accuracy of the newest outcomes, said whether live or replayed; why there is none otherwise."""
    if state is None:
        return f"{_COMING} …"
    if not state.kinds:
        return state.problem
    majority = state.majority.value if state.majority else None
    return f"{wording.kinds(state.kinds)} {wording.estimate(state.live, majority=majority)}"


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
    if promise.z <= -_BEYOND_CHANCE:
        return "Reality lies below the promise by more than chance: the model is worse than it believes."
    if promise.z >= _BEYOND_CHANCE:
        return "Reality lies above the promise by more than chance: the model is better than it believes."
    return (
        "Reality keeps the promise within chance (Z between −2 and 2), so nothing here points to a worse model: "
        "where both lie below the validated accuracy, the market is harder."
    )


def settling(state: DriftState) -> str:
    """What sample size would settle a fall as large as the present one."""
    if state.problem and not state.kinds:
        return ""
    if state.settles_n_eff is None or state.margin is None:
        return "Nothing to settle: it does not lie below its validated accuracy."
    fall = f"A fall of {abs(100 * state.margin):.1f} points takes about {state.settles_n_eff:,} independent outcomes"
    if not state.more_outcomes:
        return f"{fall} to settle; there are that many."
    each = "forecast" if state.more_outcomes == 1 else "forecasts"
    return f"{fall} to settle (power 80 %): {state.more_outcomes:,} more {each} with their outcome."
