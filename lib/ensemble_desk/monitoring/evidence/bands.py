"""Drift bands, what evidence stands behind them, and what to do: the decision rules, without data access."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ensemble_desk.errors import extras
from ensemble_desk.evaluation.intervals import AccuracyEstimate
from ensemble_desk.settings import Settings

_LEVEL = 1e-9  # a slope of rounding errors


class Band(StrEnum):
    """How far live accuracy lies below the validated one; what cannot be measured is in no band that looks fine."""

    OK = "OK"
    MONITOR = "MONITOR"
    DRIFT = "DRIFT"
    EMERGENCY = "EMERGENCY"
    NOT_MEASURED = "NOT MEASURED"


class Evidence(StrEnum):
    """Whether the outcomes so far can bear a fall.

    INSUFFICIENT while all of them are worth fewer than 20 without overlap; CONFIRMED when the alarm rings, for the key
    and among all keys that are watched; UNCONFIRMED otherwise.
    """

    INSUFFICIENT = "INSUFFICIENT"
    UNCONFIRMED = "UNCONFIRMED"
    CONFIRMED = "CONFIRMED"


class Recommendation(StrEnum):
    """The guide's four words, and one for what nothing can be said of."""

    OPERATING_NORMALLY = "operating_normally"
    MONITOR_CLOSELY = "monitor_closely"
    SCHEDULE_RETRAIN = "schedule_retrain"
    RETRAIN_NOW = "retrain_now"
    MEASURE_FIRST = "measure_first"


class Trend(StrEnum):
    """The guide's three words; INSUFFICIENT_DATA also where outcomes cannot tell a direction from chance."""

    IMPROVING = "improving"
    DECLINING = "declining"
    INSUFFICIENT_DATA = "insufficient_data"


@dataclass(frozen=True, slots=True)
class Policy:
    """The bands in whole points below the validated accuracy, and the evidence asked for.

    ``monitor_points`` ends OK, ``drift_points`` ends MONITOR, ``emergency_points`` ends DRIFT; a margin exactly on a
    border falls into the worse band. While the alarm rings, the band is that of the outcomes since the likeliest
    change; else of the newest ones, as many as are worth ``window_n_eff`` without overlap.
    """

    monitor_points: int = 5
    drift_points: int = 15
    emergency_points: int = 25
    least_predictions: int = 5
    least_n_eff: float = 20.0
    alarm_e_value: float = 20.0
    window_n_eff: int = 60

    def window(self, horizon_bars: int) -> int:
        """Outcomes that live accuracy is taken over while nothing is proven."""
        return self.window_n_eff * horizon_bars

    @property
    def falls(self) -> tuple[float, ...]:
        """The falls worth acting on, shares: what the alarm's stakes are fitted to."""
        return (self.monitor_points / 100, self.drift_points / 100, self.emergency_points / 100)


def policy(settings: Settings) -> Policy:
    """Read the policy that the settings choose."""
    monitor, drift, emergency = settings.drift_points
    return Policy(
        monitor_points=monitor,
        drift_points=drift,
        emergency_points=emergency,
        least_predictions=settings.drift_least_predictions,
        window_n_eff=settings.drift_window,
    )


def band(live: AccuracyEstimate, baseline: AccuracyEstimate, policy: Policy) -> Band:
    """Place live accuracy in its band; NOT MEASURED below the least number of predictions."""
    if live.n < policy.least_predictions:
        return Band.NOT_MEASURED
    margin = round((live.value - baseline.value) * 100)
    if margin <= -policy.emergency_points:
        return Band.EMERGENCY
    if margin <= -policy.drift_points:
        return Band.DRIFT
    return Band.MONITOR if margin <= -policy.monitor_points else Band.OK


def evidence(n_eff: float, *, rings: bool, policy: Policy) -> Evidence:
    """Say what ``n_eff`` outcomes without overlap prove: the alarm decides, and nothing else is asked."""
    if n_eff < policy.least_n_eff:
        return Evidence.INSUFFICIENT
    return Evidence.CONFIRMED if rings else Evidence.UNCONFIRMED


def recommendation(found: Band, behind_it: Evidence) -> Recommendation:
    """What to do; retraining is only asked for on confirmed evidence."""
    if found is Band.NOT_MEASURED:
        return Recommendation.MEASURE_FIRST
    proven = behind_it is Evidence.CONFIRMED
    if found is Band.OK:
        return Recommendation.MONITOR_CLOSELY if proven else Recommendation.OPERATING_NORMALLY
    if not proven or found is Band.MONITOR:
        return Recommendation.MONITOR_CLOSELY
    return Recommendation.RETRAIN_NOW if found is Band.EMERGENCY else Recommendation.SCHEDULE_RETRAIN


def trend(scored: np.ndarray, *, horizon_bars: int = 1, least: int = 5) -> Trend:
    """Tell whether accuracy rises or falls through these outcomes, where they can tell.

    The guide takes the sign of the slope, so that nothing is ever level and chance alone is half the time an
    improvement. Here a direction is named only when the 95 % interval of the slope leaves 0 out; whatever else comes
    is too little data to name one.

    Parameters
    ----------
    scored : outcomes in time order (1 right, 0 wrong) or daily accuracies, shape (n,); NaN is left out.
    horizon_bars : how many outcomes in a row overlap and repeat each other.
    """
    with extras.needed():
        from scipy.special import stdtrit

    known = np.asarray(scored, dtype=np.float64)
    known = known[~np.isnan(known)]
    free = len(known) / horizon_bars - 2
    if len(known) < least or free < 1:
        return Trend.INSUFFICIENT_DATA
    at = np.arange(len(known)) - (len(known) - 1) / 2
    spread = float(at @ at)
    slope = float(at @ known) / spread
    rest = known - known.mean() - slope * at
    error = float(np.sqrt(horizon_bars * (rest @ rest) / (len(known) - 2) / spread))
    if abs(slope) <= max(float(stdtrit(free, 0.975)) * error, _LEVEL):
        return Trend.INSUFFICIENT_DATA
    return Trend.IMPROVING if slope > 0 else Trend.DECLINING
