"""Which features speak for a forecast: what each split on the way to the leaves adds, exact for forests and boosting.

Every node of a tree stands for what its leaves say on average to the rows it was trained on. Going from the root to a
leaf, each split moves that average, and the move is credited to the feature that was compared (A. Saabas, "Interpreting
random forests", 2014). The moves of a row add up to leaf minus root, so for a forest

    probability of the member = its prior (the mean over the roots) + the sum of the features' contributions.

Boosting adds up scores, not probabilities. Its score contributions are exact in the same way; they are carried over to
probabilities along the straight line from the prior's scores to the row's (the Aumann-Shapley values of that path:
R. Aumann and L. Shapley, "Values of Non-Atomic Games", 1974), which keeps the sum exact up to rounding. The scores of a
logistic regression add up by their nature, from those of a row whose ratios are all at their mean.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.ensemble import inputs
from ensemble_desk.ensemble.flat import crediting
from ensemble_desk.ensemble.flat.forest import BOOSTER, FOREST, FlatForest
from ensemble_desk.ensemble.forecaster import EnhancedEnsembleForecaster
from ensemble_desk.ensemble.graphs.model import GraphModel
from ensemble_desk.ensemble.members import ratios
from ensemble_desk.ensemble.members.classifiers import FeatureMember
from ensemble_desk.ensemble.members.pooled_logit import PooledLogit
from ensemble_desk.ensemble.votes import Member, Rows, class_probabilities

Floats = NDArray[np.float64]

_LEAF = -1
_FORESTS = frozenset({"RandomForestClassifier", "ExtraTreesClassifier"})
_BOOSTING = "GradientBoostingClassifier"
_NODES, _SHARES = np.polynomial.legendre.leggauss(32)  # exact to rounding on scores this smooth


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """What each of n features adds to the class probabilities of one row.

    Attributes
    ----------
    features : names, in the version's order.
    row : values of the features, shape (n,).
    prior : probabilities before any feature is looked at, shape (3,).
    contributions : shape (n, 3); each row of it sums to 0.
    """

    features: tuple[str, ...]
    row: Floats
    prior: Floats
    contributions: Floats

    @property
    def probabilities(self) -> Floats:
        """What they add up to, shape (3,)."""
        return np.asarray(self.prior + self.contributions.sum(axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Contributions by member, and pooled by the weights they voted with.

    Attributes
    ----------
    pooled : weighted mean over the members that can be explained; None when there are none.
    share : the weight these members had in the forecast, 0..1.
    unexplained : reason by member that voted and has no attribution.
    """

    by_member: Mapping[str, Attribution]
    pooled: Attribution | None
    share: float
    unexplained: Mapping[str, str]


def explain(
    ensemble: EnhancedEnsembleForecaster, df: pd.DataFrame, *, weights_used: Mapping[str, float]
) -> Explanation:
    """Explain the forecast of the newest row; ``weights_used`` are those that :meth:`predict` told.

    Raises what :func:`ensemble_desk.ensemble.inputs.read` raises.
    """
    injected = ensemble.ensemble_manager.ensemble
    members = {name: member for name, member in injected.members().items() if name in weights_used}
    needed, version = injected.needs(members), f"version {ensemble.version}"
    rows = inputs.last(inputs.read_for(df, needed, version=version, newest=True))
    by_member, unexplained = {}, {}
    for name, member in members.items():
        found = _of_member(member, rows)
        if isinstance(found, Attribution):
            by_member[name] = found
        else:
            unexplained[name] = found
    share = float(sum(weights_used[name] for name in by_member))
    pooled = _pooled(by_member, weights_used) if share > 0 else None
    return Explanation(by_member, pooled, share, unexplained)


def _of_member(member: Member, rows: Rows) -> Attribution | str:
    """Attribute one member's vote on a single row, or say why that cannot be done."""
    if isinstance(member, PooledLogit) and member.coefficients is not None and rows.features is not None:
        told, prior = member.ratios(rows)[0], member.coefficients.intercept
        start, moves = _carried_over(prior, member.coefficients.terms(told))
        return Attribution(ratios.RATIOS, told, start[0], moves)
    if not isinstance(member, FeatureMember) or rows.features is None:
        return "it reads the course of prices, not single features"
    estimator, kind = member.estimator, type(member.estimator).__name__
    if isinstance(estimator, FlatForest):
        if estimator.trees.cover is None:
            return "its arrays do not tell how many rows its leaves were learnt from"
        of_kind: Callable[[Any, Floats], tuple[Floats, Floats]] = _of_flat
    elif kind in _FORESTS or kind == _BOOSTING:
        of_kind = _of_forest if kind in _FORESTS else _of_boosting
    elif isinstance(estimator, GraphModel):
        return "a graph is no sum over features"
    else:
        return f"a {kind} is no sum over features"
    columns = member.columns(rows.features)
    x = columns.to_numpy(dtype=float)[0]
    found = of_kind(estimator, x)
    prior, contributions = (class_probabilities(part, member.class_numbers) for part in found)
    return Attribution(tuple(str(name) for name in columns.columns), x, prior[0], contributions)


def _of_forest(estimator: Any, x: Floats) -> tuple[Floats, Floats]:
    """Prior of shape (1, c) and contributions of shape (n, c)."""
    contributions = np.zeros((len(x), len(estimator.classes_)))
    prior = np.zeros((1, len(estimator.classes_)))
    for fitted in estimator.estimators_:
        values = fitted.tree_.value[:, 0, :]
        values = values / values.sum(axis=1, keepdims=True)
        prior += values[0]
        _credit(fitted.tree_, values, x, contributions)
    n_trees = len(estimator.estimators_)
    return prior / n_trees, contributions / n_trees


def _of_boosting(estimator: Any, x: Floats) -> tuple[Floats, Floats]:
    """Prior of shape (1, c) and contributions of shape (n, c), both as probabilities."""
    # scikit-learn offers no public name for the score every row starts from
    start = np.asarray(estimator._raw_predict_init(np.zeros((1, len(x)), dtype=np.float32))[0], dtype=float)  # noqa: SLF001
    scores = np.zeros((len(x), len(start)))
    for stage in estimator.estimators_:
        for number, fitted in enumerate(stage):
            values = estimator.learning_rate * _means_of_leaves(fitted.tree_)
            start[number] += values[0]
            _credit(fitted.tree_, values[:, None], x, scores[:, number : number + 1])
    return _carried_over(start, scores)


def _of_flat(forest: FlatForest, x: Floats) -> tuple[Floats, Floats]:
    """Prior of shape (1, c) and contributions of shape (n, c), both as probabilities."""
    if forest.kind == FOREST:
        start, moves = crediting.credited(forest.trees, x, n_groups=1)
        return start / len(forest.trees.roots), moves[:, 0] / len(forest.trees.roots)
    n_scores = len(forest.start)
    start, moves = crediting.credited(forest.trees, x, n_groups=forest.n_groups)
    rate = forest.rate
    begun = forest.start * (rate if forest.kind == BOOSTER else 1.0)
    return _carried_over(begun + rate * start.ravel(), rate * moves.reshape(len(x), n_scores))


def _carried_over(start: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """Turn scores into probabilities, along the straight line from the prior's scores to the row's."""
    if len(start) == 1:  # two classes share one score, that of the second
        start, scores = np.array([0.0, start[0]]), np.column_stack([np.zeros(len(scores)), scores[:, 0]])
    contributions = np.zeros_like(scores)
    for node, share in zip(_NODES, _SHARES, strict=True):
        p = _softmax(start + (1 + node) / 2 * scores.sum(axis=0))
        contributions += share / 2 * p * (scores - (scores @ p)[:, None])
    return _softmax(start)[None, :], contributions


def _credit(tree: Any, values: Floats, x: Floats, contributions: Floats) -> None:
    """Walk from the root to the row's leaf and add each move of the value to the feature compared."""
    rounded, node = x.astype(np.float32), 0  # trees compare float32 values
    while tree.children_left[node] != _LEAF:
        feature = tree.feature[node]
        goes_left = rounded[feature] <= tree.threshold[node]
        following = tree.children_left[node] if goes_left else tree.children_right[node]
        contributions[feature] += values[following] - values[node]
        node = following


def _means_of_leaves(tree: Any) -> Floats:
    """What the leaves below each node say on average to the rows of training, shape (n_nodes,)."""
    means: Floats = tree.value[:, 0, 0].astype(np.float64)
    weights = tree.weighted_n_node_samples
    for node in range(tree.node_count - 1, -1, -1):  # children stand behind their parents
        left, right = tree.children_left[node], tree.children_right[node]
        if left != _LEAF:
            means[node] = np.average([means[left], means[right]], weights=[weights[left], weights[right]])
    return means


def _softmax(scores: Floats) -> Floats:
    grown = np.exp(scores - scores.max())
    return np.asarray(grown / grown.sum())


def _pooled(by_member: Mapping[str, Attribution], weights_used: Mapping[str, float]) -> Attribution:
    """Mean over members in proportion to their weights; a feature that a member does not read gets 0 from it."""
    total = sum(weights_used[name] for name in by_member)
    values: dict[str, float] = {}
    rows: dict[str, Floats] = {}
    prior = np.zeros(3)
    for member, one in by_member.items():
        share = weights_used[member] / total
        prior = prior + share * one.prior
        for feature, value, contribution in zip(one.features, one.row.tolist(), one.contributions, strict=True):
            values[feature] = value
            rows[feature] = rows.get(feature, np.zeros(3)) + share * contribution
    return Attribution(tuple(rows), np.array(list(values.values())), prior, np.stack(list(rows.values())))


def ranked(attribution: Attribution, *, label: int, most: int) -> Sequence[int]:
    """Positions of the features that move the probability of a class most, the strongest first."""
    order = np.argsort(-np.abs(attribution.contributions[:, label]), kind="stable")
    return [int(at) for at in order[:most] if attribution.contributions[at, label] != 0]
