"""How often each class came among the rows a version learnt from, and how far a forecast stands above that.

The usual rates are what is forecast by who knows nothing else. The class furthest above its usual rate is the lean.
"""

from collections.abc import Mapping
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.market.labels import CLASSES

Rates = tuple[float, float, float]
"""Shares of BEARISH, NEUTRAL, BULLISH, adding up to 1."""

_ROUNDING = 1e-6


class Edge(TypedDict):
    """What a forecast says beyond the usual rates; all None where the version does not tell them."""

    usual_rates: dict[str, float] | None
    edges: dict[str, float] | None
    lean: str | None


def of(y: NDArray[np.int64]) -> dict[str, float]:
    """Give the share of each class among class numbers of shape (n,), by name."""
    shares = np.bincount(y, minlength=len(CLASSES)) / max(len(y), 1)
    return dict(zip(CLASSES, shares.tolist(), strict=True))


def read(told: object) -> Rates | None:
    """Read usual rates by name; None for anything that is not three shares that add up to 1."""
    if not isinstance(told, Mapping):
        return None
    shares = [told.get(name) for name in CLASSES]
    known = [float(one) for one in shares if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(known) < len(CLASSES) or not min(known) >= 0 or not abs(sum(known) - 1) <= _ROUNDING:
        return None
    return known[0], known[1], known[2]


def of_content(content: Mapping[str, object]) -> Rates | None:
    """Read what an artifact or a manifest tells of its usual rates."""
    evaluation = content.get("evaluation")
    found = read(content.get("usual_rates"))
    return read(evaluation.get("usual_rates")) if found is None and isinstance(evaluation, Mapping) else found


def edge(probabilities: Mapping[str, float], rates: Rates | None) -> Edge:
    """Put each probability beside its usual rate and name the lean."""
    if rates is None:
        return Edge(usual_rates=None, edges=None, lean=None)
    usual = dict(zip(CLASSES, rates, strict=True))
    edges = {name: probabilities[name] - rate for name, rate in usual.items()}
    return Edge(usual_rates=usual, edges=edges, lean=max(edges, key=edges.__getitem__))


def leans(p: NDArray[np.float64], rates: NDArray[np.float64] | Rates) -> NDArray[np.int64]:
    """Class number of the lean on each row of probabilities, shape (n, 3); rates of shape (3,) or (n, 3)."""
    return np.asarray(np.where(np.isfinite(p), p - np.asarray(rates), -np.inf).argmax(axis=1))
