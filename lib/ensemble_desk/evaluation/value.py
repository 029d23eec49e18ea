"""What acting on forecasts would have been worth after costs, and how much of that many tries explain.

Sharpe ratios are of excess over nothing, by year. The deflated one is the probability that the true ratio is above what
the best of so many worthless versions would show: D. Bailey and M. Lopez de Prado, "The Deflated Sharpe Ratio"
(Journal of Portfolio Management 40(5), 2014).
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_BARS = 60
PROVEN = 0.95  # deflated Sharpe ratio from which a record is called proven
MOST_HELD = 2.0  # of the capital, by holding that is sized by volatility
_EULER = 0.5772156649015329
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True, eq=False)
class Account:
    """A record of holding positions over n bars, after costs.

    Attributes
    ----------
    yearly : mean return a year, a share of the capital.
    volatility : its standard deviation a year.
    sharpe : the two divided, by year; None where nothing moved.
    drawdown : largest loss from a peak of the capital, a share.
    turnover : capital traded a year, in units of the capital.
    costs : what trading cost a year, a share of the capital.
    held : mean size of the position, a share of the capital.
    capital : after each bar, beginning from 1, shape (n,).
    """

    n: int
    total: float
    yearly: float
    volatility: float
    sharpe: float | None
    drawdown: float
    turnover: float
    costs: float
    held: float
    capital: Floats


def account(positions: Floats, returns: Floats, *, cost_bps: float, bars_a_year: float) -> Account:
    """Hold ``positions`` (shares of the capital, shape (n,)) over bars with simple ``returns``, shape (n,).

    The position is taken before the bar at its cost in basis points of what is traded, and what is held at the end is
    sold at the same cost.
    """
    net, traded = after_costs(positions, returns, cost_bps=cost_bps)
    capital = np.asarray(np.cumprod(1.0 + net), np.float64)
    peaks = np.maximum.accumulate(np.concatenate([[1.0], capital]))
    spread = float(net.std(ddof=1)) if len(net) > 1 else 0.0
    mean = float(net.mean())
    return Account(
        n=len(net),
        total=float(capital[-1] - 1.0),
        yearly=mean * bars_a_year,
        volatility=spread * math.sqrt(bars_a_year),
        sharpe=mean / spread * math.sqrt(bars_a_year) if spread > 0 else None,
        drawdown=float((1.0 - np.concatenate([[1.0], capital]) / peaks).max()),
        turnover=float(traded.sum() / len(net) * bars_a_year),
        costs=float(traded.sum() * cost_bps / 1e4 / len(net) * bars_a_year),
        held=float(np.abs(positions).mean()),
        capital=capital,
    )


def after_costs(positions: Floats, returns: Floats, *, cost_bps: float) -> tuple[Floats, Floats]:
    """Net return of each bar and what was traded for it, shapes (n,)."""
    traded = np.abs(np.diff(positions, prepend=0.0))
    traded[-1] += abs(positions[-1])
    return positions * returns - traded * cost_bps / 1e4, traded


def tranches(signal: Floats, *, horizon_bars: int) -> Floats:
    """Positions of acting on every forecast for h bars with 1/h of the capital each, shape (n,)."""
    padded = np.concatenate([np.zeros(horizon_bars - 1), signal])
    return np.convolve(padded, np.full(horizon_bars, 1.0 / horizon_bars), mode="valid")


def sized_by_volatility(sigmas: Floats) -> Floats:
    """Positions that shrink as volatility rises: its mean so far over its value, at most twice the capital."""
    known = np.maximum(sigmas, 1e-12)
    so_far = np.cumsum(known) / np.arange(1, len(known) + 1)
    return np.asarray(np.minimum(so_far / known, MOST_HELD))


def deflated_sharpe(net: Floats, *, n_tried: int) -> float | None:
    """Probability that the true Sharpe ratio is above what the best of ``n_tried`` worthless records shows.

    ``net`` are the returns of each bar, shape (n,). The ratios of worthless records vary by 1/n. None for fewer than
    LEAST_BARS bars, or where nothing moved.
    """
    n = len(net)
    spread = float(net.std(ddof=1)) if n > 1 else 0.0
    if n < LEAST_BARS or spread <= 0:
        return None
    ratio = float(net.mean()) / spread
    apart = (net - net.mean()) / net.std()
    skew, kurtosis = float((apart**3).mean()), float((apart**4).mean())
    uncertain = max(1.0 - skew * ratio + (kurtosis - 1.0) / 4.0 * ratio**2, 1e-12)
    above = ratio - best_of_worthless(n_tried) / math.sqrt(n)
    return _NORMAL.cdf(above * math.sqrt(n - 1) / math.sqrt(uncertain))


def best_of_worthless(n_tried: int) -> float:
    """Expected largest of ``n_tried`` standard normal values; 0 for a single one."""
    if n_tried <= 1:
        return 0.0
    first, second = _NORMAL.inv_cdf(1 - 1 / n_tried), _NORMAL.inv_cdf(1 - 1 / (n_tried * math.e))
    return (1 - _EULER) * first + _EULER * second
