"""The label that a training is asked for: horizon and threshold by option, what is not given by the timeframe."""

from dataclasses import dataclass

from ensemble_desk.errors import InvalidLabelError
from ensemble_desk.market import timeframes
from ensemble_desk.market.labels import LabelSpec

VOLATILITY_MULTIPLIER = 0.5


@dataclass(frozen=True, slots=True)
class WantedLabel:
    """What a person chose; None leaves it as it is by default.

    Attributes
    ----------
    horizon : a number of bars, a name or a span of time, see :func:`ensemble_desk.market.timeframes.read_horizon`.
    threshold : log-return threshold that is the same at every bar; excludes ``multiplier``.
    multiplier : threshold in trailing standard deviations of the horizon.
    """

    horizon: str | None = None
    threshold: float | None = None
    multiplier: float | None = None

    def __post_init__(self) -> None:
        if self.threshold is not None and self.multiplier is not None:
            problem = "a threshold and a multiplier exclude each other"
            raise InvalidLabelError(problem)
        for name, number in (("threshold", self.threshold), ("multiplier", self.multiplier)):
            if number is not None and not 0 <= number < _MOST:
                problem = f"a {name} of {number:g} is none; it is at least 0 and below {_MOST:g}"
                raise InvalidLabelError(problem)

    def of(self, timeframe: str) -> LabelSpec:
        """Give the label for bars of a timeframe; raises InvalidHorizonError."""
        horizon = self.horizon or timeframes.base_horizon(timeframe)
        n_bars = timeframes.read_horizon(timeframe, horizon).bars
        if self.threshold is not None:
            return LabelSpec(n_bars, "fixed", fixed_threshold=self.threshold)
        return LabelSpec(n_bars, multiplier=VOLATILITY_MULTIPLIER if self.multiplier is None else self.multiplier)


_MOST = 10.0
DEFAULT = WantedLabel()
