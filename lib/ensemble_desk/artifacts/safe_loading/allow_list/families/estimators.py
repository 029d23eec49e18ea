"""scikit-learn's estimators in the allow-list: their attributes restored, then checked before a first prediction.

An estimator's own ``__setstate__`` is never called. What its compiled code would read without looking (numbers of
features, classes and trees) must agree with the trees inside.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list import trees
from ensemble_desk.artifacts.safe_loading.allow_list.families import categories, older, parts
from ensemble_desk.artifacts.safe_loading.allow_list.families.parts import Check, Entry
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import (
    Builder,
    MalformedError,
    Recipe,
    UnfitError,
    expect,
    listed_state_of,
)
from ensemble_desk.errors import extras
from ensemble_desk.errors.base import shown

_HISTOGRAM = "sklearn.ensemble._hist_gradient_boosting"
_MOST_TREES = 20_000
_QUIET = (None, 0, "deprecated")  # the last is what imputers held in 1.1 and 1.2


def estimator(module: str, name: str, check: Check) -> Callable[[Builder, Recipe], Any]:
    """Give the function that makes one kind of estimator and checks it."""

    def build(builder: Builder, given: Recipe) -> Any:
        kind, taken = parts.kind_of(module, name)
        state = builder.attributes(listed_state_of(given), taken=taken)
        version = state.pop("_sklearn_version", None)
        if version is not None:
            builder.remember_library_version(version)
        if state.get("verbose") not in _QUIET:  # it would write to the terminal of whoever predicts
            state["verbose"] = 0
            builder.remember_note(f"the verbose flag of {name} was dropped")
        if version != older.this_version():
            kind = older.renewed(kind, state, version)
        made: Any = object.__new__(kind)
        made.__dict__ = state  # a dict of its own, as attributes() makes it
        check(made)
        return made

    return build


def share_trees(models: Iterable[Any]) -> bool:
    """Tell whether different estimators hold the same tree; a few could then stand for more than memory holds."""
    found = [id(tree) for model in {id(model): model for model in models}.values() for tree in _trees_of(model)]
    return len(set(found)) < len(found)


def _trees_of(model: Any) -> list[Any]:
    told = getattr(model, "__dict__", {})
    members = told.get("estimators_", told.get("_predictors", [model]))
    members = members.ravel().tolist() if isinstance(members, np.ndarray) else members
    flat = [one for member in members for one in (member if type(member) is list else [member])]
    return [getattr(member, "__dict__", {}).get("tree_", member) for member in flat]


def dummy(made: Any) -> None:
    """Check what answers with the shares of the classes; its loop runs once for each output."""
    if "class_prior_" not in made.__dict__:
        return
    _check_shares(made, n_classes=parts.classes(made))


def forest(tree_name: str) -> Check:
    """Give the check of a forest of one kind of trees."""

    def check(made: Any) -> None:
        made.n_jobs = 1  # parallelism belongs to the job; a file could ask for a million threads
        if "estimators_" not in made.__dict__:
            return
        n_features, n_classes = parts.features(made), parts.classes(made)
        members = made.estimators_
        expect(type(members) is list and 0 < len(members) <= _MOST_TREES, "a forest", "trees")
        expect(made.__dict__.get("n_outputs_") == 1, "a forest", "outputs")
        kind, _ = parts.kind_of("sklearn.tree._classes", tree_name)
        expect(all(type(member) is kind for member in members), "a forest", "trees")
        expect(all(member.__dict__.get("n_classes_") == n_classes for member in members), "a forest", "classes")
        _check_trees(members, n_features=n_features, n_classes=n_classes)

    return check


def single_tree(made: Any) -> None:
    """Check a tree that votes by itself; the trees of a forest are checked with it."""
    _check_trees([made], n_features=parts.features(made), n_classes=parts.classes(made))


def gradient_boosting(made: Any) -> None:
    """Check a boosting: its compiled loop writes one column for each tree of a stage, without looking."""
    if "estimators_" not in made.__dict__:
        return
    with extras.needed():
        from sklearn._loss.loss import ExponentialLoss, HalfBinomialLoss, HalfMultinomialLoss
        from sklearn.tree import DecisionTreeRegressor

    n_features, n_classes = parts.features(made), parts.classes(made)
    width = n_classes if n_classes > 2 else 1  # noqa: PLR2004 - two classes share one column
    stages, loss = made.estimators_, made.__dict__.get("_loss")
    expect(type(stages) is np.ndarray and stages.dtype == object and stages.ndim == 2, "a boosting")  # noqa: PLR2004
    expect(stages.shape[1] == width and 0 < stages.size <= _MOST_TREES, "a boosting", "trees")
    expect(parts.count(made, "n_trees_per_iteration_") == width, "a boosting", "trees")
    members = stages.ravel().tolist()
    expect(all(type(member) is DecisionTreeRegressor for member in members), "a boosting", "trees")
    _check_trees(members, n_features=n_features, n_classes=1)
    if width == 1:
        expect(n_classes == 2 and type(loss) in (HalfBinomialLoss, ExponentialLoss), "a boosting", "loss")  # noqa: PLR2004
    else:
        expect(type(loss) is HalfMultinomialLoss and loss.n_classes == width, "a boosting", "loss")
    expect(parts.is_finite(made.__dict__.get("learning_rate")), "a boosting", "learning rate")
    _check_start(made.__dict__.get("init_"), n_classes=n_classes)


def histogram_boosting(made: Any) -> None:
    """Check a histogram boosting; its splits by category have sets of their own."""
    state = made.__dict__
    if "_predictors" not in state:
        return
    expect("_in_fit" not in state, "a boosting", "it is still being fitted")
    n_features, n_classes = parts.features(made), parts.classes(made)
    width = n_classes if n_classes > 2 else 1  # noqa: PLR2004 - two classes share one column
    expect(parts.count(made, "n_trees_per_iteration_") == width, "a boosting", "trees")
    start, stages = state.get("_baseline_prediction"), state["_predictors"]
    expect(type(start) is np.ndarray and start.shape == (1, width) and start.dtype == np.float64, "a boosting")
    expect(np.isfinite(start).all(), "a boosting", "start")
    categorical = categories.marks(made, n_features=n_features)
    expect(type(stages) is list and 0 < len(stages) * width <= _MOST_TREES, "a boosting", "trees")
    kind, _ = parts.kind_of("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor")
    for stage in stages:
        expect(type(stage) is list and len(stage) == width, "a boosting", "trees")
        for member in stage:
            expect(type(member) is kind, "a boosting", "trees")
            categories.check_predictor(member, categorical)


def _check_trees(members: list[Any], *, n_features: int, n_classes: int) -> None:
    """Check that compiled trees read as many features, and give as many classes, as the estimator around them says."""
    kind, _ = trees.compiled()
    if len({id(member.__dict__.get("tree_")) for member in members}) < len(members):
        raise MalformedError(problem="one tree stands for several")
    for member in members:
        told = member.__dict__
        tree = told.get("tree_")
        if not (
            type(tree) is kind
            and tree.n_features == n_features == told.get("n_features_in_")
            and tree.max_n_classes == n_classes
            and told.get("n_outputs_") == 1
        ):
            raise MalformedError(problem="a decision tree contradicts the estimator around it")


def _check_start(start: Any, *, n_classes: int) -> None:
    """Check what a boosting starts from: nothing, or the shares of the classes in training."""
    with extras.needed():
        from sklearn.dummy import DummyClassifier

    if isinstance(start, str):
        expect(start == "zero", "a boosting", "start")
        return
    if type(start) is not DummyClassifier:
        raise UnfitError(problem=f"its boosting starts from a {type(start).__name__}: train it without init")
    expect(start.__dict__.get("_strategy") == "prior", "a boosting", "start")
    _check_shares(start, n_classes=n_classes)


def _check_shares(made: Any, *, n_classes: int) -> None:
    """Check what answers alike for every row: the shares of the classes, all at the commonest, or all the same."""
    strategy = made.__dict__.get("_strategy")
    if strategy not in ("prior", "most_frequent", "uniform"):
        raise UnfitError(problem=f"its DummyClassifier answers by {shown(strategy)}, which says nothing: leave it out")
    subject, prior = "a classifier without features", made.__dict__.get("class_prior_")
    expect(parts.floats(prior, (n_classes,), subject, "shares").dtype == np.float64, subject, "shares")
    n_told, n_outputs = parts.count(made, "n_classes_"), parts.count(made, "n_outputs_")
    expect((n_told, n_outputs) == (n_classes, 1), subject, "classes")


ENTRIES: tuple[Entry, ...] = (
    ("sklearn.ensemble._forest", "RandomForestClassifier", forest("DecisionTreeClassifier")),
    ("sklearn.ensemble._forest", "ExtraTreesClassifier", forest("ExtraTreeClassifier")),
    ("sklearn.ensemble._gb", "GradientBoostingClassifier", gradient_boosting),
    (f"{_HISTOGRAM}.gradient_boosting", "HistGradientBoostingClassifier", histogram_boosting),
    (f"{_HISTOGRAM}.binning", "_BinMapper", parts.unchecked),
    ("sklearn.tree._classes", "DecisionTreeClassifier", parts.unchecked),
    ("sklearn.tree._classes", "DecisionTreeRegressor", parts.unchecked),
    ("sklearn.tree._classes", "ExtraTreeClassifier", parts.unchecked),
    ("sklearn.dummy", "DummyClassifier", dummy),
    ("sklearn.preprocessing._label", "LabelEncoder", parts.unchecked),
    ("sklearn.preprocessing._label", "LabelBinarizer", parts.unchecked),
)
