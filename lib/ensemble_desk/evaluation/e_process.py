"""An alarm for falling accuracy that may be looked at after every bar: a betting e-process, and e-BH over a fleet.

Sources: Podkopaev and Ramdas, "Tracking the risk of a deployed model" (ICLR 2022, arXiv 2110.06177), for betting on a
drop; Henzi and Ziegel, "Valid sequential inference on probability forecast performance" (Biometrika 109(4), 2022), for
forecasts whose outcomes overlap; Wang and Ramdas, "False discovery rate control with e-values" (JRSS B 84, 2022), for
e-BH.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BETS: tuple[float, ...] = (0.25, 0.5, 1.0, 1.5)
_MOST_LOG_WEALTH = 500.0
MOST_LOST = 0.99  # share of the wealth that one wrong bet may cost


@dataclass(frozen=True, slots=True, eq=False)
class EProcess:
    """Evidence against "accuracy is at least `null`" after each outcome.

    Attributes
    ----------
    values : shape (n,), the e-value after each matured outcome; at least 1/alpha is an alarm at level alpha.
    null : the accuracy that is defended, a share in 0..1.
    """

    values: NDArray[np.float64]
    null: float

    @property
    def current(self) -> float:
        return float(self.values[-1]) if len(self.values) else 1.0

    def first_alarm(self, *, alpha: float = 0.05) -> int | None:
        """Number of the outcome at which the alarm first rang, or None."""
        hits = np.flatnonzero(self.values >= 1.0 / alpha)
        return int(hits[0]) if len(hits) else None


def run(
    correct: NDArray[np.bool_] | Sequence[bool],
    *,
    null: float,
    horizon_bars: int,
    bar_numbers: NDArray[np.int64] | None = None,
    bets: Sequence[float] = BETS,
) -> EProcess:
    """Bet on errors, outcome after outcome.

    Within each phase (bar number modulo the horizon) outcomes do not overlap and wealth multiplies by
    ``1 + bet * (null - correct)``; the e-value is the mean over phases and bets. A phase whose next outcome is already
    under way counts with the worst factor that outcome could bring, so that looking at any bar stays valid.

    Parameters
    ----------
    correct : shape (n,), whether each matured forecast was right, in time order.
    null : the accuracy defended, a share in 0..1.
    horizon_bars : bars from a forecast to its outcome.
    bar_numbers : shape (n,), running number of each forecast's bar; without it the forecasts are consecutive.
    """
    hits = np.asarray(correct, dtype=np.float64)
    if bar_numbers is None:
        return EProcess(paths(hits[None, :], null=null, horizon_bars=horizon_bars, bets=bets)[0], null)
    stakes, worst = _stakes(bets, null=null)
    logs = np.zeros((horizon_bars, len(stakes)))
    values = np.empty(len(hits))
    pending = np.repeat(worst[None, :], horizon_bars, axis=0)
    for at, (hit, number) in enumerate(zip(hits, np.asarray(bar_numbers), strict=True)):
        phase = int(number) % horizon_bars
        logs[phase] += np.log(1.0 + stakes * (null - hit))
        owed = pending.copy()
        owed[phase] = 1.0
        values[at] = (_wealth(logs) * owed).mean()
    return EProcess(values, null)


def paths(
    correct: NDArray[np.float64], *, null: float, horizon_bars: int, bets: Sequence[float] = BETS
) -> NDArray[np.float64]:
    """Give the e-values of many sequences of consecutive forecasts at once, as :func:`run` does for one.

    ``correct`` has shape (m, n), 1 for right and 0 for wrong; so has the result.
    """
    m, n = correct.shape
    stakes, worst = _stakes(bets, null=null)
    total = np.zeros((m, n))
    at = np.arange(n)
    for phase in range(horizon_bars):
        known = np.maximum((at - phase + horizon_bars) // horizon_bars, 0)  # outcomes of this phase so far
        under_way = at % horizon_bars != phase
        for stake, loss in zip(stakes, worst, strict=True):
            gains = np.log(1.0 + stake * (null - correct[:, phase::horizon_bars]))
            logs = np.concatenate([np.zeros((m, 1)), np.cumsum(gains, axis=1)], axis=1)
            total += _wealth(logs)[:, known] * np.where(under_way, loss, 1.0)
    values: NDArray[np.float64] = total / (horizon_bars * len(stakes))
    return values


def _wealth(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Wealth from its logarithm, cut off where floats would overflow; evidence that large needs no digits."""
    return np.exp(np.minimum(logs, _MOST_LOG_WEALTH))


def _stakes(bets: Sequence[float], *, null: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bets small enough that none can lose everything, and the factor that each brings at worst."""
    stakes = np.minimum(np.asarray(bets), MOST_LOST / max(1.0 - null, 1e-9))
    return stakes, 1.0 + stakes * (null - 1.0)


def benjamini_hochberg(e_values: Mapping[str, float], *, alpha: float = 0.05) -> frozenset[str]:
    """Name the alarms that stand across a fleet with a false discovery rate of at most alpha (e-BH)."""
    ordered = sorted(e_values, key=lambda name: -e_values[name])
    m = len(ordered)
    standing = [k for k, name in enumerate(ordered, start=1) if e_values[name] >= m / (k * alpha)]
    return frozenset(ordered[: max(standing, default=0)])
