"""Class probabilities of a price move from its forecast mean and spread against the label's own threshold."""

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.ensemble.members import distributions
from ensemble_desk.ensemble.votes import Probabilities

Floats = NDArray[np.float64]

_LEVELS = (0.25, 0.10, 0.025)  # below the lower limits of the bands of 50, 80 and 95 %
_AS_IF_DRAWN = 1000  # add-one smoothing as though the probability came from this many simulated paths


def probabilities(mean: Floats, deviation: Floats, threshold: Floats, *, freedom: float) -> Probabilities:
    """P(BEARISH), P(NEUTRAL), P(BULLISH) of a Student-t move, shape (n, 3); NaN where anything is not finite.

    ``mean``, ``deviation`` (standard deviation) and ``threshold`` are of shape (n,) in the same log units;
    ``freedom`` is the t distribution's degrees of freedom (above 2, or the deviation would not exist; infinity for
    the normal). Every class keeps at least about 0.1 %: ``(1000 p + 1) / 1003``.
    """
    normal, student_t = distributions.available()
    scale = deviation if np.isinf(freedom) else deviation * np.sqrt((freedom - 2) / freedom)
    low, high = (-threshold - mean) / scale, (threshold - mean) / scale
    below = normal(low) if np.isinf(freedom) else student_t(freedom, low)
    above = normal(-high) if np.isinf(freedom) else student_t(freedom, -high)
    raw = np.column_stack([below, np.maximum(1 - below - above, 0.0), above])
    smoothed = (raw * _AS_IF_DRAWN + 1) / (_AS_IF_DRAWN + 3)
    smoothed[~np.isfinite(raw).all(axis=1)] = np.nan
    return np.asarray(smoothed)


def moves(mean: Floats, deviation: Floats, *, freedom: float) -> Floats:
    """Mean and bands of a Student-t move, shape (n, 7) in the order of MOVES; arguments as :func:`probabilities`."""
    scale = deviation if np.isinf(freedom) else deviation * ((freedom - 2) / freedom) ** 0.5
    limits = [mean + side * distributions.upper(freedom, level) * scale for level in _LEVELS for side in (-1, 1)]
    return np.column_stack([mean, *limits])


def moves_drawn(increments: Floats, drift: Floats, scale: Floats) -> Floats:
    """Mean and bands of a move whose increments, shape (m,), were observed; shape (n, 7) in the order of MOVES."""
    levels = np.quantile(increments, [at for level in _LEVELS for at in (level, 1 - level)])
    told = np.concatenate([[increments.mean()], levels])
    return np.asarray(drift[:, None] + scale[:, None] * told)
