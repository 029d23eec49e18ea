"""How far two values are apart, each made of numbers, texts, times, arrays and values of these."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

import numpy as np

CLOSE = 1e-6  # two machines may round differently


def between(one: Any, other: Any) -> float:
    """Give the largest difference of two numbers in the same place, relative above 1; infinite where aught else is."""
    if is_dataclass(one) and is_dataclass(other) and not isinstance(one, type) and not isinstance(other, type):
        return between(asdict(one), asdict(other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return (
            max((between(one[name], other[name]) for name in one), default=0)
            if one.keys() == other.keys()
            else math.inf
        )
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return _of_arrays(one, other)
    if isinstance(one, Sequence) and isinstance(other, Sequence) and not isinstance(one, str):
        pairs = zip(one, other, strict=False)
        return max((between(*pair) for pair in pairs), default=0) if len(one) == len(other) else math.inf
    if isinstance(one, float) and isinstance(other, float):
        return _of_arrays(np.asarray(one), np.asarray(other))
    return 0.0 if one == other else math.inf


def _of_arrays(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    if (one.shape, one.dtype) != (other.shape, other.dtype):
        return math.inf
    if one.dtype.kind != "f":
        return 0.0 if np.array_equal(one, other) else math.inf
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    finite = np.isfinite(one) & np.isfinite(other)
    if not (same | finite).all():
        return math.inf
    gaps = np.abs(one[~same] - other[~same]) / np.maximum(1, np.maximum(np.abs(one[~same]), np.abs(other[~same])))
    return float(gaps.max(initial=0))
