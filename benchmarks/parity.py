"""Both sides must give the same: what differs stops the benchmark, what was compared is told in its row."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from benchmarks.guide import CLASSES

TOLERANCE = 1e-12


class DifferentResultsError(Exception):
    """The two sides did not do the same work, so their times must not be compared."""


def probabilities(ours: Any, theirs: Any) -> str:
    """Compare probabilities of shape (n, 3), or forecasts of one row, to 1e-12 and without a flip of the class."""
    first, second = _table(ours), _table(theirs)
    if first.shape != second.shape:
        message = f"{first.shape} probabilities against {second.shape}"
        raise DifferentResultsError(message)
    farthest = float(np.abs(first - second).max())
    flips = int((first.argmax(axis=1) != second.argmax(axis=1)).sum())
    if not farthest <= TOLERANCE or flips:
        message = f"probabilities differ by {farthest:.2g} with {flips} flips of the class"
        raise DifferentResultsError(message)
    rows = f"{len(first):,} rows" if len(first) > 1 else "one row"
    return f"probabilities of {rows} within {farthest:.0e}, no flips" if farthest else f"probabilities of {rows} equal"


def equal(ours: object, theirs: object, what: str) -> str:
    """Compare values that must be the same."""
    if ours != theirs:
        message = f"{what} differ: {str(ours)[:300]} against {str(theirs)[:300]}"
        raise DifferentResultsError(message)
    return f"same {what}"


def _table(found: Any) -> np.ndarray:
    if isinstance(found, dict):
        return np.array([[found["probabilities"][name] for name in CLASSES]])
    if isinstance(found, pd.DataFrame):
        return found[list(CLASSES)].to_numpy(float)
    if isinstance(found, Sequence):
        return np.concatenate([_table(one) for one in found])
    return np.asarray(found, dtype=float)
