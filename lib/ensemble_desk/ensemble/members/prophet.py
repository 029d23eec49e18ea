"""The member that reads the price as Prophet's piecewise linear trend; fitted by prophet, served without it.

What is forecast is the move from t to t + h, never a level: Prophet's trend increment gives its mean, and the residual
increments of the fitted window give its distribution, each divided by the volatility known when it began and multiplied
by the volatility known at t.

Measured walk-forward (log-loss; AAPL, IBM, MSFT, 2000-2013, five fits each, rows up to 430 bars after their fit):

=====================================================  =====================  =====================
variant                                                h = 1                  h = 5
=====================================================  =====================  =====================
Prophet's draws at t + h minus the fitted value at t   2.02 2.26 2.07         1.59 1.92 1.73
trend increment, unscaled residual increments          1.10 1.15 1.17         1.10 1.12 1.16
trend increment, scaled residual increments            1.082 1.082 1.085      1.100 1.098 1.118
the same, trend prior 0.01 on values scaled to 0..1    1.076 1.081 1.082      1.082 1.089 1.092
class probabilities without any trend                  1.078 1.081 1.082      1.085 1.088 1.091
=====================================================  =====================  =====================

Draws spread by the residuals' level (months wide) and, past the fitted end, by ever more imagined changepoints; neither
is the uncertainty of the next bars. The last but one line is what this module does; four priors were tried.
"""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.ensemble.members import increments as drawn
from ensemble_desk.ensemble.members import prophet_trend
from ensemble_desk.ensemble.members.prophet_trend import Trend
from ensemble_desk.ensemble.votes import Probabilities, Rows, Votes
from ensemble_desk.errors import IncompatibleArtifactError
from ensemble_desk.market import aims, labels
from ensemble_desk.market.labels import LabelSpec

Floats = NDArray[np.float64]

NAME = "prophet"
WINDOW_BARS = 750
_MIN_BARS = {"w1": 120, "mn1": 60}
_MIN_BARS_ELSE = 250
_MIN_INCREMENTS = 60


class ProphetMember:
    """Probabilities of the next h bars' move around the trend.

    State: plain numbers and arrays. Rows before the fitted window abstain, and rows later than one window length
    after its end, where the trend is a mere guess.
    """

    name = NAME

    def __init__(self, *, timeframe: str, seed: int = 0) -> None:
        self.timeframe, self.seed = timeframe, seed
        self.reason = "it was not fitted"
        self.trend: Trend | None = None
        self.window: tuple[pd.Timestamp, pd.Timestamp] | None = None  # first and last fitted bar
        self.residuals = self.sigmas = np.empty(0)  # of the fitted bars: log price - trend, and one-bar volatility

    @classmethod
    def from_state(cls, state: Mapping[str, Any], *, timeframe: str) -> Self:
        """Rebuild from :meth:`state`; raises IncompatibleArtifactError when something is missing or does not fit."""
        member = cls(timeframe=timeframe)
        if state.get("reason"):
            member.reason = str(state["reason"])
            return member
        try:
            trend = Trend.from_state(state)
            member.residuals = np.asarray(state["residuals"], dtype=float)
            member.sigmas = np.asarray(state["sigmas"], dtype=float)
            member.window = pd.Timestamp(str(state["first_bar"])), pd.Timestamp(str(state["last_bar"]))
        except (KeyError, TypeError, ValueError) as error:
            raise IncompatibleArtifactError(NAME, f"its state cannot be read ({error})") from error
        if not member.residuals.shape == member.sigmas.shape == (trend.n_bars,) or trend.n_bars < _MIN_INCREMENTS:
            raise IncompatibleArtifactError(NAME, f"its state does not hold {trend.n_bars} residuals")
        member.trend, member.reason = trend, ""
        return member

    @property
    def lookback_bars(self) -> int:
        """So many that they reach the window's end wherever a row is near enough to vote on."""
        return 3 + (0 if self.trend is None else self.trend.n_bars)

    def state(self) -> object:
        if self.trend is None or self.window is None:
            return {"reason": self.reason}
        first, last = self.window
        times = {"first_bar": first.isoformat(), "last_bar": last.isoformat()}
        return self.trend.to_state() | times | {"residuals": self.residuals, "sigmas": self.sigmas}

    def fit(self, rows: Rows, classes: NDArray[np.int64], *, label: LabelSpec) -> Self:  # noqa: ARG002 - Member's form
        """Fit to the last 750 bars up to the last row.

        Raises
        ------
        MissingExtraError
            When prophet is not installed.
        """
        self.trend = None
        bars, self.reason = rows.history(least=_MIN_BARS.get(self.timeframe, _MIN_BARS_ELSE))
        if bars is None:
            return self
        sigmas = labels.volatility(bars, label)[-WINDOW_BARS:]
        bars = bars.iloc[-WINDOW_BARS:]
        y = np.log(bars[label.price].to_numpy())
        try:
            trend = prophet_trend.fit(y, seed=self.seed)
        except (RuntimeError, ValueError) as error:
            self.reason = f"the fit failed ({error})"
            return self
        self.trend, self.sigmas, self.window = trend, sigmas, (bars.index[0], bars.index[-1])
        self.residuals = y - trend.at(np.arange(len(y), dtype=float))
        return self

    def predict(self, rows: Rows, *, label: LabelSpec | None) -> Votes:
        """Vote at any horizon that the fitted window holds enough increments of."""
        n = len(rows.index)
        if self.trend is None or self.window is None:
            return Votes.abstain(n, self.reason)
        if label is None:
            return Votes.abstain(len(rows.index), aims.UNTOLD)
        if rows.bars is None:
            return Votes.abstain(n, "needs bars, and there are only features")
        increments = self._increments(label.horizon_bars)
        if len(increments) < _MIN_INCREMENTS:
            return Votes.abstain(n, f"its window of {self.trend.n_bars} bars is too short for {label.horizon_bars}")
        at = rows.places()
        positions = self._positions(rows.known().index)[at]
        drift = self.trend.at(positions + label.horizon_bars) - self.trend.at(positions)
        known = rows.volatility(label)[at]
        sigmas, limit = known * label.horizon_bars**0.5, labels.limits(known, label)
        probabilities = _probabilities(increments, drift, sigmas, limit)
        near = (positions >= 0) & (positions <= 2 * self.trend.n_bars)
        probabilities[~near] = np.nan
        scale = np.where(np.isfinite(probabilities).all(axis=1), sigmas, np.nan)
        return Votes(
            probabilities,
            _reason(probabilities, near, self.window),
            lambda: drawn.moves_drawn(increments, drift, scale),
        )

    def _increments(self, horizon_bars: int) -> Floats:
        """Sorted residual increments over h bars in units of the volatility known when they began, shape (m,)."""
        moves = self.residuals[horizon_bars:] - self.residuals[:-horizon_bars]
        sigmas = self.sigmas[:-horizon_bars] * horizon_bars**0.5
        known = np.isfinite(sigmas) & (sigmas > 0)
        return np.sort(moves[known] / sigmas[known])

    def _positions(self, index: pd.Index) -> Floats:
        """Bar numbers of an index, 0 at the first fitted bar; counted where the bars reach the window's end.

        Later bars that do not reach back are placed by the calendar, which only the distance limit notices: past
        the end the slope is constant.
        """
        assert self.trend is not None  # noqa: S101 - predict and fit only
        assert self.window is not None  # noqa: S101 - predict and fit only
        first, last = self.window
        end = int(index.searchsorted(last, side="right")) - 1
        if end >= 0:
            offset = self.trend.n_bars - 1 - end
        else:
            offset = self.trend.n_bars - 1 + round((index[0] - last) / ((last - first) / (self.trend.n_bars - 1)))
        return np.arange(len(index), dtype=float) + offset


def _probabilities(increments: Floats, drift: Floats, sigmas: Floats, limit: Floats) -> Probabilities:
    """Shares of the increments that fall below, between and above the threshold, add-one smoothed, shape (n, 3)."""
    n = len(increments)
    known = np.isfinite(drift) & np.isfinite(sigmas) & np.isfinite(limit) & (sigmas > 0)
    scale = np.where(known, sigmas, 1.0)
    below = np.searchsorted(increments, (-limit - drift) / scale, side="left")
    above = n - np.searchsorted(increments, (limit - drift) / scale, side="right")
    counts = np.column_stack([below, n - below - above, above])
    probabilities = (counts + 1.0) / (n + 3)
    probabilities[~known] = np.nan
    return np.asarray(probabilities)


def _reason(probabilities: Probabilities, near: NDArray[np.bool_], window: tuple[pd.Timestamp, pd.Timestamp]) -> str:
    if not near.all():
        first, last = window
        return f"the row is too far from the bars it was fitted to ({first:%Y-%m-%d} to {last:%Y-%m-%d})"
    return "" if np.isfinite(probabilities).all() else "there are too few bars before the row to know its volatility"
