"""Forests as plain arrays: the same probabilities as scikit-learn's estimators, without scikit-learn."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.ensemble.flat import compiled
from ensemble_desk.ensemble.flat.compiled import CompiledTrees
from ensemble_desk.ensemble.flat.node_table import FlatTrees
from ensemble_desk.ensemble.votes import Probabilities

FOREST, BOOSTING = "forest", "boosting"


@dataclass(slots=True, eq=False)
class FlatForest:
    """A random forest (leaf shares averaged) or gradient boosting (leaf scores summed, then softmax).

    It answers to the names that scikit-learn's fitted classifiers have. Few rows descend through the arrays; many go
    through scikit-learn's compiled trees, built from the same arrays, once that is cheaper. Both reach the same leaves,
    so that a forecast does not depend on how many rows were asked with it.

    Attributes
    ----------
    kind : ``forest`` or ``boosting``.
    classes : the known class numbers in column order.
    start : shape (n_scores,), what every row's scores begin at; `rate` scales the trees'. Both belong to boosting.
    feature_names : columns in order; None when it was fitted on a nameless array.
    """

    kind: str
    trees: FlatTrees
    classes: tuple[int, ...]
    start: NDArray[np.float64]
    rate: float
    n_features_in_: int
    feature_names: tuple[str, ...] | None = None
    _compiled: CompiledTrees | None = None

    @property
    def classes_(self) -> NDArray[np.int64]:
        return np.array(self.classes)

    @property
    def feature_names_in_(self) -> NDArray[np.object_] | None:
        return None if self.feature_names is None else np.array(self.feature_names, dtype=object)

    def predict_proba(self, X: Any) -> Probabilities:
        """Probabilities of the known classes, shape (n, len(classes)), for X of shape (n, n_features).

        Raises
        ------
        ValueError
            As scikit-learn does: for another number of columns, and for a value that float32 cannot hold.
        """
        given = np.asarray(X, dtype=float)
        if given.ndim != 2 or given.shape[1] != self.n_features_in_:  # noqa: PLR2004 - rows and columns
            message = f"X has the shape {given.shape}, but {self.n_features_in_} features are needed"
            raise ValueError(message)
        with np.errstate(over="ignore"):
            rounded = np.ascontiguousarray(given, dtype=np.float32)
        if np.isinf(rounded).any():
            message = "X holds a value that is too large for float32"
            raise ValueError(message)
        if self.kind == FOREST:
            return np.asarray(self._totals(rounded, 1)[0] / len(self.trees.roots))
        return _boosted_probabilities(self.start + self.rate * self._totals(rounded, len(self.start))[:, :, 0].T)

    def _totals(self, X: NDArray[np.float32], n_groups: int) -> NDArray[np.float64]:
        if self._compiled is None and compiled.pays(len(X)):
            self._compiled = compiled.build(self.trees, n_features=self.n_features_in_)
        if self._compiled is not None and len(X) > compiled.FEW_ROWS:
            return self._compiled.totals(X, n_groups=n_groups)
        return self.trees.totals(X, n_groups=n_groups)


def _boosted_probabilities(raw: NDArray[np.float64]) -> Probabilities:
    if raw.shape[1] == 1:  # two classes share one raw score
        positive = 1.0 / (1.0 + np.exp(-raw[:, 0]))
        return np.column_stack([1.0 - positive, positive])
    grown = np.exp(raw - raw.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))
