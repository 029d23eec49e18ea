"""Prophet's fitted trend as plain numbers: fitted by the library, evaluated without it."""

import contextlib
import logging
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.errors import extras

Floats = NDArray[np.float64]

_CHANGEPOINT_PRIOR_SCALE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Trend:
    """A piecewise linear trend over bars numbered 0 .. n_bars - 1.

    Attributes
    ----------
    k, m : first slope and offset, in scaled units.
    delta : change of slope at each changepoint, shape (s,).
    changepoints : where they lie, as shares of the fitted window, shape (s,).
    floor, scale : y = floor + scale * scaled y.
    n_bars : length of the fitted window.
    """

    k: float
    m: float
    delta: Floats
    changepoints: Floats
    floor: float
    scale: float
    n_bars: int

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Trend":
        """Read back :meth:`to_state`; raises KeyError, TypeError or ValueError."""
        delta, changepoints = np.asarray(state["delta"], dtype=float), np.asarray(state["changepoints"], dtype=float)
        if delta.ndim != 1 or delta.shape != changepoints.shape:
            problem = f"delta {delta.shape} and changepoints {changepoints.shape}"
            raise ValueError(problem)
        k, m, floor, scale = (float(state[name]) for name in ("k", "m", "floor", "scale"))
        return cls(k, m, delta, changepoints, floor, scale, int(state["n_bars"]))

    def to_state(self) -> dict[str, Any]:
        return asdict(self)

    def at(self, positions: Floats) -> Floats:
        """Evaluate at bar numbers of any shape (n,); beyond the window the last slope continues."""
        t = positions / (self.n_bars - 1)
        passed = self.changepoints[None, :] <= t[:, None]
        slope = self.k + passed @ self.delta
        offset = self.m - passed @ (self.delta * self.changepoints)
        return np.asarray(self.floor + self.scale * (slope * t + offset))


def fit(y: Floats, *, seed: int) -> Trend:
    """Fit Prophet to n equally spaced values, shape (n,), without seasonalities.

    Values are scaled to 0..1 first, so that the trend does not depend on the price's unit.

    Raises
    ------
    MissingExtraError
        When prophet is not installed.
    RuntimeError, ValueError
        When the optimiser fails.
    """
    with extras.needed():
        from prophet import Prophet
    # bars, not days, are equally spaced: every bar gets a day of its own
    days = pd.Timestamp("2000-01-01") + pd.to_timedelta(np.arange(len(y)), unit="D")
    model = Prophet(
        yearly_seasonality=False,
        weekly_seasonality=False,
        daily_seasonality=False,
        changepoint_prior_scale=_CHANGEPOINT_PRIOR_SCALE,
        scaling="minmax",
        uncertainty_samples=0,
    )
    with _quiet():
        model.fit(pd.DataFrame({"ds": days, "y": y}), seed=seed)
    return Trend(
        k=float(model.params["k"].item()),
        m=float(model.params["m"].item()),
        delta=np.asarray(model.params["delta"], dtype=float).ravel(),
        changepoints=np.asarray(model.changepoints_t, dtype=float),
        floor=float(y.min()),
        scale=float(np.ptp(y)) or 1.0,
        n_bars=len(y),
    )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the optimiser's progress out of the log, and prophet's use of ageing pandas calls out of the warnings."""
    # disabled, not a level: cmdstanpy sets its own level at the first use
    loggers = [logging.getLogger(name) for name in ("cmdstanpy", "prophet", "prophet.models")]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"(prophet|cmdstanpy)(\.|$)")
            yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled
