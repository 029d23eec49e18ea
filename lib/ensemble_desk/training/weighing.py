"""Weights and temperature of the pool, learnt from out-of-fold rows alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.ensemble import pool
from ensemble_desk.ensemble.votes import Probabilities
from ensemble_desk.evaluation import metrics
from ensemble_desk.training.walk_forward import OutOfFold


@dataclass(frozen=True, slots=True)
class Weighing:
    """One weight a member (they sum to 1) and the temperature that calibrates their pool."""

    weights: Mapping[str, float]
    temperature: float

    def beside(self, names: Iterable[str]) -> "Weighing":
        """Keep these members too, without weight where they have none: they may speak about other horizons."""
        return replace(self, weights={**self.weights, **{name: 0.0 for name in names if name not in self.weights}})

    def pooled(self, probabilities: Mapping[str, Probabilities]) -> Probabilities:
        """Calibrated ensemble probabilities, shape (n, 3); NaN where every member abstained."""
        return pool.apply_temperature(pool.combine(probabilities, self.weights), self.temperature)


def learn(oof: OutOfFold, *, useless: float = pool.USELESS) -> Weighing:
    """Half-shrunk log-loss weights over the simplex, then one temperature, both on the same out-of-fold rows."""
    return _calibrated(oof, pool.optimise_weights(oof.probabilities, oof.classes, useless=useless))


def equal(oof: OutOfFold) -> Weighing:
    """The same weight for every member, with a temperature of its own: the yardstick of the learnt weights."""
    return _calibrated(oof, dict.fromkeys(oof.probabilities, 1 / len(oof.probabilities)))


def _calibrated(oof: OutOfFold, weights: Mapping[str, float]) -> Weighing:
    p, y = voted(pool.combine(oof.probabilities, weights), oof.classes)
    return Weighing(weights, pool.fit_temperature(p, y))


def voted(p: Probabilities, y: NDArray[np.int64]) -> tuple[Probabilities, NDArray[np.int64]]:
    """Leave out the rows on which nobody voted."""
    known = np.isfinite(p).all(axis=1)
    return p[known], y[known]


def told(oof: OutOfFold, weighing: Weighing) -> dict[str, object]:
    """What the out-of-fold rows said, as plain values; log losses in nats."""
    p, y = voted(weighing.pooled(oof.probabilities), oof.classes)
    own = {name: metrics.log_loss(*voted(given, oof.classes)) for name, given in oof.probabilities.items()}
    return {"n": len(y), "log_loss": metrics.log_loss(p, y), "members": own}


def best_member(oof: OutOfFold) -> str:
    """Name the member with the least out-of-fold log-loss, so that the holdout has no say in the choice."""
    return min(oof.probabilities, key=lambda name: metrics.log_loss(*voted(oof.probabilities[name], oof.classes)))
