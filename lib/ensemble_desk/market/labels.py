"""The label of a bar (BEARISH, NEUTRAL, BULLISH) as one specification that every score of a version uses."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from ensemble_desk.market.windows import Floats, trailing

CLASSES: tuple[str, str, str] = ("BEARISH", "NEUTRAL", "BULLISH")
BEARISH, NEUTRAL, BULLISH = range(3)


@dataclass(frozen=True, slots=True)
class LabelSpec:
    """How the move after a bar becomes a class; stored in every version and the only thing that scores it.

    Attributes
    ----------
    horizon_bars : how many present bars ahead the move is measured.
    rule : ``volatility`` (threshold = multiplier * sigma_t * sqrt(horizon)) or ``fixed`` (threshold as given).
    multiplier : the k of the volatility rule.
    sigma_window : bars in the trailing standard deviation sigma_t of one-bar log returns, known at t.
    fixed_threshold : log-return threshold of the fixed rule.
    price : the column that is compared.
    return_kind : only ``log``.
    """

    horizon_bars: int
    rule: Literal["volatility", "fixed"] = "volatility"
    multiplier: float = 0.5
    sigma_window: int = 20
    fixed_threshold: float = 0.0
    price: str = "close"
    return_kind: str = "log"

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "LabelSpec":
        return cls(**stored)

    def at_horizon(self, horizon_bars: int) -> "LabelSpec":
        """Carry the label over to another horizon; a fixed threshold grows with the square root of time, like moves."""
        widened = self.fixed_threshold * (horizon_bars / self.horizon_bars) ** 0.5
        return replace(self, horizon_bars=horizon_bars, fixed_threshold=widened)


def forward_return(bars: pd.DataFrame, spec: LabelSpec) -> pd.Series:
    """Log return from each bar to the one ``horizon_bars`` later; NaN where that bar is not there yet. Shape (n,)."""
    log_price = _log_price(bars, spec)
    return log_price.shift(-spec.horizon_bars) - log_price


def volatility(bars: pd.DataFrame, spec: LabelSpec) -> Floats:
    """Trailing standard deviation of one-bar log returns, known at each bar; NaN during warm-up. Shape (n,).

    Each window is summed by itself, so that a bar's is the same however many bars are there.
    """
    sigma = np.full(len(bars), np.nan)
    if len(bars) > spec.sigma_window:
        moves = np.diff(np.log(bars[spec.price].to_numpy(np.float64)))
        windows = trailing(moves, spec.sigma_window, rows=len(moves) - spec.sigma_window + 1)
        sigma[spec.sigma_window :] = windows.std(axis=1, ddof=1)
    return sigma


def limits(sigma: Floats, spec: LabelSpec) -> Floats:
    """Log-return threshold at each volatility, in the same shape."""
    if spec.rule == "fixed":
        return np.full_like(sigma, spec.fixed_threshold)
    widened: Floats = sigma * (spec.multiplier * spec.horizon_bars**0.5)
    return widened


def threshold(bars: pd.DataFrame, spec: LabelSpec) -> pd.Series:
    """Log-return threshold of each bar, from what is known at that bar; NaN during warm-up. Shape (n,)."""
    sigma = volatility(bars, spec) if spec.rule == "volatility" else np.empty(len(bars))
    return pd.Series(limits(sigma, spec), index=bars.index)


def label(bars: pd.DataFrame, spec: LabelSpec) -> pd.Series:
    """Class number of each bar, shape (n,): 0, 1, 2, or NaN where the outcome is pending or the threshold unknown.

    A move of exactly the threshold is NEUTRAL.
    """
    move, limit = forward_return(bars, spec), threshold(bars, spec)
    known = move.notna() & limit.notna()
    classes = np.where(move > limit, float(BULLISH), np.where(move < -limit, float(BEARISH), float(NEUTRAL)))
    return pd.Series(classes, index=bars.index).where(known)


def _log_price(bars: pd.DataFrame, spec: LabelSpec) -> "pd.Series[float]":
    return pd.Series(np.log(bars[spec.price].to_numpy(np.float64)), index=bars.index)
