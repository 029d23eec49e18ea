"""The member that reads the price as AR(1)-GARCH(1,1) with Student-t errors; fitted by arch, served without it."""

import math
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.ensemble.members import garch, increments
from ensemble_desk.ensemble.votes import Rows, Votes
from ensemble_desk.errors import IncompatibleArtifactError, extras
from ensemble_desk.market import aims, labels
from ensemble_desk.market.labels import LabelSpec

Floats = NDArray[np.float64]

NAME = "arima_garch"
SETTLING_BARS = 100  # bars before a row may vote: of the filter's start beta ** 100 is left (0.6 % at beta 0.95)
_MIN_BARS = {"w1": 250, "mn1": 120}
_MIN_BARS_ELSE = 500
_LEAST_NU = 2.5
_DOUBLINGS = 40  # less than a trillionth is left


class ArimaGarch:
    """Probabilities from the mean and variance of the next h returns, in closed form.

    State: plain floats (:class:`.garch.Parameters`) or only ``reason`` when it could not be fitted. The filter of later
    rows starts with the mean squared error of the fit, so that it needs nothing from the future.
    """

    name = NAME

    def __init__(self, *, timeframe: str) -> None:
        self.timeframe = timeframe
        self.parameters: garch.Parameters | None = None
        self.reason = "it was not fitted"

    @classmethod
    def from_state(cls, state: Mapping[str, Any], *, timeframe: str) -> Self:
        """Rebuild from :meth:`state`; raises IncompatibleArtifactError when a number is missing or impossible."""
        member = cls(timeframe=timeframe)
        if state.get("reason"):
            member.reason = str(state["reason"])
            return member
        try:
            parameters = garch.Parameters.from_state(state)
        except (KeyError, TypeError, ValueError) as error:
            raise IncompatibleArtifactError(NAME, f"its state lacks a usable {error}") from error
        problem = _unusable(parameters)
        if problem:
            raise IncompatibleArtifactError(NAME, problem)
        member.parameters, member.reason = parameters, ""
        return member

    @property
    def lookback_bars(self) -> int:
        """So many that of the filter's start less than a trillionth is left."""
        beta = 0.0 if self.parameters is None else self.parameters.beta
        forgets = math.ceil(_DOUBLINGS * math.log(2) / -math.log(beta)) if beta else 0
        return SETTLING_BARS + 2 + forgets

    def state(self) -> object:
        return {"reason": self.reason} if self.parameters is None else self.parameters.to_state()

    def fit(self, rows: Rows, classes: NDArray[np.int64], *, label: LabelSpec) -> Self:  # noqa: ARG002 - Member's form
        """Fit to the returns up to the last row.

        Raises
        ------
        MissingExtraError
            When arch is not installed.
        """
        self.parameters = None
        bars, self.reason = rows.history(least=_MIN_BARS.get(self.timeframe, _MIN_BARS_ELSE))
        if bars is None:
            return self
        returns = _returns(np.log(bars[label.price].to_numpy()))[1:]
        if not np.ptp(returns):
            self.reason = "the price moves evenly, there is no volatility to fit"
            return self
        self.parameters, self.reason = _estimate(returns)
        return self

    def predict(self, rows: Rows, *, label: LabelSpec | None) -> Votes:
        """Vote at any horizon; the first rows after the start of the bars abstain until the filter has settled."""
        if self.parameters is None:
            return Votes.abstain(len(rows.index), self.reason)
        if label is None:
            return Votes.abstain(len(rows.index), aims.UNTOLD)
        if rows.bars is None:
            return Votes.abstain(len(rows.index), "needs bars, and there are only features")
        parameters, at = self.parameters, rows.places()
        settled = at >= SETTLING_BARS
        if not settled.any():
            return Votes.abstain(len(rows.index), f"needs {SETTLING_BARS} bars before the row")
        returns = rows.once(("returns", label.price), lambda: _returns(rows.log_prices(label.price)))
        variance = rows.once(("variance", label.price, parameters), lambda: _variance(returns, parameters))
        mean, deviation = garch.aggregate(returns[at], variance[at], parameters, horizon_bars=label.horizon_bars)
        limit = 100 * labels.limits(rows.volatility(label)[at], label)
        freedom = garch.freedom(parameters, horizon_bars=label.horizon_bars)
        probabilities = increments.probabilities(mean, deviation, limit, freedom=freedom)
        probabilities[~settled] = np.nan
        complete = np.isfinite(probabilities).all()
        shares = np.where(settled, 0.01, np.nan)  # of percent
        return Votes(
            probabilities,
            "" if complete else f"needs {SETTLING_BARS} bars before the row",
            lambda: increments.moves(mean * shares, deviation * shares, freedom=freedom),
        )


def _returns(log_prices: Floats) -> Floats:
    """Log returns in percent (the scale arch converges on), shape (n,); NaN at the first bar."""
    return np.diff(100 * log_prices, prepend=np.nan)


def _variance(returns: Floats, parameters: garch.Parameters) -> Floats:
    return np.concatenate([[np.nan], garch.next_variance(returns[1:], parameters)])


def _estimate(returns: Floats) -> tuple[garch.Parameters | None, str]:
    """Fit by maximum likelihood; gives parameters, or None and why they cannot be used."""
    with extras.needed():
        from arch import arch_model
    model = arch_model(returns, mean="AR", lags=1, vol="GARCH", p=1, q=1, dist="t", rescale=False)
    try:
        fitted = model.fit(disp="off", show_warning=False)
    except (np.linalg.LinAlgError, ValueError) as error:
        return None, f"the fit failed ({error})"
    if fitted.convergence_flag != 0:
        return None, "the fit did not converge"
    found = dict(zip(("const", "phi", "omega", "alpha", "beta", "nu"), fitted.params.to_numpy(), strict=True))
    errors = np.asarray(fitted.resid)
    parameters = garch.Parameters(
        **{name: float(value) for name, value in found.items()}, start=float(np.nanmean(errors**2))
    )
    problem = _unusable(parameters)
    return (None, problem) if problem else (parameters, "")


def _unusable(p: garch.Parameters) -> str:
    """Say why parameters describe no stationary process with a variance; '' when they do."""
    if not np.isfinite(list(p.to_state().values())).all() or p.omega <= 0 or p.alpha < 0 or p.beta < 0 or p.start <= 0:
        return "the fit gave impossible parameters"
    if p.persistence >= 1:
        return f"volatility is not stationary (alpha + beta = {p.persistence:.4f})"
    if abs(p.phi) >= 1:
        return f"returns are not stationary (phi = {p.phi:.4f})"
    if p.nu < _LEAST_NU:
        return f"tails are too heavy (nu = {p.nu:.2f}, below {_LEAST_NU})"
    return ""
