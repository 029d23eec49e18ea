"""How the votes of members become one forecast: weights, temperature, combination and agreement."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.ensemble.votes import Probabilities
from ensemble_desk.errors import extras

Floats = NDArray[np.float64]

_SMALLEST = 1e-12
_LEAST_WEIGHT = 1e-6
USELESS = 0.05  # weight below which a member adds nothing that its half of an equal share would not spoil
_TEMPERATURES = (0.25, 4.0)


def optimise_weights(
    probabilities: Mapping[str, Probabilities], y: NDArray[np.int64], *, shrink: float = 0.5, useless: float = USELESS
) -> dict[str, float]:
    """Weights with the least log-loss of the linear pool on out-of-fold rows, shrunk towards equal weights.

    The log-loss of a linear pool is convex in its weights; sequential quadratic programming finds the minimum over the
    simplex. Members that get less than ``useless`` there are left out, the least one first, and the rest weighed again;
    ``shrink`` is the share of equal weights among the rest in the result (1/2: the most reliable).
    On a row where members abstain, the others share the row in proportion to their weights, as in :func:`combine`.
    A member that never voted gets no weight.
    """
    voting = [name for name, p in probabilities.items() if np.isfinite(p).all(axis=1).any()]
    result = dict.fromkeys(probabilities, 0.0)
    if not voting:
        return result
    while True:
        hit = np.column_stack([probabilities[name][np.arange(len(y)), y] for name in voting])
        hit = hit[np.isfinite(hit).any(axis=1)]
        voted = np.isfinite(hit).astype(float)
        weights = _minimise(np.where(voted, np.maximum(hit, _SMALLEST), 0.0), voted)
        if len(voting) == 1 or weights.min() >= useless:
            break
        del voting[int(weights.argmin())]
    shrunk = (1 - shrink) * weights + shrink / len(voting)
    return result | {name: float(weight) for name, weight in zip(voting, shrunk, strict=True)}


def _minimise(hit: Floats, voted: Floats) -> Floats:
    """Solve for the weights; `hit` (n, k) holds each member's probability of what happened, 0 where it abstained."""
    with extras.needed():
        from scipy.optimize import minimize

    def loss(weights: Floats) -> tuple[float, Floats]:
        pooled, present = hit @ weights, voted @ weights
        gradient = (voted / present[:, None] - hit / pooled[:, None]).mean(axis=0)
        return float(np.mean(np.log(present) - np.log(pooled))), gradient

    k = hit.shape[1]
    found = minimize(
        loss,
        np.full(k, 1 / k),
        jac=True,
        method="SLSQP",
        bounds=[(_LEAST_WEIGHT, 1.0)] * k,  # a row on which a single member voted must keep a pool
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like},
        options={"ftol": 1e-10, "maxiter": 200},
    )
    weights = np.clip(found.x, 0.0, 1.0)
    return np.asarray(weights / weights.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The votes of k members on n rows, and what each of them counts on each row.

    Attributes
    ----------
    votes : shape (k, n, 3); NaN where a member abstained.
    voted : shape (k, n).
    shares : shape (k, n), the weights of those that voted, scaled to sum to 1; all 0 where nobody with weight voted.
    """

    votes: Floats
    voted: NDArray[np.bool_]
    shares: Floats

    @classmethod
    def of(cls, probabilities: Mapping[str, Probabilities], weights: Mapping[str, float]) -> "Pool":
        votes = np.array(list(probabilities.values()))
        voted = np.isfinite(votes).all(axis=2)
        given = np.array([[weights.get(name, 0.0)] for name in probabilities]) * voted
        total = given.sum(axis=0)
        total[total == 0] = 1.0
        return cls(votes, voted, given / total)

    def combined(self) -> Probabilities:
        """Linear pool, shape (n, 3); NaN on rows where no member with weight voted."""
        if self.voted.all() and self.shares[:, :1].any():  # then every row has the same shares
            return np.asarray((self.shares[:, :, None] * self.votes).sum(axis=0))
        pooled = (self.shares[:, :, None] * np.where(np.isfinite(self.votes), self.votes, 0.0)).sum(axis=0)
        pooled[self.shares.sum(axis=0) == 0] = np.nan
        return np.asarray(pooled)

    def agreement(self, labels: NDArray[np.int64]) -> Floats:
        """Weight share of the members whose most probable class is the row's label, shape (n,); NaN without votes."""
        own = np.where(np.isfinite(self.votes), self.votes, -1.0).argmax(axis=2)
        agreed = (self.shares * (own == labels)).sum(axis=0)
        return np.where(self.shares.sum(axis=0) > 0, agreed, np.nan)


def combine(probabilities: Mapping[str, Probabilities], weights: Mapping[str, float]) -> Probabilities:
    """Linear pool of shape (n, 3); on each row only members that voted count, their weights scaled to sum to 1.

    A row on which no member with weight voted is NaN.
    """
    return Pool.of(probabilities, weights).combined()


def apply_temperature(p: Probabilities, temperature: float) -> Probabilities:
    """Sharpen (below 1) or soften (above 1) probabilities: ``p ** (1 / T)``, scaled to sum to 1; NaN rows stay."""
    if temperature == 1.0:
        return p
    logs = np.log(np.maximum(p, _SMALLEST)) / temperature
    raised = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def fit_temperature(p: Probabilities, y: NDArray[np.int64]) -> float:
    """Find the temperature in 0.25..4 with the least log-loss on rows of shape (n, 3); 1 when there are none."""
    with extras.needed():
        from scipy.optimize import minimize_scalar

    voted = np.isfinite(p).all(axis=1)
    if not voted.any():
        return 1.0
    p, y = p[voted], y[voted]

    def loss(log_temperature: float) -> float:
        scaled = apply_temperature(p, float(np.exp(log_temperature)))
        return float(-np.log(np.maximum(scaled[np.arange(len(y)), y], _SMALLEST)).mean())

    low, high = np.log(_TEMPERATURES)
    return float(np.exp(minimize_scalar(loss, bounds=(low, high), method="bounded").x))
