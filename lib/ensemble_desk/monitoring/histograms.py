"""Reference histograms of features, and how far windows of new values lie from them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Distances of m windows from a reference, shapes (m,), and of the first one some more.

    Attributes
    ----------
    distance : Wasserstein distance in the feature's own unit.
    ks : largest difference of the cumulative shares at the edges.
    outside : share of values outside the reference's range.
    in_deviations : the first distance in reference standard deviations; None for a constant reference.
    psi, psi_null : population stability index of the first window, and its mean when nothing changed.
    """

    distance: Floats
    ks: Floats
    outside: Floats
    in_deviations: float | None
    psi: float
    psi_null: float


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A histogram of k bins: edges of shape (k + 1,), not falling; counts of shape (k,)."""

    edges: Floats
    counts: Floats

    @property
    def shares(self) -> Floats:
        return np.asarray(self.counts / self.counts.sum())

    @property
    def deviation(self) -> float:
        """Standard deviation, each bin taken as uniform."""
        middle, width = (self.edges[1:] + self.edges[:-1]) / 2, np.diff(self.edges)
        mean = float(self.shares @ middle)
        return math.sqrt(max(float(self.shares @ (middle**2 + width**2 / 12)) - mean**2, 0.0))

    def measure(self, windows: Floats) -> Measured:
        """Measure m windows of n values, shape (m, n).

        Within a bin the window counts as spread like the reference, so that features of few values (weekdays) are
        compared value by value; beyond the edges its true distance counts.
        """
        n = windows.shape[1]
        low, high = self.edges[0], self.edges[-1]
        outside = (windows < low) | (windows > high)
        counts = self._counts(windows)
        cumulated = np.cumsum(counts, axis=1)[:, :-1] / n  # share below each edge
        difference = np.abs(cumulated - np.concatenate([[0.0], np.cumsum(self.shares)]))
        inside = ((difference[:, 1:] + difference[:, :-1]) / 2) @ np.diff(self.edges)
        beyond = (np.maximum(windows - high, 0.0) + np.maximum(low - windows, 0.0)).mean(axis=1)
        distance = inside + beyond
        deviation = self.deviation
        return Measured(
            distance=distance,
            ks=difference.max(axis=1),
            outside=outside.mean(axis=1),
            in_deviations=float(distance[0]) / deviation if deviation > 0 else None,
            psi=self._psi(counts[0]),
            psi_null=(len(self.counts) - 1) * (1 / n + 1 / float(self.counts.sum())),
        )

    def _counts(self, windows: Floats) -> Ints:
        """Count values below the range, in each bin and above it, shape (m, k + 2)."""
        m, k = len(windows), len(self.counts)
        bins = np.clip(np.searchsorted(self.edges, windows, side="right"), 1, k)  # the last bin holds its upper edge
        bins = np.where(windows < self.edges[0], 0, np.where(windows > self.edges[-1], k + 1, bins))
        numbered = bins + (k + 2) * np.arange(m)[:, None]
        return np.bincount(numbered.ravel(), minlength=m * (k + 2)).reshape(m, k + 2)

    def _psi(self, counts: Ints) -> float:
        """Population stability index, half a count where one side is empty; values beyond the edges join the ends."""
        inner = counts[1:-1].astype(np.float64)
        inner[0] += counts[0]
        inner[-1] += counts[-1]
        told = (inner > 0) | (self.counts > 0)
        new = np.maximum(inner[told], 0.5) / inner.sum()
        old = np.maximum(self.counts[told], 0.5) / self.counts.sum()
        return float(np.sum((new - old) * np.log(new / old)))


def read(stored: Any) -> dict[str, Reference]:
    """Read the histograms of a manifest, by feature; those that cannot be one are left out."""
    if not isinstance(stored, Mapping):
        return {}
    found = {str(name): _reference(told) for name, told in stored.items()}
    return {name: reference for name, reference in found.items() if reference is not None}


def _reference(told: Any) -> Reference | None:
    if not isinstance(told, Mapping):
        return None
    try:
        edges = np.asarray(told.get("edges"), dtype=np.float64)
        counts = np.asarray(told.get("counts"), dtype=np.float64)
    except (TypeError, ValueError):
        return None
    fits = edges.ndim == counts.ndim == 1 and len(edges) == len(counts) + 1 > 1
    if not fits or not np.isfinite(edges).all() or (np.diff(edges) < 0).any():
        return None
    return Reference(edges, counts) if (counts >= 0).all() and counts.sum() > 0 else None
