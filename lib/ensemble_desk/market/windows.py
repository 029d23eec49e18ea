"""Trailing windows over a series, and recursive averages cut to a window so that their memory is finite."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def trailing(values: Floats, length: int, *, rows: int) -> Floats:
    """The last ``length`` values at each of the last ``rows`` positions, as a view of shape (rows, length)."""
    return np.lib.stride_tricks.sliding_window_view(values, length)[-rows:]


@cache
def wilder_weights(period: int, length: int) -> Floats:
    """Weights, oldest first, of Wilder's average of ``length`` values: seeded by a mean, then 1/period each."""
    return _recursive_weights(period, length, share=1 / period)


@cache
def ema_weights(period: int, length: int) -> Floats:
    """Weights, oldest first, of the exponential average of ``length`` values: seeded by a mean, then 2/(period+1)."""
    return _recursive_weights(period, length, share=2 / (period + 1))


@cache
def macd_weights(fast: int, slow: int, signal: int, length: int) -> tuple[Floats, Floats]:
    """Weights, oldest first, of the MACD line and of its signal line after ``length`` closes.

    As TA-Lib does, both averages start on the same bar, the first that the slow one can have.
    """
    lines = np.zeros((length - slow + 1, length))
    for i, end in enumerate(range(slow, length + 1)):
        lines[i, :end] -= ema_weights(slow, end)
        lines[i, slow - fast : end] += ema_weights(fast, end - slow + fast)
    line, signal_line = lines[-1].copy(), ema_weights(signal, len(lines)) @ lines
    line.flags.writeable = signal_line.flags.writeable = False
    return line, signal_line


def _recursive_weights(period: int, length: int, *, share: float) -> Floats:
    later = share * (1 - share) ** np.arange(length - period)[::-1]
    seed = np.full(period, (1 - share) ** (length - period) / period)
    weights = np.concatenate((seed, later))
    weights.flags.writeable = False
    return weights
