"""Members that ask other members: what each of these says is what the vote reads, and all classes are the same."""

from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list.families import curves, parts, walking
from ensemble_desk.artifacts.safe_loading.allow_list.families.walking import MOST_PARTS, SCORES, SHARES, Shape, Walk
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import UnfitError, expect
from ensemble_desk.ensemble.flat.forest import FlatForest

_AGAINST = "a vote of one class against others"
_EACH_OTHER = ("OneVsRestClassifier", "OneVsOneClassifier")
_INNER = ("final_estimator_", "estimator_", "final_estimator", "estimator")
_TWO = 2  # classes that share one score, or one estimator


def voting(walk: Walk, made: Any) -> Shape:
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


def stacking(walk: Walk, made: Any) -> Shape:
    """Check a stack: the last estimator reads what the others give, and the features when they pass."""
    subject, told = "a stack", made.__dict__
    parts.single_threaded(made)
    members, methods = told.get("estimators_"), told.get("stack_method_")
    expect(type(members) is list and type(methods) is list and 0 < len(members) == len(methods), subject, "parts")
    n_classes, reads, total = parts.classes(made), 0, 0
    for member, method in zip(members, methods, strict=True):
        expect(type(method) is str and method in (SHARES, SCORES, "predict"), subject, "methods")
        reads_one, n_one = walk.voter(member, asked=method)
        expect(reads in (0, reads_one) and n_one == n_classes, subject, "parts")
        reads, total = reads_one, total + (n_classes if n_classes > _TWO and method != "predict" else 1)
    expect(type(told.get("passthrough")) is bool, subject, "passthrough")
    expect(type(told.get("_label_encoder")).__name__ == "LabelEncoder", subject, "classes")
    reads_last, n_last = walk.voter(told.get("final_estimator_"), asked=SHARES)
    expect(reads_last == total + (reads if made.passthrough else 0) and n_last == n_classes, subject, "width")
    return reads, n_classes


def bagging(walk: Walk, made: Any) -> Shape:
    """Check bags: each part reads columns that are there, and tells all classes apart."""
    subject, told = "a bag of estimators", made.__dict__
    parts.single_threaded(made)
    n_features, n_classes = parts.features(made), parts.classes(made)
    members, columns = told.get("estimators_"), told.get("estimators_features_")
    votes_alone = type(members) is list and members and not hasattr(members[0], SHARES)
    reads, n_told = walk.several(made, members, asked="predict" if votes_alone else SHARES)
    expect(n_told == n_classes == parts.count(made, "n_classes_"), subject, "classes")
    expect(all(one.classes_.tolist() == list(range(n_classes)) for one in members), subject, "classes")
    expect(type(columns) is list and len(columns) == len(members) == told.get("n_estimators"), subject, "parts")
    for places in columns:
        expect(type(places) is np.ndarray and places.dtype.kind == "i" and places.shape == (reads,), subject, "columns")
        expect(((places >= 0) & (places < n_features)).all(), subject, "columns")
    made.verbose = 0
    return n_features, n_classes


def adaptive(walk: Walk, made: Any) -> Shape:
    """Check an AdaBoost: each part has a weight, and tells the same classes apart."""
    subject, told = "an AdaBoost", made.__dict__
    n_features, n_classes = parts.features(made), parts.classes(made)
    members, weights = told.get("estimators_"), told.get("estimator_weights_")
    by_shares = type(made).__name__ == "RealAdaBoost"
    reads, n_told = walk.several(made, members, asked=SHARES if by_shares else "predict")
    expect((reads, n_told) == (n_features, n_classes) and n_classes > 1, subject, "parts")
    expect(parts.count(made, "n_classes_") == n_classes, subject, "classes")
    expect(np.shape(weights)[:1] >= (len(members),), subject, "weights")
    given = parts.floats(weights, np.shape(weights)[:1], subject, "weights")
    expect(given.sum() > 0, subject, "weights")
    return n_features, n_classes


def calibrated(walk: Walk, made: Any) -> Shape:
    """Check a calibration: a curve for each class, or one for two, over what an estimator of the same classes says."""
    subject = "a calibration"
    parts.single_threaded(made)
    members, n_classes = made.__dict__.get("calibrated_classifiers_"), parts.classes(made)
    expect(type(members) is list and 0 < len(members) <= MOST_PARTS, subject, "parts")
    found = set()
    for member in members:
        expect(type(member).__name__ == "_CalibratedClassifier", subject, "parts")
        told = member.__dict__
        inner = told.get("estimator")
        _refuse_unknown_scores(inner)
        reads, n_told = walk.voter(inner, asked=SCORES if hasattr(inner, SCORES) else SHARES)
        own = made.classes_.tolist()
        known = list(range(n_classes)) if told.get("method") == "temperature" else own  # fitted on numbers since 1.8
        same = parts.labels(told.get("classes")) == own and inner.classes_.tolist() in (own, known)
        expect(same and n_told == n_classes, subject, "classes")
        curve = curves.BY_METHOD[parts.one_of(member, "method", tuple(curves.BY_METHOD), subject)]
        drawn = told.get("calibrators")
        n_curves = 1 if curve == "_TemperatureScaling" or n_classes <= _TWO else n_classes
        expect(type(drawn) is list and len(drawn) == n_curves, subject, "curves")
        expect(all(type(one).__name__ == curve for one in drawn), subject, "curves")
        found.add(reads)
    expect(len(found) == 1, subject, "parts")
    return found.pop(), n_classes


def _refuse_unknown_scores(made: Any) -> None:
    """Refuse a calibration over LightGBM: of its scores since 4.7, of its probabilities before; no file tells which."""
    while type(made).__name__ == "Pipeline" and walking.is_fitted(made):
        made = made.steps[-1][-1]
    if isinstance(made, FlatForest) and made.trees.threshold.dtype == np.float64:  # the others compare in float32
        which = "of scores or of probabilities, by a release that the file does not tell"
        raise UnfitError(problem=f"its calibration is over LightGBM, {which}: export it where it was made")


def against_rest(walk: Walk, made: Any) -> Shape:
    """Check a vote of one against the rest: an estimator of two classes for each class, or one for two."""
    subject = _AGAINST
    n_features, n_classes = _of_two(walk, made, asked=SHARES if hasattr(made, SHARES) else SCORES)
    binarizer = made.__dict__.get("label_binarizer_")
    expect(type(binarizer).__name__ == "LabelBinarizer", subject, "classes")
    expect(parts.labels(binarizer.__dict__.get("classes_")) == made.classes_.tolist(), subject, "classes")
    parts.one_of(binarizer, "y_type_", ("binary", "multiclass"), subject)
    expect(len(made.estimators_) == (n_classes if n_classes > _TWO else 1), subject, "parts")
    return n_features, n_classes


def in_pairs(walk: Walk, made: Any) -> Shape:
    """Check a vote of one against one: an estimator for each pair of classes, which scores can be asked of."""
    if type(made.__dict__.get("estimators_")) is tuple:
        made.estimators_ = list(made.estimators_)
    n_features, n_classes = _of_two(walk, made, asked="predict")
    expect(made.__dict__.get("pairwise_indices_") is None, _AGAINST, "rows")
    expect(len(made.estimators_) == n_classes * (n_classes - 1) // 2, _AGAINST, "parts")
    return n_features, n_classes


def apart(made: Any) -> None:
    """Refuse one against the rest within another: asked whether they can answer, they ask each other without end."""
    members = made.__dict__.get("estimators_", ())
    expect(type(members) in (list, tuple) and len(members) <= MOST_PARTS, _AGAINST, "parts")
    for inner in members:
        asked = inner
        while asked is not None:  # ends: a part cannot contain itself
            expect(type(asked).__name__ not in _EACH_OTHER, _AGAINST, "one within another")
            asked = _answering(asked)


def by_codes(_made: Any) -> None:
    raise UnfitError(problem="its OutputCodeClassifier gives no probabilities: train a OneVsRestClassifier instead")


def _answering(made: Any) -> Any:
    """Give the part that answers for an estimator, when it is asked whether it can; None for one of its own."""
    told = getattr(made, "__dict__", {})
    steps, members = told.get("steps"), told.get("estimators_")
    if type(made).__name__ == "Pipeline":
        return steps[-1][-1] if type(steps) is list and steps and type(steps[-1]) is tuple and steps[-1] else None
    if type(made).__name__ == "BaggingClassifier" and type(members) is list and members:
        return members[0]
    return next((told[name] for name in _INNER if name in told), None)


def self_trained(walk: Walk, made: Any) -> Shape:
    """Check what taught itself: the estimator inside answers for it."""
    shape = walk.voter(made.__dict__.get("estimator_"), asked=SHARES)
    expect(made.estimator_.classes_.tolist() == made.classes_.tolist(), "a self-training", "classes")
    return shape


def _of_two(walk: Walk, made: Any, *, asked: str) -> Shape:
    parts.single_threaded(made)
    n_features, n_classes = parts.features(made), parts.classes(made)
    reads, n_told = walk.several(made, made.__dict__.get("estimators_"), asked=asked)
    expect(reads == n_features and n_told == _TWO <= n_classes, walking.named(made), "parts")
    expect(all(one.classes_.tolist() == [0, 1] for one in made.estimators_), walking.named(made), "classes")
    return n_features, n_classes
