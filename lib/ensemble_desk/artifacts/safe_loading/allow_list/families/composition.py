"""Estimators made of others in the allow-list: what one part gives is what the next one reads, and all votes count.

A part is checked by itself when it is made; how parts fit each other is checked here, from the member down, before a
first prediction.
"""

from collections.abc import Callable
from typing import Any

from ensemble_desk.artifacts.safe_loading.allow_list.families import parts, smooth, votes, walking
from ensemble_desk.artifacts.safe_loading.allow_list.families.parts import Entry
from ensemble_desk.artifacts.safe_loading.allow_list.families.transforming import columns, functions, selecting
from ensemble_desk.artifacts.safe_loading.allow_list.families.walking import MOST_PARTS, SCORES, SHARES, Shape, Walk
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import Builder, Recipe, UnfitError, expect, state_of
from ensemble_desk.ensemble.flat.forest import FlatForest
from ensemble_desk.ensemble.graphs.model import GraphModel

_REGRESSIONS = frozenset(name for _, name, _ in smooth.REGRESSIONS)
_MOST_TIMES = 64  # that one column is read; each takes memory in every row


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


def limited(builder: Builder, given: Recipe) -> Any:
    """Make of a limit on probabilities the estimator inside: the limit chooses a class, and changes no probability."""
    state = state_of(given)
    expect(type(state) is dict and ("estimator_" in state or "estimator" in state), "a limit on probabilities")
    return builder.value(state.get("estimator_", state.get("estimator")))


def is_member(model: Any) -> bool:
    """Tell whether an object votes: a fitted classifier, all of whose parts fit each other."""
    if isinstance(model, FlatForest | GraphModel):
        return True
    if not (hasattr(model, SHARES) and walking.is_fitted(model)):
        return False
    Walk(_VOTERS, _TRANSFORMERS).voter(model, asked=SHARES)
    return True


def _pipeline(walk: Walk, made: Any) -> Shape:
    steps = _steps(made)
    reads, n_classes = walk.voter(steps[-1][1], asked=SHARES if hasattr(made, SHARES) else SCORES)
    before = walk.chain(made, steps[:-1], behind=steps[-1][1])
    expect(before is None or before[1] == reads, "a pipeline", "width")
    return (reads if before is None else before[0]), n_classes


def _pipeline_before(walk: Walk, made: Any) -> Shape:
    shape = walk.chain(made, _steps(made))
    expect(shape is not None, "a pipeline", "nothing in it")
    return shape  # type: ignore[return-value] # expect() raised for None


def _steps(made: Any) -> list[Any]:
    steps = made.__dict__.get("steps")
    expect(type(steps) is list and 0 < len(steps) <= MOST_PARTS, "a pipeline", "steps")
    expect(all(type(step) is tuple and len(step) == 2 for step in steps), "a pipeline", "steps")  # noqa: PLR2004
    expect(all(type(name) is str for name, _ in steps), "a pipeline", "steps")
    made.memory = None  # a folder of its own, which prediction does not read
    found: list[Any] = steps
    return found


def _by_columns(walk: Walk, made: Any) -> Shape:
    """Check a transformer of columns: each part reads as many as it is given, and all of them are there."""
    subject, told = "a transformer of columns", made.__dict__
    parts.single_threaded(made)
    n_features = parts.features(made)
    fitted, read = told.get("transformers_"), told.get("_transformer_to_input_indices")
    expect(type(fitted) is list and type(read) is dict and len(fitted) <= MOST_PARTS, subject)
    expect(type(told.get("sparse_output_")) is bool, subject)
    _check_weights(made, subject)
    total = n_read = 0
    for part in fitted:
        expect(type(part) is tuple and len(part) == 3 and type(part[0]) is str, subject)  # noqa: PLR2004
        name, step, wanted = part
        places = columns.places(wanted, told.get("feature_names_in_"), n_features)
        expect(places == read.get(name), subject, "columns")
        read[name] = places  # true is 1 as well
        if not places or (type(step) is str and step == "drop"):
            continue
        functions.tell(step, n_features_in_=len(places))
        reads, makes = (len(places),) * 2 if functions.passes(step) else walk.transformer(step)
        expect(reads == len(places), subject, "width")
        total, n_read = total + makes, n_read + reads
    expect(total > 0 and n_read <= _MOST_TIMES * n_features, subject, "width")
    return n_features, total


def _union(walk: Walk, made: Any) -> Shape:
    """Check a union: every part reads the same columns, and what they make stands side by side."""
    subject, told = "a union of features", made.__dict__
    parts.single_threaded(made)
    _check_weights(made, subject)
    held = told.get("transformer_list")
    expect(type(held) is list and 0 < len(held) <= MOST_PARTS, subject, "parts")
    expect(all(type(one) is tuple and len(one) == 2 for one in held), subject, "parts")  # noqa: PLR2004 - name and part
    asked = [one for _, one in held if one not in ("drop", "passthrough")]
    for one in asked:
        walk.once(one)
    known = next((one.__dict__["n_features_in_"] for one in asked if "n_features_in_" in vars(one)), None)
    for one in asked:
        functions.tell(one, n_features_in_=known)
    shapes = [walk.transformer(one) for one in asked]
    expect(len({reads for reads, _ in shapes}) == 1, subject, "width")
    n_passing = sum(one == "passthrough" for _, one in held)
    return shapes[0][0], sum(makes for _, makes in shapes) + n_passing * shapes[0][0]


def _by_model(walk: Walk, made: Any) -> Shape:
    """Check a selection by an estimator's weights, which scikit-learn asks it for at every row."""
    subject, told = "a selection by a model", made.__dict__
    model = told.get("estimator_")
    chooses_alone = type(model).__name__ in _REGRESSIONS
    reads = parts.features(model) if chooses_alone else walk.voter(model, asked="predict")[0]
    if not (hasattr(model, "coef_") or hasattr(model, "feature_importances_")):
        raise UnfitError(problem=f"its selection asks a {type(model).__name__} for weights that are not read")
    parts.one_of(made, "importance_getter", ("auto", "coef_", "feature_importances_"), subject)
    limit, order = told.get("threshold"), told.get("norm_order")
    expect(limit is None or type(limit) is str or parts.is_finite(limit), subject, "threshold")
    expect(type(order) is int and order > 0, subject, "norm_order")
    for name in ("max_features", "max_features_"):
        expect(type(told.get(name)) in (int, type(None)), subject, name)
    return reads, selecting.chosen(made)


def _check_weights(made: Any, subject: str) -> None:
    weights = made.__dict__.get("transformer_weights")
    expect(
        weights is None or (type(weights) is dict and all(map(parts.is_finite, weights.values()))), subject, "weights"
    )


_VOTERS: dict[str, Callable[[Walk, Any], Shape]] = {
    "Pipeline": _pipeline,
    "VotingClassifier": votes.voting,
    "StackingClassifier": votes.stacking,
    "BaggingClassifier": votes.bagging,
    **dict.fromkeys(("AdaBoostClassifier", "PlainAdaBoost", "RealAdaBoost"), votes.adaptive),
    "CalibratedClassifierCV": votes.calibrated,
    "OneVsRestClassifier": votes.against_rest,
    "OneVsOneClassifier": votes.in_pairs,
    "SelfTrainingClassifier": votes.self_trained,
}
_TRANSFORMERS: dict[str, Callable[[Walk, Any], Shape]] = {
    "Pipeline": _pipeline_before,
    "ColumnTransformer": _by_columns,
    "FeatureUnion": _union,
    "SelectFromModel": _by_model,
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
    ("sklearn.multiclass", "OneVsRestClassifier", votes.apart),
    ("sklearn.multiclass", "OneVsOneClassifier", votes.apart),
    ("sklearn.multiclass", "OutputCodeClassifier", votes.by_codes),
    ("sklearn.semi_supervised._self_training", "SelfTrainingClassifier", parts.unchecked),
    ("sklearn.pipeline", "FeatureUnion", parts.unchecked),
    ("sklearn.feature_selection._from_model", "SelectFromModel", parts.unchecked),
)
