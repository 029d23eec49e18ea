"""A random forest that is asked and not kept: scikit-learn's, to the last bit, in two thirds of its time."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.ensemble.flat.compiled import CompiledTrees
from ensemble_desk.errors import extras

_LARGEST_SEED = np.iinfo(np.int32).max
_WRITTEN_FOR = "1.9."  # scikit-learn, whose inner parts another release may change


def forest(*, n_trees: int, leaf: int, share: float, seed: int) -> Any:
    """Give an unfitted forest to be asked alone; with another release of scikit-learn its own, which says the same."""
    with extras.needed():
        import sklearn
    made = GrownForest if sklearn.__version__.startswith(_WRITTEN_FOR) else whole
    return made(n_trees=n_trees, leaf=leaf, share=share, seed=seed)


def whole(*, n_trees: int, leaf: int, share: float, seed: int, n_jobs: int = 1) -> Any:
    """Give scikit-learn's unfitted estimator of the same forest, to be kept."""
    with extras.needed():
        from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        n_estimators=n_trees, min_samples_leaf=leaf, max_samples=share, n_jobs=n_jobs, random_state=seed
    )


class GrownForest:
    """RandomForestClassifier's trees without an estimator around each, which takes long to make, copy and check.

    Parameters
    ----------
    leaf : rows that a leaf holds at least.
    share : of the rows, as many are drawn for each tree, with replacement.
    """

    def __init__(self, *, n_trees: int, leaf: int, share: float, seed: int) -> None:
        self.n_trees, self.leaf, self.share, self.seed = n_trees, leaf, share, seed
        self.classes_: NDArray[Any] = np.array([])
        self.feature_names_in_: NDArray[np.object_] | None = None
        self.n_features_in_ = 0
        self._trees: CompiledTrees | None = None

    def fit(self, X: Any, y: NDArray[Any]) -> Self:
        """Grow the trees on n rows; raises ValueError for a value that float32 cannot hold."""
        with extras.needed():
            from sklearn.tree._criterion import Gini
            from sklearn.tree._splitter import BestSplitter
            from sklearn.tree._tree import DepthFirstTreeBuilder, Tree

        table, self.feature_names_in_ = _narrow(X), getattr(X, "columns", None)
        self.classes_, codes = np.unique(y, return_inverse=True)
        (n, width), n_classes = table.shape, np.array([len(self.classes_)], dtype=np.intp)
        wanted = np.ascontiguousarray(codes.reshape(-1, 1), dtype=np.float64)
        tried, n_drawn = max(1, int(np.sqrt(width))), max(int(n * self.share), 1)
        seeds, grown = np.random.RandomState(self.seed), []
        for _ in range(self.n_trees):
            seed = seeds.randint(_LARGEST_SEED)
            drawn = np.random.RandomState(seed).randint(0, n, n_drawn, dtype=np.int32)
            weights = np.bincount(drawn, minlength=n).astype(np.float64)
            random = np.random.RandomState(seed)
            splitter = BestSplitter(Gini(1, n_classes), tried, self.leaf, 0.0, random, None)
            tree = Tree(width, n_classes, 1)
            builder = DepthFirstTreeBuilder(splitter, max(2, 2 * self.leaf), self.leaf, 0.0, _LARGEST_SEED, 0.0)
            builder.build(tree, table, wanted, weights, None)
            grown.append(tree)
        self.n_features_in_, self._trees = width, CompiledTrees(tuple(grown), len(self.classes_))
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities of the classes, shape (n, len(classes_)); raises ValueError as `fit`, and before it."""
        if self._trees is None:
            message = "the forest was not grown"
            raise ValueError(message)
        return np.asarray(self._trees.totals(_narrow(X), n_groups=1)[0] / self.n_trees)


def _narrow(X: Any) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        table = np.ascontiguousarray(X, dtype=np.float32)
    if not np.isfinite(table).all():
        message = f"X holds a value that is too large for {table.dtype}"
        raise ValueError(message)
    return table
