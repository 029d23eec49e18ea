"""Estimators that answer as those of older releases of scikit-learn did, where this one would answer otherwise."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import AdaBoostClassifier
from sklearn.linear_model import LogisticRegression


class OneAgainstRest(LogisticRegression):  # type: ignore[misc] # scikit-learn ships no types
    """A logistic regression of several classes, each against the rest; scikit-learn had it until 1.7."""

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities of each class against the rest, scaled to sum to 1, shape (n, n_classes)."""
        return np.asarray(self._predict_proba_lr(X))


class PlainAdaBoost(AdaBoostClassifier):  # type: ignore[misc] # scikit-learn ships no types
    """An AdaBoost whose members vote for one class and against none; scikit-learn had it until 1.2."""

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Shares of the weight that votes for each class, shape (n, n_classes); (n,) for two classes."""
        classes, given = self.classes_[:, np.newaxis], self._check_X(X)
        weighed = zip(self.estimators_, self.estimator_weights_, strict=False)
        total: Any = sum((one.predict(given) == classes).T * weight for one, weight in weighed)
        return _of_classes(total / self.estimator_weights_.sum())


class RealAdaBoost(AdaBoostClassifier):  # type: ignore[misc] # scikit-learn ships no types
    """An AdaBoost by the logarithms of its members' probabilities (SAMME.R); scikit-learn had it until 1.5.

    Zhu, Zou, Rosset, Hastie: Multi-class AdaBoost, 2009, algorithm 4.
    """

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Sum of the members' centred logarithms, shape (n, n_classes); (n,) for two classes."""
        given = self._check_X(X)
        total: Any = sum(self._centred(one.predict_proba(given)) for one in self.estimators_)
        return _of_classes(total / self.estimator_weights_.sum())

    def _centred(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        logs = np.log(np.clip(probabilities, np.finfo(probabilities.dtype).eps, None))
        centred = logs - (1.0 / self.n_classes_) * logs.sum(axis=1)[:, np.newaxis]
        return np.asarray((self.n_classes_ - 1) * centred)


def _of_classes(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    if scores.shape[1] != 2:  # noqa: PLR2004 - two classes share one score
        return scores
    return np.asarray(scores[:, 1] - scores[:, 0])
