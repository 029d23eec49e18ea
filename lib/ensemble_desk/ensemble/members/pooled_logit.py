"""The member that learns from every symbol at once: a multinomial logistic regression on ratios, kept as plain numbers.

Ratios by volatility mean the same for every symbol (:mod:`.ratios`), so that the rows of all symbols of a timeframe and
all their history teach one small model. Its coefficients are shrunk: after standardising, with C = 0.05.
"""

import itertools
import math
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.ensemble.members import ratios
from ensemble_desk.ensemble.votes import Rows, Votes
from ensemble_desk.errors import IncompatibleArtifactError
from ensemble_desk.market import features
from ensemble_desk.market.labels import CLASSES, LabelSpec

Floats = NDArray[np.float64]

NAME = "pooled_logit"
C = 0.05
_NOT_OURS = "it reads the features of this program only"
_TOLERANCE = 1e-8  # of the gradient of the mean loss
_ROUNDING = 1e-12
_SMALLEST = 1e-300
_MOST_STEPS = 50
_SHARES = tuple(0.5**n for n in range(20))


@dataclass(frozen=True, slots=True, eq=False)
class Coefficients:
    """Score of each class: ``intercept + ((ratios - center) / scale) @ weights``; probabilities are their softmax.

    Attributes
    ----------
    center, scale : of the k ratios, shape (k,).
    weights : shape (k, 3).
    intercept : shape (3,).
    """

    center: Floats
    scale: Floats
    weights: Floats
    intercept: Floats

    def terms(self, told: Floats) -> Floats:
        """What each ratio of a row adds to the scores, shape (k, 3)."""
        return np.asarray(((told - self.center) / self.scale)[:, None] * self.weights)

    def probabilities(self, told: Floats) -> Floats:
        """Probabilities of rows of ratios, shape (n, k); gives shape (n, 3)."""
        scores = (told - self.center) / self.scale @ self.weights + self.intercept
        grown = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(grown / grown.sum(axis=1, keepdims=True))


class PooledLogit:
    """Probabilities of the fitted horizon from ratios of our own features.

    State: plain numbers and arrays, the names of the ratios, and how many rows it has learnt from.
    """

    name = NAME

    def __init__(self) -> None:
        self.reason = "it was not fitted"
        self.coefficients: Coefficients | None = None
        self.n_rows = 0
        self._names: tuple[str, ...] = ()
        self._places: NDArray[np.int64] | None = None
        self._at: list[int] = []
        self._starts: list[float] = []
        self._slopes: list[list[float]] = []

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from :meth:`state`; raises IncompatibleArtifactError when something is missing or does not fit."""
        member = cls()
        if state.get("reason"):
            member.reason = str(state["reason"])
            return member
        try:
            names, known = tuple(map(str, state["feature_names"])), tuple(map(str, state["ratios"]))
            shapes = {"center": (len(known),), "scale": (len(known),), "weights": (len(known), 3), "intercept": (3,)}
            arrays = {name: np.asarray(state[name], dtype=np.float64) for name in shapes}
            n_rows = int(state["n_rows"])
        except (KeyError, TypeError, ValueError) as error:
            raise IncompatibleArtifactError(NAME, f"its state lacks a usable {error}") from error
        if known != ratios.RATIOS:
            raise IncompatibleArtifactError(NAME, "it reads other ratios than this release computes")
        fits = all(arrays[name].shape == shape and np.isfinite(arrays[name]).all() for name, shape in shapes.items())
        places = ratios.places(names)
        if not fits or places is None or not (arrays["scale"] > 0).all():
            raise IncompatibleArtifactError(NAME, "its coefficients do not fit its ratios")
        member.reason, member.n_rows = "", n_rows
        member._served(Coefficients(**arrays), names, places)
        return member

    def state(self) -> object:
        if self.coefficients is None:
            return {"reason": self.reason}
        arrays = {name: getattr(self.coefficients, name) for name in ("center", "scale", "weights", "intercept")}
        return {"ratios": list(ratios.RATIOS), "feature_names": list(self._names), "n_rows": self.n_rows} | arrays

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        """Columns of the rows it was fitted on, in order."""
        return self._names

    @property
    def n_features(self) -> int:
        """Number of these columns; 0 when it could not be fitted."""
        return 0 if self.reason else len(self._names)

    @property
    def lookback_bars(self) -> int:
        """Our features' memory and a bar more: of one row alone, sums are added up in another order."""
        return features.MEMORY_BARS + 1

    def fit(self, rows: Rows, classes: NDArray[np.int64], *, label: LabelSpec) -> Self:  # noqa: ARG002 - Member's form
        """Fit on the pooled rows whose outcome was known at the last row; on the rows alone where nothing is pooled."""
        self.coefficients, self.reason = None, ""
        names = () if rows.features is None else tuple(str(name) for name in rows.features.columns)
        places = ratios.places(names)
        if rows.features is None or places is None:
            self.reason = _NOT_OURS
            return self
        if rows.pooled is None:
            told, y = ratios.of(rows.features.to_numpy(np.float64)[:, places]), classes
        else:
            told, y = rows.pooled.until(rows.index[-1])
        finite = np.isfinite(told).all(axis=1)
        told, y = told[finite], y[finite]
        if len(np.unique(y)) < len(CLASSES):
            self.reason = f"not every class is among the {len(y)} rows it could learn from"
            return self
        self.n_rows = len(y)
        self._served(_fitted(told, y), names, places)
        return self

    def predict(self, rows: Rows, *, label: LabelSpec | None) -> Votes:  # noqa: ARG002 - Member's form
        """Vote on the rows whose features are all finite; the other rows abstain."""
        n = len(rows.index)
        if self.coefficients is None or self._places is None:
            return Votes.abstain(n, self.reason)
        if n == 1 and rows.table is not None and rows.names == self._names:
            return Votes(self._one(rows.table[0].tolist()))
        if rows.features is None:
            return Votes.abstain(n, "needs features, and there are only prices")
        probabilities = self.coefficients.probabilities(self.ratios(rows))
        complete = bool(np.isfinite(probabilities).all())
        return Votes(probabilities, "" if complete else "features of the row are not finite")

    def _one(self, row: list[float]) -> Floats:
        """Vote on a single row that is whole, in plain numbers: it is asked all the time."""
        told = ratios.of_one([row[at] for at in self._at])
        scores = [
            start + sum(map(operator.mul, told, weights))
            for start, weights in zip(self._starts, self._slopes, strict=True)
        ]
        most = max(scores)
        grown = [math.exp(score - most) for score in scores]
        total = sum(grown)
        return np.array([[one / total for one in grown]])

    def _served(self, coefficients: Coefficients, names: tuple[str, ...], places: NDArray[np.int64]) -> None:
        """Keep what votes are computed from, also as plain numbers of ratios that are not standardised."""
        self.coefficients, self._names, self._places = coefficients, names, places
        slopes = coefficients.weights / coefficients.scale[:, None]
        self._at, self._slopes = places.tolist(), slopes.T.tolist()
        self._starts = (coefficients.intercept - coefficients.center @ slopes).tolist()

    def ratios(self, rows: Rows) -> Floats:
        """Compute the ratios of rows with features, shape (n, k)."""
        if rows.table is not None and rows.names == self._names and self._places is not None:
            return ratios.of(rows.table[:, self._places])
        assert rows.features is not None  # noqa: S101 - the caller has looked
        return ratios.of(rows.features[list(ratios.FEATURES)].to_numpy(np.float64))


def _fitted(told: Floats, y: NDArray[np.int64]) -> Coefficients:
    """Find the least penalised loss by Newton's method, with steps halved where they lead up.

    The loss is convex, and its gradient, in double precision, says where it is least; what only guides the steps is
    summed in single precision.
    """
    n, k = told.shape
    center, scale = told.mean(axis=0), np.maximum(told.std(axis=0), 1e-9)
    X = np.vstack([((told - center) / scale).T, np.ones(n)])
    rounded = X.astype(np.float32)
    came = (np.arange(len(CLASSES))[:, None] == y).astype(np.float64)
    penalty = np.append(np.full(k, 1 / (C * n)), 0.0)  # the intercepts are free
    weights = np.zeros((len(CLASSES), k + 1))
    p, loss = _loss(weights, X, came, penalty)
    for _ in range(_MOST_STEPS):
        gradient = (p - came) @ X.T / n + penalty * weights
        if np.abs(gradient).max() < _TOLERANCE:
            break
        step = np.linalg.solve(_curvature(p, rounded, penalty), gradient.ravel()).reshape(weights.shape)
        for share in _SHARES:
            tried = weights - share * step
            p, there = _loss(tried, X, came, penalty)
            if there <= loss + _ROUNDING:
                break
        weights, loss = tried, there
    return Coefficients(center, scale, np.ascontiguousarray(weights[:, :-1].T), weights[:, -1].copy())


def _loss(weights: Floats, X: Floats, came: Floats, penalty: Floats) -> tuple[Floats, float]:
    """Probabilities of shape (3, n), and the mean log-loss with its penalty."""
    p = weights @ X
    p -= p.max(axis=0)
    np.exp(p, out=p)
    p /= p.sum(axis=0)
    hit = np.maximum((p * came).sum(axis=0), _SMALLEST)
    return p, float(-np.log(hit).mean() + (penalty * weights**2).sum() / 2)


def _curvature(p: Floats, X: NDArray[np.float32], penalty: Floats) -> Floats:
    """Second derivatives of the loss, shape (3 (k + 1), 3 (k + 1)).

    Intercepts that all grow alike change no probability; here that costs, so that there is one way down.
    """
    n_classes, width = len(p), len(X)
    found = np.zeros((n_classes, width, n_classes, width))
    for one, other in itertools.combinations(range(n_classes), 2):
        shared = (((p[one] * p[other]).astype(np.float32) * X) @ X.T).astype(np.float64) / X.shape[1]
        found[one, :, one] += shared
        found[other, :, other] += shared
        found[one, :, other] -= shared
        found[other, :, one] -= shared
    for one in range(n_classes):
        found[one, :, one] += np.diag(penalty)
    found[:, -1, :, -1] += 1.0
    return found.reshape(n_classes * width, -1)
