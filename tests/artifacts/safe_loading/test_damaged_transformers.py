"""What stands before a classifier: answers as before when it is sound, refused when a part of it does not fit."""

import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import FastICA, IncrementalPCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - makes its imputer importable
from sklearn.feature_selection import (
    RFE,
    RFECV,
    GenericUnivariateSelect,
    SelectFdr,
    SelectFpr,
    SelectFromModel,
    SequentialFeatureSelector,
    f_classif,
)
from sklearn.impute import IterativeImputer, KNNImputer, MissingIndicator, SimpleImputer
from sklearn.kernel_approximation import Nystroem, RBFSampler
from sklearn.linear_model import BayesianRidge, Lasso, LogisticRegression, Ridge
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    SplineTransformer,
    StandardScaler,
)
from sklearn.random_projection import GaussianRandomProjection
from sklearn.svm import SVC
from tests.artifacts.conftest import MAX_BYTES, rows
from tests.artifacts.safe_loading.damaging import Change, fit_quietly, load, put, refused

from ensemble_desk.artifacts.safe_loading import loading
from ensemble_desk.errors import IncompatibleArtifactError, UnsafeArtifactError

FIRST = ("steps", 0, 1)
KINDS = ["session", "day"]


def regression() -> LogisticRegression:
    return LogisticRegression()


def forest() -> RandomForestClassifier:
    return RandomForestClassifier(2, max_depth=2, random_state=1)


def by_category(encoder: Any) -> ColumnTransformer:
    return ColumnTransformer([("kind", encoder, KINDS)], remainder="passthrough")


UNFITTED: dict[str, Callable[[], Any]] = {
    "quantiles": lambda: QuantileTransformer(n_quantiles=20),
    "normal": lambda: QuantileTransformer(n_quantiles=20, output_distribution="normal"),
    "powers": PowerTransformer,
    "box-cox": lambda: make_pipeline(MinMaxScaler((1, 2)), PowerTransformer("box-cox", standardize=False)),
    "norms": lambda: Normalizer("l1"),
    "thresholds": lambda: Binarizer(threshold=0.5),
    "parts": lambda: IncrementalPCA(2),
    "svd": lambda: TruncatedSVD(2, random_state=1),
    "ica": lambda: FastICA(2, random_state=1),
    "random": lambda: GaussianRandomProjection(2, random_state=1),
    "lda": lambda: LinearDiscriminantAnalysis(n_components=1),
    "nystroem": lambda: Nystroem(n_components=5, random_state=1),
    "cosines": lambda: RBFSampler(n_components=5, random_state=1),
    "fpr": lambda: SelectFpr(alpha=0.9),
    "fdr": lambda: SelectFdr(alpha=1.0),
    "any": lambda: GenericUnivariateSelect(mode="k_best", param=2),
    "by forest": lambda: SelectFromModel(forest()),
    "by regression": lambda: SelectFromModel(regression(), threshold="0.5*median", max_features=2),
    "by lasso": lambda: SelectFromModel(Lasso(0.01)),
    "by ridge": lambda: RFE(Ridge(), n_features_to_select=2),
    "rfe": lambda: RFE(regression(), n_features_to_select=2),
    "rfecv": lambda: RFECV(regression(), cv=2),
    "forwards": lambda: SequentialFeatureSelector(regression(), n_features_to_select=2, cv=2),
    "products": lambda: PolynomialFeatures(2),
    "distinct": lambda: PolynomialFeatures((2, 3), interaction_only=True, include_bias=False),
    "splines": lambda: SplineTransformer(4),
    "periodic": lambda: SplineTransformer(5, extrapolation="periodic", include_bias=False),
    "linear": lambda: SplineTransformer(4, degree=2, extrapolation="linear", knots="quantile"),
    "bins": lambda: KBinsDiscretizer(3, encode="ordinal"),
    "bins apart": lambda: KBinsDiscretizer(3, encode="onehot-dense"),
    "sparse bins": lambda: KBinsDiscretizer(3),
    "union": lambda: FeatureUnion(
        [("a", StandardScaler()), ("b", IncrementalPCA(2)), ("c", "passthrough"), ("d", "drop")],
        transformer_weights={"a": 2.0},
    ),
    "log1p": lambda: make_pipeline(FunctionTransformer(np.abs), FunctionTransformer(np.log1p, inverse_func=np.expm1)),
    "clip": lambda: FunctionTransformer(np.clip, kw_args={"a_min": -1, "a_max": 1.5}, validate=True),
    "weighed": lambda: ColumnTransformer(
        [("a", StandardScaler(), ["rsi"]), ("b", "passthrough", ["atr"])], transformer_weights={"a": 3}
    ),
    "frames": lambda: PolynomialFeatures(2).set_output(transform="pandas"),
}
WITH_GAPS: dict[str, Callable[[], Any]] = {
    "constant": lambda: SimpleImputer(strategy="constant", fill_value=0),
    "marked": lambda: SimpleImputer(add_indicator=True),
    "near": lambda: KNNImputer(n_neighbors=3),
    "near, marked": lambda: KNNImputer(weights="distance", add_indicator=True),
    "rounds": lambda: IterativeImputer(max_iter=2, random_state=1, n_nearest_features=2, add_indicator=True),
    "marks": lambda: FeatureUnion([("a", SimpleImputer()), ("b", MissingIndicator())]),
}
WITH_KINDS: dict[str, Callable[[], Any]] = {
    "one hot": lambda: by_category(OneHotEncoder(handle_unknown="ignore")),
    "dropped": lambda: by_category(OneHotEncoder(drop="first", sparse_output=False)),
    "binary": lambda: by_category(OneHotEncoder(drop="if_binary", dtype=np.float32)),
    "sparse": lambda: OneHotEncoder(handle_unknown="ignore"),
    "ordinal": lambda: by_category(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)),
}


def with_gaps() -> Any:
    features, _ = rows()
    return features.mask(np.random.default_rng(3).random(features.shape) < 0.1)


def with_kinds() -> Any:
    features, _ = rows()
    return pd.DataFrame({"session": np.arange(len(features)) % 3.0, "day": np.arange(len(features)) % 2.0}).join(
        features
    )


def given(name: str) -> Any:
    if name in WITH_GAPS:
        return with_gaps()
    if name == "sparse":
        return with_kinds()[KINDS]
    return with_kinds() if name in (*WITH_KINDS, "boosting") else rows()[0]


@pytest.fixture(scope="module")
def sound() -> dict[str, Any]:
    every = UNFITTED | WITH_GAPS | WITH_KINDS
    fitted = {name: make_pipeline(make(), regression()) for name, make in every.items()}
    fitted["boosting"] = HistGradientBoostingClassifier(max_iter=3, categorical_features=["session", "day"])
    return {name: fit_quietly(model, given(name), rows()[1]) for name, model in fitted.items()}


def ways(model: Any) -> list[bytes]:
    content, packed, plain = {"models": {"m": model}, "weights": {"m": 1.0}}, io.BytesIO(), io.BytesIO()
    joblib.dump(content, packed, compress=3)
    joblib.dump(content, plain)
    return [*(pickle.dumps(content, protocol) for protocol in (2, 4, 5)), packed.getvalue(), plain.getvalue()]


@pytest.mark.parametrize("name", [*UNFITTED, *WITH_GAPS, *WITH_KINDS, "boosting"])
def test_what_is_sound_answers_as_before(sound, name):
    asked = given(name)
    expected = pickle.loads(pickle.dumps(sound[name])).predict_proba(asked)  # a slice of an array becomes a whole one
    for data in ways(sound[name]):
        loaded = loading.load(data, name="x", max_bytes=MAX_BYTES)["models"]["m"]
        assert np.array_equal(loaded.predict_proba(asked), expected)


def tree(change: Callable[[Any], object]) -> Change:
    """Damage a first tree that splits by category."""

    def changed(model: Any) -> None:
        found = next(one for stage in model._predictors for one in stage if (one.nodes["is_categorical"] != 0).any())
        change(found)

    return changed


def split(tree: Any) -> Any:
    return np.flatnonzero((tree.nodes["is_categorical"] != 0) & (tree.nodes["is_leaf"] == 0))[0]


def at_split(field: str, to: int) -> Change:
    return tree(lambda one: one.nodes[field].__setitem__(split(one), to))


CODES = (*FIRST, "transformers_", 0, 1)
ENCODING = ("_preprocessor", "transformers_")


def step(**told: Any) -> Change:
    """Damage the first step of an imputer in rounds."""

    def change(model: Any) -> None:
        made = model.steps[0][1]
        made.imputation_sequence_[0] = made.imputation_sequence_[0]._replace(**told)

    return change


UNION = (*FIRST, "transformer_list")
SPLINE = (*FIRST, "bsplines_", 0)
DAMAGED: list[tuple[str, Change]] = [
    ("quantiles", put(*FIRST, "quantiles_", to=np.zeros((20, 3)))),
    ("quantiles", put(*FIRST, "quantiles_", to=lambda held: held[::-1].copy())),
    ("quantiles", put(*FIRST, "references_", to=np.zeros(3))),
    ("quantiles", put(*FIRST, "output_distribution", to="other")),
    ("powers", put(*FIRST, "lambdas_", to=np.zeros(5))),
    ("powers", put(*FIRST, "lambdas_", to=np.full(4, np.nan))),
    ("powers", put(*FIRST, "method", to="eval")),
    ("powers", put(*FIRST, "_scaler", to=None)),
    ("powers", put(*FIRST, "_scaler", "scale_", to=np.zeros(3))),
    ("powers", put(*FIRST, "standardize", to=1)),
    ("norms", put(*FIRST, "norm", to="l9")),
    ("norms", put(*FIRST, "n_features_in_", to=9)),
    ("thresholds", put(*FIRST, "threshold", to=np.nan)),
    ("parts", put(*FIRST, "components_", to=np.zeros((2, 3)))),
    ("svd", put(*FIRST, "components_", to=np.zeros((3, 4)))),
    ("ica", put(*FIRST, "mean_", to=np.zeros(3))),
    ("ica", put(*FIRST, "whiten", to=[1])),
    ("random", put(*FIRST, "components_", to=np.zeros((2, 5)))),
    ("lda", put(*FIRST, "scalings_", to=np.zeros((3, 2)))),
    ("lda", put(*FIRST, "_max_components", to=2)),
    ("lda", put(*FIRST, "solver", to="lsqr")),
    ("nystroem", put(*FIRST, "components_", to=np.zeros((5, 3)))),
    ("nystroem", put(*FIRST, "normalization_", to=np.zeros((4, 5)))),
    ("nystroem", put(*FIRST, "kernel", to="precomputed")),
    ("nystroem", put(*FIRST, "kernel", to=lambda _: f_classif)),
    ("nystroem", put(*FIRST, "kernel_params", to={"gamma": 1})),
    ("nystroem", put(*FIRST, "gamma", to="1")),
    ("cosines", put(*FIRST, "random_weights_", to=np.zeros((5, 5)))),
    ("cosines", put(*FIRST, "random_offset_", to=np.zeros(4))),
    ("cosines", put(*FIRST, "n_components", to=10**9)),
    ("fpr", put(*FIRST, "pvalues_", to=np.zeros(5))),
    ("fpr", put(*FIRST, "alpha", to="1")),
    ("fdr", put(*FIRST, "pvalues_", to=np.full(4, 1.5))),
    ("any", put(*FIRST, "mode", to="other")),
    ("any", put(*FIRST, "param", to=-1)),
    ("any", put(*FIRST, "pvalues_", to=np.zeros(9))),
    ("by forest", put(*FIRST, "estimator_", to=None)),
    ("by forest", put(*FIRST, "estimator_", to=StandardScaler())),
    ("by forest", put(*FIRST, "estimator_", "n_features_in_", to=5)),
    ("by forest", put(*FIRST, "importance_getter", to="__class__")),
    ("by forest", put(*FIRST, "importance_getter", to=lambda _: f_classif)),
    ("by forest", put(*FIRST, "threshold", to="1*eval")),
    ("by forest", put(*FIRST, "threshold", to=np.inf)),
    ("by forest", put(*FIRST, "threshold", to=10**9)),
    ("by forest", put(*FIRST, "max_features", to=lambda _: f_classif)),
    ("by regression", put(*FIRST, "estimator_", "coef_", to=np.zeros((3, 5)))),
    ("by regression", put(*FIRST, "norm_order", to="fro")),
    ("by regression", put(*FIRST, "max_features_", to=0)),
    ("by lasso", put(*FIRST, "estimator_", "coef_", to=np.zeros(5))),
    ("by lasso", put(*FIRST, "estimator_", "coef_", to=np.full(4, np.nan))),
    ("by lasso", put(*FIRST, "estimator_", "coef_", to=np.zeros((2, 4)))),
    ("by lasso", put(*FIRST, "estimator_", "n_features_in_", to=5)),
    ("by lasso", put(*FIRST, "estimator_", to=Lasso())),
    ("by lasso", put("steps", 1, 1, to=Lasso())),
    ("rfe", put(*FIRST, "support_", to=np.ones(5, dtype=bool))),
    ("rfe", put(*FIRST, "support_", to=np.zeros(4, dtype=bool))),
    ("rfe", put(*FIRST, "support_", to=np.array([0, 1, 2, 3]))),
    ("forwards", put(*FIRST, "support_", to=[True] * 4)),
    ("products", put(*FIRST, "_n_out_full", to=10**6)),
    ("products", put(*FIRST, "_n_out_full", to=14)),
    ("products", put(*FIRST, "n_output_features_", to=16)),
    ("products", put(*FIRST, "_max_degree", to=3)),
    ("products", put(*FIRST, "degree", to=10**9)),
    ("products", put(*FIRST, "degree", to=(2,))),
    ("products", put(*FIRST, "include_bias", to=5)),
    ("products", put(*FIRST, "order", to="K")),
    ("distinct", put(*FIRST, "_min_degree", to=1)),
    ("distinct", put(*FIRST, "interaction_only", to=False)),
    ("splines", put(*SPLINE, "_t", to=lambda knots: knots[:-1])),
    ("splines", put(*SPLINE, "_t", to=lambda knots: knots[::-1].copy())),
    ("splines", put(*SPLINE, "_t", to=lambda knots: knots * np.nan)),
    ("splines", put(*SPLINE, "_c", to=lambda weights: weights[:, :-1].copy())),
    ("splines", put(*SPLINE, "_c", to=lambda weights: weights[:-1].copy())),
    ("splines", put(*SPLINE, "_c", to=lambda weights: weights.astype(complex))),
    ("splines", put(*SPLINE, "_c", to=lambda weights: weights.ravel())),
    ("splines", put(*SPLINE, "k", to=2)),
    ("splines", put(*SPLINE, "k", to=-1)),
    ("splines", put(*SPLINE, "k", to=10**6)),
    ("splines", put(*SPLINE, "axis", to=1)),
    ("splines", put(*SPLINE, "extrapolate", to="periodic")),
    ("splines", put(*SPLINE, to=None)),
    ("splines", put(*FIRST, "bsplines_", to=lambda held: held[:3])),
    ("splines", put(*FIRST, "n_features_out_", to=99)),
    ("splines", put(*FIRST, "degree", to=2)),
    ("splines", put(*FIRST, "extrapolation", to="periodic")),
    ("periodic", put(*FIRST, "include_bias", to=True)),
    ("bins", put(*FIRST, "bin_edges_", to=lambda edges: edges[:3])),
    ("bins", put(*FIRST, "bin_edges_", 0, to=np.zeros(3))),
    ("bins", put(*FIRST, "bin_edges_", 0, to=None)),
    ("bins", put(*FIRST, "n_bins_", to=np.array([3, 3, 3]))),
    ("bins", put(*FIRST, "encode", to="other")),
    ("bins", put(*FIRST, "dtype", to=1)),
    ("bins apart", put(*FIRST, "n_bins_", to=np.array([2, 3, 3, 3]))),
    ("bins apart", put(*FIRST, "_encoder", to=None)),
    ("bins apart", put(*FIRST, "_encoder", "categories_", 0, to=np.array([0.0, 1.0]))),
    ("bins apart", put(*FIRST, "_encoder", "categories_", 3, to=np.arange(4.0))),
    ("sparse bins", put(*FIRST, "_encoder", "categories_", 0, to=np.array([2.0, 1.0, 0.0]))),
    ("sparse bins", put(*FIRST, "_encoder", "categories_", 3, to=np.arange(9.0))),
    ("sparse bins", put(*FIRST, "encode", to="onehot-dense")),
    ("union", put(*UNION, to=[])),
    ("union", put(*UNION, to=lambda held: [*held[:1] * 2, *held[1:]])),
    ("union", put(*UNION, 0, to=("a", None))),
    ("union", put(*UNION, 0, to=("a", StandardScaler()))),
    ("union", put(*UNION, 0, 1, "n_features_in_", to=3)),
    ("union", put(*FIRST, "transformer_weights", to={"a": np.nan})),
    ("union", put(*FIRST, "transformer_weights", to=[1.0])),
    ("log1p", put(*FIRST, "steps", 0, 1, "func", to=lambda _: np.where)),
    ("log1p", put(*FIRST, "steps", 0, 1, "func", to=lambda _: f_classif)),
    ("log1p", put(*FIRST, "steps", 0, 1, "func", to="absolute")),
    ("log1p", put(*FIRST, "steps", 0, 1, "kw_args", to={"out": 1})),
    ("log1p", put(*FIRST, "steps", 0, 1, "feature_names_out", to=lambda _: f_classif)),
    ("log1p", put(*FIRST, "steps", 0, 1, "validate", to=lambda _: f_classif)),
    ("clip", put(*FIRST, "kw_args", to={"a_min": "1", "a_max": 2})),
    ("clip", put(*FIRST, "kw_args", to={"a_min": -1, "a_max": 1, "dtype": 1})),
    ("clip", put(*FIRST, "kw_args", to=[1])),
    ("constant", put(*FIRST, "statistics_", to=np.array([0, 0, "a", 0], dtype=object))),
    ("weighed", put(*FIRST, "transformers_", 1, 1, "kw_args", to="x")),
    ("constant", put(*FIRST, "strategy", to="mean")),
    ("marked", put(*FIRST, "indicator_", "features_", to=np.array([0, 1, 2, 9]))),
    ("marked", put(*FIRST, "indicator_", "features_", to=np.array([0, 1]))),
    ("marked", put(*FIRST, "indicator_", "features_", to=np.array([0, 0, 1, 2]))),
    ("marked", put(*FIRST, "indicator_", "n_features_in_", to=9)),
    ("marked", put(*FIRST, "indicator_", "_precomputed", to=False)),
    ("marked", put(*FIRST, "indicator_", "sparse", to=True)),
    ("marked", put(*FIRST, "indicator_", to=None)),
    ("near", put(*FIRST, "_fit_X", to=lambda held: held[:, :3])),
    ("near", put(*FIRST, "_fit_X", to=lambda held: held.astype(object))),
    ("near", put(*FIRST, "_fit_X", to=np.zeros((200, 4)))),
    ("near", put(*FIRST, "_mask_fit_X", to=lambda gaps: gaps[:3])),
    ("near", put(*FIRST, "_valid_mask", to=np.array([True, True, True, False]))),
    ("near", put(*FIRST, "n_neighbors", to=0)),
    ("near", put(*FIRST, "weights", to=lambda _: f_classif)),
    ("near", put(*FIRST, "metric", to=lambda _: f_classif)),
    ("near", put(*FIRST, "missing_values", to=0)),
    ("rounds", step(feat_idx=4)),
    ("rounds", step(feat_idx=-1)),
    ("rounds", step(feat_idx="a")),
    ("rounds", step(neighbor_feat_idx=np.array([0, 9]))),
    ("rounds", step(neighbor_feat_idx=np.array([-1, 0]))),
    ("rounds", step(neighbor_feat_idx=np.array([0.0, 1.0]))),
    ("rounds", step(neighbor_feat_idx=[0, 1])),
    ("rounds", step(estimator=None)),
    ("rounds", step(estimator=BayesianRidge())),
    ("rounds", step(estimator=regression())),
    ("rounds", put(*FIRST, "imputation_sequence_", 0, to=(0, np.array([1]), None))),
    ("rounds", put(*FIRST, "imputation_sequence_", to=[])),
    ("rounds", put(*FIRST, "imputation_sequence_", to=tuple)),
    ("rounds", put(*FIRST, "n_iter_", to=10**6)),
    ("rounds", put(*FIRST, "n_iter_", to=-1)),
    ("rounds", put(*FIRST, "_min_value", to=np.zeros(3))),
    ("rounds", put(*FIRST, "_max_value", to=None)),
    ("rounds", put(*FIRST, "_is_empty_feature", to=np.array([True, False, False, False]))),
    ("rounds", put(*FIRST, "initial_imputer_", to=None)),
    ("rounds", put(*FIRST, "initial_imputer_", "statistics_", to=np.zeros(3))),
    ("rounds", put(*FIRST, "initial_imputer_", "add_indicator", to=True)),
    ("rounds", put(*FIRST, "sample_posterior", to=True)),
    ("rounds", put(*FIRST, "missing_values", to=0)),
    ("marks", put(*UNION, 1, 1, "_n_features", to=3)),
    ("marks", put(*UNION, 1, 1, "features", to="other")),
    ("one hot", put(*CODES, "categories_", 0, to=np.array([0.0, 2.0, 1.0]))),
    ("one hot", put(*CODES, "categories_", 0, to=np.array([0.0, 1.0]))),
    ("one hot", put(*CODES, "categories_", 0, to=np.array([0.0, np.nan, 2.0]))),
    ("one hot", put(*CODES, "categories_", 0, to=np.array([0, 1, 2], dtype=object))),
    ("one hot", put(*CODES, "categories_", to=lambda held: held[:1])),
    ("one hot", put(*CODES, "dtype", to=lambda _: f_classif)),
    ("one hot", put(*CODES, "handle_unknown", to="other")),
    ("one hot", put(*CODES, "_infrequent_enabled", to=True)),
    ("dropped", put(*CODES, "drop_idx_", to=np.array([0, 2], dtype=object))),
    ("dropped", put(*CODES, "drop_idx_", to=np.array([-1, 0], dtype=object))),
    ("dropped", put(*CODES, "drop_idx_", to=np.array([0], dtype=object))),
    ("dropped", put(*CODES, "drop_idx_", to=None)),
    ("sparse", put(*FIRST, "categories_", 1, to=np.arange(3.0))),
    ("ordinal", put(*CODES, "categories_", 0, to=np.array([1.0, 1.0, 2.0]))),
    ("ordinal", put(*CODES, "unknown_value", to="a")),
    ("boosting", put("is_categorical_", to=np.array([True, True]))),
    ("boosting", put("is_categorical_", to=None)),
    ("boosting", put("_preprocessor", to=StandardScaler())),
    ("boosting", put("_preprocessor", "sparse_output_", to=True)),
    ("boosting", put("_preprocessor", "n_features_in_", to=5)),
    ("boosting", put("_preprocessor", "_transformer_to_input_indices", "encoder", to=[0, 3])),
    ("boosting", put(*ENCODING, 0, 2, to=[0])),
    ("boosting", put(*ENCODING, 0, 1, "categories_", 0, to=np.arange(300.0))),
    ("boosting", put(*ENCODING, 0, 1, "categories_", 0, to=np.array([2.0, 1.0]))),
    ("boosting", put(*ENCODING, 0, 1, to=OneHotEncoder())),
    ("boosting", put(*ENCODING, 1, 1, "func", to=lambda _: np.abs)),
    ("boosting", put(*ENCODING, 1, 1, "kw_args", to={"dtype": 1})),
    ("boosting", put("_bin_mapper", "is_categorical_", to=np.ones(6, dtype=np.uint8))),
    ("boosting", put("_bin_mapper", "is_categorical_", to=np.zeros(6, dtype=np.uint8))),
    ("boosting", put("_bin_mapper", "bin_thresholds_", 0, to=np.array([0.0, 300.0]))),
    ("boosting", put("_bin_mapper", "bin_thresholds_", 0, to=np.array([-1.0, 0.5]))),
    ("boosting", put("_bin_mapper", "bin_thresholds_", to=[])),
    ("boosting", put("_bin_mapper", "bin_thresholds_", 1, to=np.array([[0.0, 1.0]]))),
    ("boosting", at_split("bitset_idx", 10**6)),
    ("boosting", at_split("feature_idx", 99)),
    ("boosting", at_split("feature_idx", 5)),
    ("boosting", at_split("is_categorical", 2)),
    ("boosting", at_split("left", 10**6)),
    ("boosting", tree(lambda one: vars_of(one, np.zeros((0, 8), dtype=np.uint32)))),
]


def vars_of(tree: Any, sets: Any) -> None:
    tree.raw_left_cat_bitsets = sets


@pytest.mark.parametrize(("name", "change"), DAMAGED, ids=[f"{name}-{i}" for i, (name, _) in enumerate(DAMAGED)])
def test_a_part_that_does_not_fit_is_refused(sound, name, change):
    model = copy.deepcopy(sound[name])
    change(model)
    refused(model)


def test_how_many_columns_an_encoder_makes_is_never_read_from_the_file(sound):
    """The compiled half of a sparse array would write where a larger number leads."""
    for name in ("one hot", "dropped", "ordinal"):
        model = copy.deepcopy(sound[name])
        encoder = model.steps[0][1].transformers_[0][1]
        encoder._n_features_outs, encoder._drop_idx_after_grouping = [1, 1], np.array([9, 9], dtype=object)
        encoder._missing_indices = {0: 10**6}
        assert np.array_equal(load(model).predict_proba(given(name)), sound[name].predict_proba(given(name)))


def test_a_category_that_was_not_in_training_is_answered_as_before(sound):
    asked = with_kinds().assign(session=[7.0, -1.0, 300.0, np.nan] * 50)
    for name in ("one hot", "ordinal", "boosting"):
        if name != "ordinal":
            assert np.array_equal(load(sound[name]).predict_proba(asked), sound[name].predict_proba(asked))
    asked = asked.dropna()
    assert np.array_equal(load(sound["ordinal"]).predict_proba(asked), sound["ordinal"].predict_proba(asked))


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (FunctionTransformer(np.cumsum), "calls cumsum, a function that is not read"),
        (FunctionTransformer(np.abs, kw_args={"where": True}), "calls absolute with arguments"),
        (OneHotEncoder(max_categories=2, sparse_output=False), "puts rare categories together"),
        (SelectFromModel(SVC(kernel="linear"), threshold=-1.0), ""),
    ],
)
def test_what_is_not_read_says_what_to_do(made, reason):
    features = np.round(rows()[0].abs())
    model = fit_quietly(make_pipeline(made, regression()), features, rows()[1])
    if not reason:
        assert np.array_equal(load(model).predict_proba(features), model.predict_proba(features))
        return
    error = refused(model)
    assert isinstance(error, IncompatibleArtifactError)
    assert reason in str(error)
    assert "backup" not in str(error)


def test_an_encoder_of_words_says_so():
    features = pd.DataFrame({"a": ["x", "y"] * 100})
    error = refused(make_pipeline(OneHotEncoder(), regression()).fit(features, rows()[1]))
    assert "tells categories by texts" in str(error)


def test_a_partial_call_of_anything_else_is_refused(sound):
    data = pickle.dumps({"models": {"m": sound["boosting"]}, "weights": {"m": 1.0}}, 3)
    asked = b"csklearn.utils.validation\ncheck_array\n"
    assert data.count(asked) == 1
    for other in (b"cnumpy\ncumsum\n", b"cbuiltins\nobject\n"):
        with pytest.raises(UnsafeArtifactError, match=r"functools\.partial"):
            loading.load(data.replace(asked, other), name="x", max_bytes=MAX_BYTES)


def test_products_of_many_features_are_too_wide_for_every_row(sound):
    model = copy.deepcopy(sound["products"])
    made, last = (step for _, step in model.steps)
    n_made = 1 + 200 + 200 * 201 // 2
    for one in (made, last):
        del one.__dict__["feature_names_in_" if one is made else "n_iter_"]
    made.n_features_in_, made._n_out_full, made.n_output_features_ = 200, n_made, n_made
    last.n_features_in_, last.coef_ = n_made, np.zeros((3, n_made))
    assert "products of features contradicts itself (width)" in str(refused(model))
