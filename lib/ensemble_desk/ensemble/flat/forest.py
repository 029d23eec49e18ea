"""Forests as plain arrays: the same probabilities as scikit-learn's estimators, without scikit-learn."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.ensemble.flat import compiled
from ensemble_desk.ensemble.flat.compiled import CompiledTrees
from ensemble_desk.ensemble.flat.node_table import FlatTrees
from ensemble_desk.ensemble.votes import Probabilities
from ensemble_desk.errors import extras

FOREST, BOOSTING, BOOSTER = "forest", "boosting", "booster"


@dataclass(slots=True, eq=False)
class FlatForest:
    """A random forest (leaf shares averaged), gradient boosting (leaf scores summed, then softmax) or a booster.

    It answers to the names that scikit-learn's fitted classifiers have. Few rows descend through the arrays; many go
    through scikit-learn's compiled trees, built from the same arrays, once that is cheaper. Both reach the same leaves,
    so that a forecast does not depend on how many rows were asked with it.

    Attributes
    ----------
    kind : ``forest``, ``boosting`` as scikit-learn adds up, or ``booster`` as XGBoost, LightGBM and CatBoost do.
    classes : the known class numbers in column order; of a booster just read, its own labels.
    start : shape (n_scores,), what every row's scores begin at; `rate` scales the trees' scores, of a booster the
        whole. Both belong to boosting.
    feature_names : columns in order; None when it was fitted on a nameless array.
    """

    kind: str
    trees: FlatTrees
    classes: tuple[Any, ...]
    start: NDArray[np.float64]
    rate: float
    n_features_in_: int
    feature_names: tuple[str, ...] | None = None
    _compiled: CompiledTrees | None = None

    @property
    def classes_(self) -> NDArray[Any]:
        return np.array(self.classes)

    @property
    def feature_names_in_(self) -> NDArray[np.object_] | None:
        return None if self.feature_names is None else np.array(self.feature_names, dtype=object)

    @property
    def n_groups(self) -> int:
        """How many trees in a row make one round: one for each score, or one whose leaves hold all of them."""
        width: int = self.trees.values.shape[1]
        return max(len(self.start) // width, 1)

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
        kind = self.trees.threshold.dtype
        with np.errstate(over="ignore"):
            rounded = np.ascontiguousarray(given, dtype=kind)
        if np.isinf(rounded).any():
            message = f"X holds a value that is too large for {kind}"
            raise ValueError(message)
        if self.kind == BOOSTER:
            return _boosted_probabilities(self.rate * self.trees.scores(rounded, start=self.start).astype(float))
        if self.kind == FOREST:
            return np.asarray(self._totals(rounded, 1)[0] / len(self.trees.roots))
        return _boosted_probabilities(self.start + self.rate * self._totals(rounded, len(self.start))[:, :, 0].T)

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class of each row, as estimators made of others ask for it."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def fit(self, *_: Any) -> None:
        """Refuse: it is fitted, which estimators made of others tell by this name."""
        message = "arrays are not fitted again"
        raise TypeError(message)

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that it is a classifier."""
        with extras.needed():
            from sklearn.dummy import DummyClassifier

        return DummyClassifier().__sklearn_tags__()

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def _totals(self, X: NDArray[Any], n_groups: int) -> NDArray[np.float64]:
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
