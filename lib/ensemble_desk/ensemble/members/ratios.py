"""Ratios that mean the same for every symbol: features of a row divided by the volatility known at it."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEATURES = (
    "return_1",
    "return_5",
    "return_20",
    "volatility_5",
    "volatility_20",
    "volatility_60",
    "range_volatility_20",
    "rsi_14",
    "close_to_sma_10",
    "close_to_sma_50",
    "atr_14",
    "volume_ratio_20",
    "range_position_60",
)
"""What the ratios are made of."""

RATIOS = (
    "volatility_5 / volatility_20",
    "volatility_20 / volatility_60",
    "range_volatility_20 / volatility_20",
    "atr_14 / volatility_20",
    "return_1 / volatility_20",
    "|return_1| / volatility_20",
    "return_5 / volatility_20",
    "|return_5| / volatility_20",
    "return_20 / volatility_20",
    "|return_20| / volatility_20",
    "close_to_sma_10 / volatility_20",
    "close_to_sma_50 / volatility_20",
    "log(volume_ratio_20)",
    "(rsi_14 - 50) / 20",
    "range_position_60 - 0.5",
)
"""Ratios of two volatilities as logarithms; returns over several bars by the volatility of so many."""

_LEAST_VOLATILITY = 1e-6
_LEAST_VOLUME = 0.05
_FURTHEST = 8.0  # from zero: a bar beyond that tells no more than one at it


def places(names: Sequence[str]) -> NDArray[np.int64] | None:
    """Find the columns that the ratios are made of; None where one is missing."""
    at = {name: number for number, name in enumerate(names)}
    if not all(name in at for name in FEATURES):
        return None
    return np.array([at[name] for name in FEATURES])


def of(features: Floats) -> Floats:
    """Compute the ratios of rows that hold FEATURES in their order, shape (n, 13); gives shape (n, 15)."""
    r1, r5, r20, v5, v20, v60, ranged, rsi, sma10, sma50, atr, volume, position = features.T
    sigma = np.maximum(v20, _LEAST_VOLATILITY)
    week, month = sigma * 5**0.5, sigma * 20**0.5
    found = [
        _log(v5, sigma),
        _log(sigma, v60),
        _log(ranged, sigma),
        _log(atr, sigma),
        r1 / sigma,
        np.abs(r1) / sigma,
        r5 / week,
        np.abs(r5) / week,
        r20 / month,
        np.abs(r20) / month,
        sma10 / sigma,
        sma50 / sigma,
        np.log(np.maximum(volume, _LEAST_VOLUME)),
        (rsi - 50) / 20,
        position - 0.5,
    ]
    return np.asarray(np.clip(np.column_stack(found), -_FURTHEST, _FURTHEST))


def of_one(features: Sequence[float]) -> list[float]:
    """Compute the ratios of a single row in plain numbers: :func:`of` in a tenth of the time."""
    r1, r5, r20, v5, v20, v60, ranged, rsi, sma10, sma50, atr, volume, position = features
    sigma = max(v20, _LEAST_VOLATILITY)
    week, month, log = sigma * 5**0.5, sigma * 20**0.5, math.log
    found = (
        log(max(v5, _LEAST_VOLATILITY) / sigma),
        log(sigma / max(v60, _LEAST_VOLATILITY)),
        log(max(ranged, _LEAST_VOLATILITY) / sigma),
        log(max(atr, _LEAST_VOLATILITY) / sigma),
        r1 / sigma,
        abs(r1) / sigma,
        r5 / week,
        abs(r5) / week,
        r20 / month,
        abs(r20) / month,
        sma10 / sigma,
        sma50 / sigma,
        log(max(volume, _LEAST_VOLUME)),
        (rsi - 50) / 20,
        position - 0.5,
    )
    return [min(max(one, -_FURTHEST), _FURTHEST) for one in found]


def _log(above: Floats, below: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(above, _LEAST_VOLATILITY) / np.maximum(below, _LEAST_VOLATILITY)))
