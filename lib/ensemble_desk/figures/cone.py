"""Where prices may go by volatility alone: quantiles ahead of the last bar, and the label's own limits."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.market import timeframes
from ensemble_desk.market.labels import LabelSpec, threshold

BANDS = (0.9, 0.5)  # central shares that are drawn, widest first


@dataclass(frozen=True, slots=True, eq=False)
class Cone:
    """Quantiles of the price at 0..h bars after the last one, shape (h + 1,) each.

    Attributes
    ----------
    times : the last bar and the h bars expected after it.
    bands : per central share in ``BANDS`` the lower and the upper price.
    limits : lower and upper price beyond which the move counts as BEARISH or BULLISH at the horizon; None when the
        version does not tell its label.
    """

    times: pd.DatetimeIndex
    bands: dict[float, tuple[NDArray[np.float64], NDArray[np.float64]]]
    limits: tuple[float, float] | None


def ahead(last: pd.Timestamp, n_bars: int, timeframe: str) -> pd.DatetimeIndex:
    """Times of the last bar and of the next ``n_bars``: business days for d1, month ends for mn1, else whole steps."""
    frequency = {"d1": "B", "mn1": "BME"}.get(timeframe, timeframes.get(timeframe).span)
    later = pd.date_range(last, periods=n_bars + 2, freq=frequency)
    later = later[later > last][:n_bars]
    return pd.DatetimeIndex([last, *later])


def of(
    frame: pd.DataFrame,
    *,
    timeframe: str,
    horizon_bars: int,
    label: LabelSpec | None = None,
    known: pd.DatetimeIndex | None = None,
) -> Cone:
    """Spread the trailing 20-bar volatility over the horizon, without any drift.

    Log returns are taken as normal with the trailing standard deviation known at the last bar, the same one that the
    label's threshold uses, so a band and a limit can be compared by eye. ``known`` are times of bars that came after
    the last one; the others are expected ones.
    """
    close = float(frame["close"].iloc[-1])
    sigma = float(np.log(frame["close"]).diff().tail(20).std())
    root = sigma * np.sqrt(np.arange(horizon_bars + 1))
    bands = {}
    for share in BANDS:
        reach = NormalDist().inv_cdf(0.5 + share / 2) * root
        bands[share] = (close * np.exp(-reach), close * np.exp(reach))
    limits = None
    if label is not None:
        spec = LabelSpec.from_dict({**label.to_dict(), "horizon_bars": horizon_bars})
        move = float(threshold(frame.tail(spec.sigma_window + 1), spec).iloc[-1])
        limits = (close * float(np.exp(-move)), close * float(np.exp(move)))
    came = pd.DatetimeIndex([frame.index[-1]]) if known is None else known[:horizon_bars].insert(0, frame.index[-1])
    rest = ahead(came[-1], horizon_bars + 1 - len(came), timeframe)
    return Cone(pd.DatetimeIndex([*came, *rest[1:]]), bands, limits)
