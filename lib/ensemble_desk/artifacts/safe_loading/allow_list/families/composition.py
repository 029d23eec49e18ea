"""Estimators made of others in the allow-list: what one part gives is what the next one reads, and all votes count.

A part is checked by itself when it is made; how parts fit each other is checked here, from the member down, before a
first prediction. Parts may be shared, so a small file could ask for a prediction without end: the walk counts.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list.families import curves, estimators, parts, transformers
from ensemble_desk.artifacts.safe_loading.allow_list.families.parts import Entry
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import (
    Builder,
    MalformedError,
    Recipe,
    UnfitError,
    expect,
    state_of,
)
from ensemble_desk.ensemble.flat.forest import FlatForest
from ensemble_desk.ensemble.graphs.model import GraphModel

_MOST_PARTS = 20_000
_DEEPEST = 8
_MOST_TIMES = 64  # columns made of one; each takes memory in every row
_TWO = 2  # classes that share one score
_PASSES = (None, "passthrough")
_SCORES = "decision_function"
_SHARES = "predict_proba"
Shape = tuple[int, int]  # columns that go in, and classes or columns that come out


def searched(builder: Builder, given: Recipe) -> Any:
    """Make of a search over parameters the estimator that it found: predictions are asked of that one alone."""
    state = state_of(given)
    expect(type(state) is dict, "a search")
    if "best_estimator_" not in state:
        raise UnfitError(problem="its search over parameters holds no estimator: fit it with refit=True")
    return builder.value(state["best_estimator_"])


def frozen(builder: Builder, given: Recipe) -> Any:
    """Make of an estimator that is not to be fitted again the one inside, which answers for it."""
    state = state_of(given)
    expect(type(state) is dict and "estimator" in state, "a frozen estimator")
    return builder.value(state["estimator"])


def is_member(model: Any) -> bool:
    """Tell whether an object votes: a fitted classifier, all of whose parts fit each other."""
    if isinstance(model, FlatForest | GraphModel):
        return True
    if not (hasattr(model, _SHARES) and _is_fitted(model)):
        return False
    _Walk().voter(model, asked=_SHARES)
    return True


def _is_fitted(model: Any) -> bool:
    if type(model).__name__ == "Pipeline":
        steps = model.__dict__.get("steps")
        return type(steps) is list and bool(steps) and type(steps[-1]) is tuple and _is_fitted(steps[-1][-1])
    return "classes_" in getattr(model, "__dict__", {})


class _Walk:
    """One walk over the parts of a member."""

    def __init__(self) -> None:
        self._left, self._depth = _MOST_PARTS, 0
        self._asked: set[int] = set()

    def voter(self, model: Any, *, asked: str) -> Shape:
        """Give how many columns a classifier reads and how many classes it tells apart."""
        if not (_is_fitted(model) and hasattr(model, asked)):
            raise MalformedError(problem=f"a part of it, a {type(model).__name__}, cannot be asked for {asked}")
        self._once(model)
        check = _VOTERS.get(type(model).__name__)
        if check is not None:
            shape = self._within(check, model)
            expect(model.__dict__.get("n_features_in_") in (None, shape[0]), _name(model), "features")
            return shape
        if "tree_" in vars(model):
            estimators.single_tree(model)
        if "n_features_in_" not in vars(model):
            raise UnfitError(problem=f"its {type(model).__name__} does not tell how many features it reads")
        return parts.features(model), parts.classes(model)

    def transformer(self, made: Any) -> Shape:
        """Give how many columns a transformer reads and how many it makes."""
        check = _TRANSFORMERS.get(type(made).__name__)
        if check is not None:
            return self._within(check, made)
        return parts.features(made), transformers.width(made)

    def _once(self, part: Any) -> None:
        """Refuse a part that is asked several times: a few bytes could make a forecast take minutes."""
        if id(part) in self._asked:
            raise MalformedError(problem=f"one {type(part).__name__} stands for several")
        self._asked.add(id(part))

    def _within(self, check: Callable[["_Walk", Any], Shape], made: Any) -> Shape:
        self._left, self._depth = self._left - 1, self._depth + 1
        if self._left < 0 or self._depth > _DEEPEST:
            raise MalformedError(problem="its estimators are nested too deeply, or too many")
        shape = check(self, made)
        self._depth -= 1
        return shape

    def chain(self, made: Any, steps: list[Any]) -> Shape | None:
        """Check transformers one after the other; None when nothing is changed by any."""
        first = last = None
        for _, step in steps:
            if isinstance(step, str | None) and step in _PASSES:
                continue
            self._once(step)
            reads, makes = self.transformer(step)
            expect(last in (None, reads), _name(made), "width")
            first, last = first or reads, makes
        return None if first is None or last is None else (first, last)

    def several(self, made: Any, members: Any, *, asked: str = _SHARES) -> Shape:
        """Check voters that all read the same columns and tell the same number of classes apart."""
        expect(type(members) is list and 0 < len(members) <= _MOST_PARTS, _name(made), "parts")
        self._left -= len(members)
        shapes = {self.voter(member, asked=asked) for member in members}
        expect(len(shapes) == 1, _name(made), "parts")
        return shapes.pop()


def _pipeline(walk: _Walk, made: Any) -> Shape:
    steps = _steps(made)
    before = walk.chain(made, steps[:-1])
    reads, n_classes = walk.voter(steps[-1][1], asked=_SHARES if hasattr(made, _SHARES) else _SCORES)
    expect(before is None or before[1] == reads, "a pipeline", "width")
    return (reads if before is None else before[0]), n_classes


def _pipeline_before(walk: _Walk, made: Any) -> Shape:
    shape = walk.chain(made, _steps(made))
    expect(shape is not None, "a pipeline", "nothing in it")
    return shape  # type: ignore[return-value] # expect() raised for None


def _steps(made: Any) -> list[Any]:
    steps = made.__dict__.get("steps")
    expect(type(steps) is list and 0 < len(steps) <= _MOST_PARTS, "a pipeline", "steps")
    expect(all(type(step) is tuple and len(step) == 2 for step in steps), "a pipeline", "steps")  # noqa: PLR2004
    expect(all(type(name) is str for name, _ in steps), "a pipeline", "steps")
    made.memory = None  # a folder of its own, which prediction does not read
    found: list[Any] = steps
    return found


def _by_columns(walk: _Walk, made: Any) -> Shape:
    """Check a transformer of columns: each part reads as many as it is given, and all of them are there."""
    subject, told = "a transformer of columns", made.__dict__
    parts.single_threaded(made)
    n_features = parts.features(made)
    fitted, read = told.get("transformers_"), told.get("_transformer_to_input_indices")
    expect(type(fitted) is list and type(read) is dict and len(fitted) <= _MOST_PARTS, subject)
    expect(told.get("transformer_weights") is None and told.get("sparse_output_") is False, subject)
    total = 0
    for part in fitted:
        expect(type(part) is tuple and len(part) == 3 and type(part[0]) is str, subject)  # noqa: PLR2004
        name, step, wanted = part
        places = transformers.places(wanted, told.get("feature_names_in_"), n_features)
        expect(places == read.get(name), subject, "columns")
        if not places or (type(step) is str and step == "drop"):
            continue
        reads, makes = (len(places),) * 2 if transformers.passes(step) else walk.transformer(step)
        expect(reads == len(places), subject, "width")
        total += makes
    expect(0 < total <= _MOST_TIMES * n_features, subject, "width")
    return n_features, total


def _voting(walk: _Walk, made: Any) -> Shape:
    parts.single_threaded(made)
    reads, n_classes = walk.several(made, made.__dict__.get("estimators_"))
    parts.one_of(made, "voting", ("soft",), "a vote")
    expect(n_classes == parts.classes(made), "a vote", "classes")
    asked, weights = made.__dict__.get("estimators"), made.__dict__.get("weights")
    expect(type(asked) is list and all(type(one) is tuple and len(one) == 2 for one in asked), "a vote")  # noqa: PLR2004
    counted = [not (type(one[1]) is str and one[1] == "drop") for one in asked]
    expect(sum(counted) == len(made.estimators_), "a vote", "parts")
    if weights is not None:
        given = weights.tolist() if type(weights) is np.ndarray else weights
        expect(type(given) in (list, tuple) and len(given) == len(asked), "a vote", "weights")
        expect(all(parts.is_finite(weight) and weight >= 0 for weight in given), "a vote", "weights")
        expect(sum(weight for weight, counts in zip(given, counted, strict=True) if counts) > 0, "a vote", "weights")
    return reads, n_classes


def _stacking(walk: _Walk, made: Any) -> Shape:
    """Check a stack: the last estimator reads what the others give, and the features when they pass."""
    subject, told = "a stack", made.__dict__
    parts.single_threaded(made)
    members, methods = told.get("estimators_"), told.get("stack_method_")
    expect(type(members) is list and type(methods) is list and 0 < len(members) == len(methods), subject, "parts")
    n_classes, reads, total = parts.classes(made), 0, 0
    for member, method in zip(members, methods, strict=True):
        expect(type(method) is str and method in (_SHARES, _SCORES, "predict"), subject, "methods")
        reads_one, n_one = walk.voter(member, asked=method)
        expect(reads in (0, reads_one) and n_one == n_classes, subject, "parts")
        reads, total = reads_one, total + (n_classes if n_classes > _TWO and method != "predict" else 1)
    expect(type(told.get("passthrough")) is bool, subject, "passthrough")
    expect(type(told.get("_label_encoder")).__name__ == "LabelEncoder", subject, "classes")
    reads_last, n_last = walk.voter(told.get("final_estimator_"), asked=_SHARES)
    expect(reads_last == total + (reads if made.passthrough else 0) and n_last == n_classes, subject, "width")
    return reads, n_classes


def _bagging(walk: _Walk, made: Any) -> Shape:
    """Check bags: each part reads columns that are there, and tells all classes apart."""
    subject, told = "a bag of estimators", made.__dict__
    parts.single_threaded(made)
    n_features, n_classes = parts.features(made), parts.classes(made)
    members, columns = told.get("estimators_"), told.get("estimators_features_")
    reads, n_told = walk.several(made, members)
    expect(n_told == n_classes == parts.count(made, "n_classes_"), subject, "classes")
    expect(type(columns) is list and len(columns) == len(members) == told.get("n_estimators"), subject, "parts")
    for places in columns:
        expect(type(places) is np.ndarray and places.dtype.kind == "i" and places.shape == (reads,), subject, "columns")
        expect(((places >= 0) & (places < n_features)).all(), subject, "columns")
    made.verbose = 0
    return n_features, n_classes


def _adaptive(walk: _Walk, made: Any) -> Shape:
    """Check an AdaBoost: each part has a weight, and tells the same classes apart."""
    subject, told = "an AdaBoost", made.__dict__
    n_features, n_classes = parts.features(made), parts.classes(made)
    members, weights = told.get("estimators_"), told.get("estimator_weights_")
    by_shares = type(made).__name__ == "RealAdaBoost"
    reads, n_told = walk.several(made, members, asked=_SHARES if by_shares else "predict")
    expect((reads, n_told) == (n_features, n_classes) and n_classes > 1, subject, "parts")
    expect(parts.count(made, "n_classes_") == n_classes, subject, "classes")
    expect(np.shape(weights)[:1] >= (len(members),), subject, "weights")
    given = parts.floats(weights, np.shape(weights)[:1], subject, "weights")
    expect(given.sum() > 0, subject, "weights")
    return n_features, n_classes


def _calibrated(walk: _Walk, made: Any) -> Shape:
    """Check a calibration: a curve for each class, or one for two, over what an estimator of the same classes says."""
    subject = "a calibration"
    parts.single_threaded(made)
    members, n_classes = made.__dict__.get("calibrated_classifiers_"), parts.classes(made)
    expect(type(members) is list and 0 < len(members) <= _MOST_PARTS, subject, "parts")
    found = set()
    for member in members:
        expect(type(member).__name__ == "_CalibratedClassifier", subject, "parts")
        told = member.__dict__
        inner = told.get("estimator")
        reads, n_told = walk.voter(inner, asked=_SCORES if hasattr(inner, _SCORES) else _SHARES)
        same = parts.labels(told.get("classes")) == inner.classes_.tolist() == made.classes_.tolist()
        expect(same and n_told == n_classes, subject, "classes")
        curve = curves.BY_METHOD[parts.one_of(member, "method", tuple(curves.BY_METHOD), subject)]
        drawn = told.get("calibrators")
        n_curves = 1 if curve == "_TemperatureScaling" or n_classes <= _TWO else n_classes
        expect(type(drawn) is list and len(drawn) == n_curves, subject, "curves")
        expect(all(type(one).__name__ == curve for one in drawn), subject, "curves")
        found.add(reads)
    expect(len(found) == 1, subject, "parts")
    return found.pop(), n_classes


def _name(made: Any) -> str:
    return f"a {type(made).__name__}"


_VOTERS: dict[str, Callable[[_Walk, Any], Shape]] = {
    "Pipeline": _pipeline,
    "VotingClassifier": _voting,
    "StackingClassifier": _stacking,
    "BaggingClassifier": _bagging,
    **dict.fromkeys(("AdaBoostClassifier", "PlainAdaBoost", "RealAdaBoost"), _adaptive),
    "CalibratedClassifierCV": _calibrated,
}
_TRANSFORMERS: dict[str, Callable[[_Walk, Any], Shape]] = {
    "Pipeline": _pipeline_before,
    "ColumnTransformer": _by_columns,
}
ENTRIES: tuple[Entry, ...] = (
    ("sklearn.pipeline", "Pipeline", parts.unchecked),
    ("sklearn.compose._column_transformer", "ColumnTransformer", parts.unchecked),
    ("sklearn.ensemble._voting", "VotingClassifier", parts.unchecked),
    ("sklearn.ensemble._stacking", "StackingClassifier", parts.unchecked),
    ("sklearn.ensemble._bagging", "BaggingClassifier", parts.unchecked),
    ("sklearn.ensemble._weight_boosting", "AdaBoostClassifier", parts.unchecked),
    ("sklearn.calibration", "CalibratedClassifierCV", parts.unchecked),
    ("sklearn.calibration", "_CalibratedClassifier", parts.unchecked),
)
