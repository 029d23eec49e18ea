"""Members made of plain arrays or of other estimators: refused before a first prediction when a part does not fit."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - makes its search importable
from sklearn.feature_selection import SelectKBest, SelectPercentile, VarianceThreshold, f_classif
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier, RidgeClassifierCV, SGDClassifier
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier
from tests.artifacts.conftest import rows
from tests.artifacts.safe_loading.damaging import Change, fit_quietly, load, put, refused

from ensemble_desk.errors import IncompatibleArtifactError


def forest() -> RandomForestClassifier:
    return RandomForestClassifier(2, max_depth=2, random_state=1)


def regression() -> LogisticRegression:
    return LogisticRegression()


UNFITTED: dict[str, Callable[[], Any]] = {
    "scaled": lambda: make_pipeline(StandardScaler(), regression()),
    "bounded": lambda: make_pipeline(MinMaxScaler(), RobustScaler(), MaxAbsScaler(), regression()),
    "imputed": lambda: make_pipeline(SimpleImputer(), forest()),
    "reduced": lambda: make_pipeline(PCA(2, whiten=True), regression()),
    "chosen": lambda: make_pipeline(SelectKBest(k=2), VarianceThreshold(), SelectPercentile(), regression()),
    "columns": lambda: make_pipeline(
        ColumnTransformer([("a", StandardScaler(), ["rsi", "atr"]), ("b", "passthrough", [0])]), regression()
    ),
    "calibrated": lambda: CalibratedClassifierCV(forest(), cv=2),
    "isotonic": lambda: CalibratedClassifierCV(regression(), method="isotonic", cv=2),
    "tempered": lambda: CalibratedClassifierCV(regression(), method="temperature", cv=2),
    "vote": lambda: VotingClassifier([("rf", forest()), ("lr", regression())], voting="soft", weights=[1, 2]),
    "stack": lambda: StackingClassifier([("rf", forest()), ("lr", regression())], cv=2, passthrough=True),
    "bag": lambda: BaggingClassifier(
        DecisionTreeClassifier(max_depth=2), n_estimators=2, max_features=3, random_state=1
    ),
    "adaboost": lambda: AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=2, random_state=1),
    "sgd": lambda: SGDClassifier(loss="log_loss", random_state=1),
    "lda": LinearDiscriminantAnalysis,
    "qda": QuadraticDiscriminantAnalysis,
    "nb": GaussianNB,
    "mlp": lambda: MLPClassifier((3,), solver="lbfgs", max_iter=3, random_state=1),
    "knn": lambda: KNeighborsClassifier(3),
    "ball": lambda: KNeighborsClassifier(3, algorithm="ball_tree", weights="distance", p=3),
    "brute": lambda: KNeighborsClassifier(3, algorithm="brute"),
    "rest": lambda: OneVsRestClassifier(forest()),
    "rest of pipelines": lambda: OneVsRestClassifier(make_pipeline(StandardScaler(), regression())),
    "pairs": lambda: CalibratedClassifierCV(OneVsOneClassifier(regression()), cv=2),
    "taught": lambda: SelfTrainingClassifier(regression()),
    "bernoulli": BernoulliNB,
    "multinomial": lambda: make_pipeline(MinMaxScaler(), MultinomialNB()),
    "complement": lambda: make_pipeline(MinMaxScaler(), ComplementNB(norm=True)),
    "perceptron": lambda: CalibratedClassifierCV(Perceptron(random_state=1), cv=2),
    "ridges": lambda: CalibratedClassifierCV(RidgeClassifierCV(), cv=2),
    "bag of votes": lambda: BaggingClassifier(SVC(), n_estimators=2, random_state=1),
    "calibrated machine": lambda: CalibratedClassifierCV(SVC(), cv=2),
    "commonest": lambda: DummyClassifier(strategy="most_frequent"),
    "halving": lambda: HalvingGridSearchCV(regression(), {"C": [0.1, 1.0]}, cv=2),
    "search": lambda: GridSearchCV(regression(), {"C": [0.1, 1.0]}, cv=2),
}


@pytest.fixture(scope="module")
def sound() -> dict[str, Any]:
    features, classes = rows()
    with np.errstate(all="ignore"):
        return {name: fit_quietly(make(), features, classes) for name, make in UNFITTED.items()} | {"svc": machine()}


def machine() -> SVC:
    return fit_quietly(SVC(probability=True, random_state=1), *rows())


STEP = ("steps", 0, 1)
CURVE = ("calibrated_classifiers_", 0, "calibrators", 0)


def widen(model: Any) -> None:
    """Let a file of a few hundred kilobytes ask for as many in every row of a forecast."""
    wide = 2**13 + 1
    model.coefs_, model.intercepts_ = [np.ones((4, wide)), np.ones((wide, 3))], [np.ones(wide), np.ones(3)]


def widen_steps(model: Any) -> None:
    scale, last = model.steps[0][1], model.steps[1][1]
    scale.components_, scale.explained_variance_ = np.ones((5, 4)), np.ones(5)
    last.coef_, last.n_features_in_ = np.ones((3, 5)), 5


def widen_columns(model: Any) -> None:
    many, (columns, last) = [0] * 4 * 65, (step for _, step in model.steps)
    columns.transformers_ = [("b", columns.transformers_[1][1], many)]
    columns._transformer_to_input_indices = {"b": many}
    last.coef_, last.n_features_in_ = np.ones((3, len(many))), len(many)


DAMAGED: list[tuple[str, Change]] = [
    ("mlp", widen),
    ("reduced", widen_steps),
    ("columns", widen_columns),
    ("qda", lambda model: vars(model).update(rotations_=[np.ones((4, 5))] * 3, scalings_=[np.ones(5)] * 3)),
    ("lda", put("classes_", to=np.array([np.nan] * 3))),
    ("scaled", put("steps", to=lambda steps: [*steps[:1] * 2, *steps[1:]])),
    ("calibrated", put("calibrated_classifiers_", to=lambda members: members[:1] * 3)),
    ("calibrated", put("n_features_in_", to=10**9)),
    ("adaboost", put("estimators_", to=lambda members: members[:1] * 2)),
    ("scaled", put(*STEP, "mean_", to=np.zeros(3))),
    ("scaled", put(*STEP, "scale_", to=np.full(4, np.nan))),
    ("scaled", put(*STEP, "scale_", to=[1.0] * 4)),
    ("scaled", put(*STEP, "scale_", to=np.ones(4, dtype=object))),
    ("scaled", put(*STEP, "with_mean", to="yes")),
    ("scaled", put(*STEP, "n_features_in_", to=9)),
    ("scaled", put(*STEP, to=forest())),
    ("scaled", put(*STEP, to=StandardScaler())),
    ("scaled", put(*STEP, to=1)),
    ("scaled", put("steps", 0, to=("a",))),
    ("scaled", put("steps", 0, to=(1, None))),
    ("scaled", put("steps", to=[])),
    ("scaled", put("steps", to=None)),
    ("scaled", put("steps", to=lambda steps: steps[:1])),
    ("scaled", put("steps", to=tuple)),
    ("scaled", put("steps", 1, 1, "coef_", to=np.zeros((3, 3)))),
    ("bounded", put(*STEP, "feature_range", to=(0, "1"))),
    ("bounded", put(*STEP, "min_", to=np.zeros((4, 1)))),
    ("bounded", put("steps", 1, 1, "center_", to=None)),
    ("bounded", put("steps", 2, 1, "scale_", to=np.zeros(5))),
    ("imputed", put(*STEP, "statistics_", to=np.zeros(3))),
    ("imputed", put(*STEP, "statistics_", to=np.array([0.0, np.nan, 0.0, 0.0]))),
    ("imputed", put(*STEP, "statistics_", to=np.full(4, np.inf))),
    ("imputed", put(*STEP, "_fit_dtype", to=np.dtype("O"))),
    ("imputed", put(*STEP, "missing_values", to="no")),
    ("imputed", put(*STEP, "add_indicator", to=True)),
    ("imputed", put(*STEP, "indicator_", to=forest())),
    ("reduced", put(*STEP, "components_", to=np.zeros((2, 3)))),
    ("reduced", put(*STEP, "components_", to=np.zeros((3, 4)))),
    ("reduced", put(*STEP, "components_", to=np.zeros(4))),
    ("reduced", put(*STEP, "explained_variance_", to=np.zeros(1))),
    ("reduced", put(*STEP, "mean_", to=None)),
    ("chosen", put(*STEP, "scores_", to=np.zeros(5))),
    ("chosen", put(*STEP, "scores_", to=np.array(list("abcd")))),
    ("chosen", put(*STEP, "k", to=3)),
    ("chosen", put(*STEP, "k", to=-1)),
    ("chosen", put(*STEP, "k", to=1.5)),
    ("chosen", put("steps", 1, 1, "variances_", to=np.zeros(2))),
    ("chosen", put("steps", 1, 1, "threshold", to="0")),
    ("chosen", put("steps", 2, 1, "percentile", to=101)),
    ("columns", put(*STEP, "transformers_", 0, to=("a", StandardScaler(), ["rsi", "atr"]))),
    ("columns", put(*STEP, "transformers_", 1, 2, to=[9])),
    ("columns", put(*STEP, "transformers_", 1, 2, to=["nobody"])),
    ("columns", put(*STEP, "transformers_", 1, 2, to=slice("a", "b"))),
    ("columns", put(*STEP, "transformers_", 1, 2, to=None)),
    ("columns", put(*STEP, "transformers_", to=[])),
    ("columns", put(*STEP, "_transformer_to_input_indices", to={})),
    ("columns", put(*STEP, "_transformer_to_input_indices", "a", to=[0, 99])),
    ("columns", put(*STEP, "sparse_output_", to="yes")),
    ("columns", put(*STEP, "transformer_weights", to={"a": "2"})),
    ("columns", put(*STEP, "transformer_weights", to=[2])),
    ("calibrated", put(*CURVE, "a_", to=np.nan)),
    ("calibrated", put(*CURVE, "b_", to="1")),
    ("calibrated", put(*CURVE, to=None)),
    ("calibrated", put(*CURVE[:-1], to=lambda curves: curves[:2])),
    ("calibrated", put(*CURVE[:-1], to=tuple)),
    ("calibrated", put("calibrated_classifiers_", 0, "classes", to=np.array([0, 1]))),
    ("calibrated", put("calibrated_classifiers_", 0, "method", to="isotonic")),
    ("calibrated", put("calibrated_classifiers_", 0, "method", to="other")),
    ("calibrated", put("calibrated_classifiers_", 0, "estimator", to=None)),
    ("calibrated", put("calibrated_classifiers_", 0, "estimator", to=forest())),
    ("calibrated", put("calibrated_classifiers_", to=[])),
    ("calibrated", put("calibrated_classifiers_", 0, to=StandardScaler())),
    ("calibrated", put("classes_", to=np.array([0, 1, 3]))),
    ("isotonic", put(*CURVE, "X_thresholds_", to=lambda points: points[::-1].copy())),
    ("isotonic", put(*CURVE, "X_thresholds_", to=lambda points: points[:-1])),
    ("isotonic", put(*CURVE, "y_thresholds_", to=lambda points: points * np.nan)),
    ("isotonic", put(*CURVE, "X_min_", to=None)),
    ("isotonic", put(*CURVE, "out_of_bounds", to="raise")),
    ("tempered", put(*CURVE, "beta_", to=np.inf)),
    ("vote", put("estimators_", 0, to=None)),
    ("vote", put("estimators_", to=[])),
    ("vote", put("estimators_", to=lambda members: members[:1])),
    ("vote", put("estimators_", 1, "n_features_in_", to=3)),
    ("vote", put("estimators_", 0, to=RidgeClassifier())),
    ("vote", put("weights", to=[1])),
    ("vote", put("weights", to=[1, "2"])),
    ("vote", put("weights", to=[0, 0])),
    ("vote", put("weights", to=[2, -1])),
    ("vote", put("classes_", to=np.array([0, 1]))),
    ("vote", put("voting", to="hard")),
    ("stack", put("final_estimator_", to=None)),
    ("stack", put("final_estimator_", "n_features_in_", to=4)),
    ("stack", put("stack_method_", to=["predict_proba"])),
    ("stack", put("stack_method_", 0, to="fit")),
    ("stack", put("stack_method_", 0, to="decision_function")),
    ("stack", put("passthrough", to=False)),
    ("stack", put("_label_encoder", to=[])),
    ("stack", put("estimators_", 0, to="drop")),
    ("bag", put("estimators_features_", 0, to=np.array([0, 1, 4]))),
    ("bag", put("estimators_features_", 0, to=np.array([0, 1, -1]))),
    ("bag", put("estimators_features_", 0, to=np.array([0, 1]))),
    ("bag", put("estimators_features_", 0, to=np.array([0.0, 1.0, 2.0]))),
    ("bag", put("estimators_features_", to=lambda places: places[:1])),
    ("bag", put("n_estimators", to=9)),
    ("bag", put("n_classes_", to=2)),
    ("bag", put("estimators_", 0, "n_features_in_", to=4)),
    ("adaboost", put("estimator_weights_", to=np.ones(1))),
    ("adaboost", put("estimator_weights_", to=np.zeros(2))),
    ("adaboost", put("estimator_weights_", to=np.full(2, np.nan))),
    ("adaboost", put("estimator_weights_", to=[1.0, 1.0])),
    ("adaboost", put("n_classes_", to=4)),
    ("adaboost", put("estimators_", 0, to=DecisionTreeClassifier())),
    ("adaboost", put("estimators_", to=None)),
    ("adaboost", put("n_features_in_", to=3)),
    ("sgd", put("coef_", to=np.zeros((2, 4)))),
    ("lda", put("intercept_", to=np.zeros(1))),
    ("qda", put("rotations_", 0, to=np.zeros((3, 4)))),
    ("qda", put("scalings_", 0, to=np.full(4, -1.0))),
    ("qda", put("scalings_", to=lambda scalings: scalings[:2])),
    ("qda", put("means_", to=np.zeros((3, 3)))),
    ("qda", put("priors_", to=np.zeros(4))),
    ("nb", put("var_", to=np.zeros((3, 4)))),
    ("nb", put("theta_", to=np.zeros((3, 5)))),
    ("nb", put("class_prior_", to=np.full(3, np.inf))),
    ("mlp", put("coefs_", 0, to=np.zeros((5, 3)))),
    ("mlp", put("coefs_", 1, to=np.zeros((3, 2)))),
    ("mlp", put("intercepts_", 0, to=np.zeros(2))),
    ("mlp", put("coefs_", to=[])),
    ("mlp", put("n_layers_", to=9)),
    ("mlp", put("n_outputs_", to=1)),
    ("mlp", put("activation", to="eval")),
    ("mlp", put("out_activation_", to="identity")),
    ("knn", put("_y", to=lambda numbers: numbers + 1)),
    ("knn", put("_y", to=lambda numbers: numbers - 1)),
    ("knn", put("_y", to=lambda numbers: numbers[:-1])),
    ("knn", put("_y", to=lambda numbers: numbers.astype(float))),
    ("knn", put("_fit_X", to=lambda held: held[:, :3])),
    ("knn", put("_fit_X", to=lambda held: held * np.nan)),
    ("knn", put("_fit_X", to=lambda held: held.astype(object))),
    ("knn", put("n_neighbors", to=10**6)),
    ("knn", put("n_neighbors", to=0)),
    ("knn", put("n_samples_fit_", to=7)),
    ("knn", put("outputs_2d_", to=True)),
    ("knn", put("leaf_size", to=0)),
    ("knn", put("_fit_method", to="other")),
    ("knn", put("effective_metric_", to="haversine")),
    ("knn", put("effective_metric_params_", to={"func": 1})),
    ("knn", put("metric", to="precomputed")),
    ("knn", put("weights", to=lambda _: f_classif)),
    ("ball", put("effective_metric_params_", to={"p": 0.5})),
    ("ball", put("p", to=np.nan)),
    ("brute", put("n_neighbors", to=2.0)),
    ("svc", put("_n_support", to=lambda counts: counts + np.int32(1))),
    ("svc", put("_n_support", to=lambda counts: counts * np.array([-1, 1, 1], np.int32))),
    ("svc", put("_n_support", to=lambda counts: counts[:2])),
    ("svc", put("_n_support", to=lambda counts: counts.astype(np.int64))),
    ("svc", put("support_", to=lambda indices: indices[:-1])),
    ("svc", put("support_", to=lambda indices: -indices - np.int32(1))),
    ("svc", put("support_vectors_", to=lambda vectors: vectors[:, :3])),
    ("svc", put("support_vectors_", to=lambda vectors: vectors[:0])),
    ("svc", put("support_vectors_", to=lambda vectors: vectors.astype(np.float32))),
    ("svc", put("_dual_coef_", to=lambda weights: weights[:1])),
    ("svc", put("_dual_coef_", to=lambda weights: weights[:, :-1])),
    ("svc", put("_intercept_", to=np.zeros(2))),
    ("svc", put("_probA", to=np.zeros(2))),
    ("svc", put("_probB", to=np.zeros(0))),
    ("svc", put("kernel", to="precomputed")),
    ("svc", put("kernel", to=lambda _: f_classif)),
    ("svc", put("degree", to=10**9)),
    ("svc", put("_gamma", to=np.nan)),
    ("svc", put("_sparse", to=True)),
    ("svc", put("n_features_in_", to=5)),
    ("svc", put("classes_", to=np.array([0, 1]))),
    ("svc", put("probability", to="yes")),
    ("calibrated machine", put("calibrated_classifiers_", 0, "estimator", "probability", to=True)),
    ("rest", put("estimators_", to=lambda members: members[:2])),
    ("rest", put("estimators_", to=lambda members: [*members, copy.deepcopy(members[0])])),
    ("rest", put("estimators_", to=lambda members: members[:1] * 3)),
    ("rest", put("estimators_", 1, "classes_", to=np.array([0, 1, 2]))),
    ("rest", put("estimators_", 1, "classes_", to=np.array([1, 0]))),
    ("rest", put("estimators_", 2, to=None)),
    ("rest", put("estimators_", to=())),
    ("rest", put("estimators_", to=None)),
    ("rest", put("n_features_in_", to=3)),
    ("rest", put("classes_", to=np.array([0, 1]))),
    ("rest", put("label_binarizer_", "classes_", to=np.array([0, 1, 3]))),
    ("rest", put("label_binarizer_", "y_type_", to="multilabel-indicator")),
    ("rest", put("label_binarizer_", to=None)),
    ("rest of pipelines", put("estimators_", 0, "steps", 1, 1, "coef_", to=np.zeros((1, 3)))),
    ("pairs", put("calibrated_classifiers_", 0, "estimator", "estimators_", to=lambda members: members[:2])),
    ("pairs", put("calibrated_classifiers_", 0, "estimator", "pairwise_indices_", to=[np.array([9])] * 3)),
    ("pairs", put("calibrated_classifiers_", 0, "estimator", "estimators_", 0, "coef_", to=np.zeros((1, 3)))),
    ("taught", put("estimator_", to=None)),
    ("taught", put("estimator_", "coef_", to=np.zeros((3, 3)))),
    ("taught", put("estimator_", "classes_", to=np.array([0, 1, 5]))),
    ("bernoulli", put("feature_log_prob_", to=np.zeros((3, 5)))),
    ("bernoulli", put("class_log_prior_", to=np.zeros(2))),
    ("bernoulli", put("binarize", to="0")),
    ("multinomial", put("steps", 1, 1, "feature_log_prob_", to=np.full((3, 4), np.nan))),
    ("perceptron", put("calibrated_classifiers_", 0, "estimator", "coef_", to=np.zeros((3, 5)))),
    ("ridges", put("calibrated_classifiers_", 0, "estimator", "coef_", to=np.zeros(4))),
    ("ridges", put("calibrated_classifiers_", 0, "estimator", "intercept_", to=1.5)),
    ("bag of votes", put("estimators_", 0, "classes_", to=np.array([0, 1, 9]))),
    ("commonest", put("_strategy", to="stratified")),
    ("commonest", put("class_prior_", to=np.ones(4))),
    ("commonest", put("n_outputs_", to=10**9)),
    ("halving", put("best_estimator_", "coef_", to=np.zeros((3, 3)))),
    ("search", put("best_estimator_", to=None)),
    ("search", put("best_estimator_", "coef_", to=np.zeros((3, 3)))),
]


@pytest.mark.parametrize(("name", "change"), DAMAGED, ids=[f"{name}-{i}" for i, (name, _) in enumerate(DAMAGED)])
def test_a_part_that_does_not_fit_is_refused(sound, name, change):
    model = copy.deepcopy(sound[name])
    change(model)
    refused(model)


@pytest.mark.parametrize("name", [*UNFITTED, "svc"])
def test_what_is_sound_answers_as_before(sound, name):
    features, _ = rows()
    loaded = load(sound[name])
    assert np.array_equal(loaded.predict_proba(features), sound[name].predict_proba(features))
    assert loaded.classes_.tolist() == [0, 1, 2]
    assert pickle.loads(pickle.dumps(loaded)).predict(features).tolist() == sound[name].predict(features).tolist()


def test_parts_shared_many_times_over_are_not_asked_without_end(sound):
    inner = sound["vote"]
    for _ in range(12):
        around = copy.copy(inner)
        around.estimators_, around.estimators = [inner, inner], [("a", inner), ("b", inner)]
        inner = around
    assert "nested too deeply" in str(refused(inner))


def test_a_wide_vote_of_votes_is_too_many(sound):
    leaf = copy.deepcopy(sound["bag"].estimators_[0])
    outer = copy.copy(sound["vote"])
    outer.estimators_ = [copy.copy(leaf) for _ in range(20_001)]
    outer.estimators, outer.weights = [("a", None)] * 20_001, None
    assert "(parts)" in str(refused(outer))
    inner = copy.copy(outer)
    inner.estimators_, inner.estimators = outer.estimators_[:20_000], outer.estimators[:20_000]
    outer.estimators_, outer.estimators = [inner, copy.copy(inner)], [("a", None)] * 2
    assert "too many" in str(refused(outer))


def test_a_search_tree_of_the_file_is_never_used(sound):
    model = copy.deepcopy(sound["knn"])
    model.__dict__["_tree"] = "a text"
    features, _ = rows()
    assert np.array_equal(load(model).predict_proba(features), sound["knn"].predict_proba(features))


@pytest.mark.parametrize(
    "model",
    [
        RidgeClassifier(),
        SGDClassifier(),
        VotingClassifier([("lr", regression())]),
        OneVsOneClassifier(regression()),
        OneVsRestClassifier(LinearSVC()),
    ],
)
def test_a_classifier_without_probabilities_is_told_what_to_do(model):
    features, classes = rows()
    assert "gives no probabilities: calibrate it" in str(refused(model.fit(features, classes)))


def test_files_cannot_ask_for_threads_or_folders(sound):
    model = copy.deepcopy(sound["scaled"])
    model.memory = "/anywhere"
    assert load(model).memory is None
    for name in ("bag", "knn", "vote", "stack", "calibrated"):
        model = copy.deepcopy(sound[name])
        model.n_jobs = 10**6
        assert load(model).n_jobs == 1


def test_one_against_the_rest_stands_in_no_other(sound):
    """Asked whether they can answer, a few of them one within another would ask each other without end."""
    inner = sound["rest"]
    for _ in range(40):
        around = copy.copy(inner)
        around.estimators_ = [inner, copy.copy(inner)]
        inner = around
    assert "one within another" in str(refused(inner))
    hidden = copy.copy(sound["rest of pipelines"])
    hidden.estimators_ = [make_pipeline(StandardScaler(), sound["rest"])] * 3
    assert "one within another" in str(refused(hidden))


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (
            OutputCodeClassifier(regression(), code_size=3, random_state=1),
            "its OutputCodeClassifier gives no",
        ),
        (DummyClassifier(strategy="stratified"), "DummyClassifier answers by 'stratified'"),
        (GradientBoostingClassifier(n_estimators=2, init=regression()), "starts from a LogisticRegression"),
    ],
)
def test_what_cannot_be_had_says_why(model, reason):
    error = refused(fit_quietly(model, *rows()))
    assert isinstance(error, IncompatibleArtifactError)
    assert reason in str(error)


@pytest.mark.parametrize("name", ["calibrated", "tempered", "rest", "vote", "ridges", "bag of votes"])
@pytest.mark.parametrize("labels", [["down", "flat", "up"], ["down", "up"]])
def test_members_with_classes_of_words_answer_as_before(name, labels):
    features, classes = rows()
    model = fit_quietly(UNFITTED[name](), features, np.array(labels)[classes % len(labels)])
    loaded = load(model)
    assert loaded.classes_.tolist() == labels
    assert np.array_equal(loaded.predict_proba(features), model.predict_proba(features))


@pytest.mark.parametrize("limited", [FixedThresholdClassifier, TunedThresholdClassifierCV])
def test_a_limit_on_probabilities_leaves_the_estimator_inside(limited):
    features, classes = rows()
    model = limited(regression()).fit(features, classes > 0)
    loaded = load(model)
    assert type(loaded) is LogisticRegression
    assert np.array_equal(loaded.predict_proba(features), model.predict_proba(features))
    model.estimator_.coef_ = np.zeros((1, 5))
    refused(model)
    model.estimator_ = None
    refused(model)
