"""Artifacts with only the guide's keys, made by other programs, are served as they are or refused with the reason."""

import logging

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from ensemble_desk.ensemble.forecaster import EnhancedEnsembleForecaster
from ensemble_desk.errors import AllMembersAbstainedError, IncompatibleArtifactError, MissingFeaturesError

NAMES = ["close", "rsi", "macd"]


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(2)
    return pd.DataFrame(rng.standard_normal((120, 3)), columns=NAMES)


@pytest.fixture(scope="module")
def y(table):
    return np.where(table["rsi"] > 0.4, "BULLISH", np.where(table["rsi"] < -0.4, "BEARISH", "NEUTRAL"))


def _forecaster(models, weights=None, **more):
    forecaster = EnhancedEnsembleForecaster("1D", "AAPL")
    artifact = {"symbol": "AAPL", "timeframe": "d1", "timestamp": "20250121", "models": models, "weights": weights}
    forecaster.inject(artifact | more)
    return forecaster


def test_the_guides_own_shape_is_served(table, y):
    models = {
        "rf": RandomForestClassifier(10, random_state=1).fit(table, y),
        "gb": GradientBoostingClassifier(n_estimators=5, random_state=1).fit(table, y),
    }
    forecaster = _forecaster(models, {"rf": 0.473, "gb": 0.527})
    result = forecaster.predict(table)
    expected = 0.473 * models["rf"].predict_proba(table)[-1] + 0.527 * models["gb"].predict_proba(table)[-1]
    by_name = dict(zip(models["rf"].classes_, expected, strict=True))
    assert result["probabilities"] == pytest.approx({str(name): p for name, p in by_name.items()})
    assert (result["version"], result["horizon"], result["horizon_bars"]) == ("20250121", None, None)
    assert result["as_of"] is None
    assert forecaster.training_stats["ensemble_accuracy"] is None
    assert forecaster.training_stats["model_performances"] == {}


def test_the_guides_way_of_injecting_by_hand_works(table, y):
    models = {"rf": RandomForestClassifier(10, random_state=1).fit(table, y)}
    forecaster = EnhancedEnsembleForecaster("1D", "AAPL")
    forecaster.models = models
    forecaster.ensemble_manager.ensemble.models = models
    forecaster.ensemble_manager.ensemble.weights = {"rf": 1.0}
    forecaster.is_trained = True
    assert forecaster.predict(table)["label"] in {"BEARISH", "NEUTRAL", "BULLISH"}
    other = {"lr": LogisticRegression().fit(table, y)}
    forecaster.models = other
    forecaster.ensemble_manager.ensemble.weights = {}
    assert forecaster.ensemble_manager.ensemble.models is other
    assert set(forecaster.predict(table)["component_predictions"]) == {"lr"}


def test_models_and_weights_changed_in_place_count_from_the_next_forecast_on(table, y):
    models = {
        "rf": RandomForestClassifier(10, random_state=1).fit(table, y),
        "lr": LogisticRegression().fit(table, y),
    }
    forecaster = _forecaster(models)
    ensemble = forecaster.ensemble_manager.ensemble
    ensemble.weights = {"rf": 1.0, "lr": 0.0}
    first = forecaster.predict(table)
    assert forecaster.predict(table) == first
    ensemble.weights["lr"], ensemble.weights["rf"] = 1.0, 0.0
    assert forecaster.predict(table)["weights_used"] == {"rf": 0.0, "lr": 1.0}
    assert forecaster.predict(table)["probabilities"] == first["component_predictions"]["lr"]["probabilities"]
    ensemble.models["lr"] = models["rf"]
    assert forecaster.predict(table)["probabilities"] == first["probabilities"]
    ensemble.weights["lr"] = float("nan")
    with pytest.raises(IncompatibleArtifactError, match="the weight of lr is nan"):
        forecaster.predict(table)


@pytest.mark.parametrize(
    ("renamed", "order"),
    [
        ({"BEARISH": 0, "NEUTRAL": 1, "BULLISH": 2}, [0, 1, 2]),
        ({"BEARISH": -1, "NEUTRAL": 0, "BULLISH": 1}, [0, 1, 2]),
        ({"BEARISH": "bearish", "NEUTRAL": "neutral", "BULLISH": "Bullish"}, [1, 2, 0]),
    ],
)
def test_classes_of_every_known_kind_end_in_the_right_columns(table, y, renamed, order):
    labels = np.array([renamed[name] for name in y])
    estimator = LogisticRegression().fit(table, labels)
    batch = _forecaster({"lr": estimator}).predict_batch(table)
    np.testing.assert_allclose(batch[["BEARISH", "NEUTRAL", "BULLISH"]], estimator.predict_proba(table)[:, order])
    assert (batch["label"] == y).mean() > 0.8


def test_a_class_never_seen_has_probability_zero(table, y):
    two = np.where(y == "NEUTRAL", "BEARISH", y)
    result = _forecaster({"lr": LogisticRegression().fit(table, two)}).predict(table)
    assert result["probabilities"]["NEUTRAL"] == 0
    assert sum(result["probabilities"].values()) == pytest.approx(1)


def test_classes_that_cannot_be_told_apart_are_refused(table):
    up = (table["rsi"] > 0).astype(int)
    with pytest.raises(IncompatibleArtifactError, match="classes"):
        _forecaster({"lr": LogisticRegression().fit(table, up)})


def test_weights_that_do_not_sum_to_one_are_scaled_and_idle_ones_ignored_aloud(table, y, caplog):
    models = {"a": LogisticRegression().fit(table, y), "b": LogisticRegression(C=0.1).fit(table, y)}
    with caplog.at_level(logging.WARNING):
        forecaster = _forecaster(models, {"a": 3, "b": 1.0, "gone": 4.0})
    assert "gone" in caplog.text
    assert forecaster.predict(table)["weights_used"] == pytest.approx({"a": 0.75, "b": 0.25})


def test_no_weights_at_all_mean_equal_ones_and_a_missing_one_means_none(table, y, caplog):
    models = {"a": LogisticRegression().fit(table, y), "b": LogisticRegression(C=0.1).fit(table, y)}
    assert _forecaster(models).predict(table)["weights_used"] == {"a": 0.5, "b": 0.5}
    with caplog.at_level(logging.WARNING):
        some = _forecaster(models, {"a": 0.6})
    assert "b have no weight" in caplog.text
    assert some.predict(table)["weights_used"] == {"a": 1, "b": 0}


def test_a_pipeline_with_names_is_served(table, y):
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(table, y)
    batch = _forecaster({"lr": pipeline}).predict_batch(table[["macd", "close", "rsi"]])
    assert (batch["label"] == y).mean() > 0.8


def test_a_missing_column_is_named(table, y):
    forecaster = _forecaster({"lr": LogisticRegression().fit(table, y)})
    with pytest.raises(MissingFeaturesError) as refused:
        forecaster.predict(table.drop(columns="macd"))
    assert refused.value.missing == ("macd",)


def test_bars_are_not_enough_for_features_of_other_programs(table, y, fitted):
    forecaster = _forecaster({"lr": LogisticRegression().fit(table, y)})
    with pytest.raises(MissingFeaturesError) as refused:
        forecaster.predict(fitted.bars)
    assert refused.value.missing == ("rsi", "macd")


def test_bars_are_enough_for_a_plain_model_on_features_this_library_knows(fitted):
    names = ["rsi_14", "macd", "volatility_20"]
    estimator = LogisticRegression().fit(fitted.features[names] * 1.0, fitted.classes)
    result = _forecaster({"lr": estimator}).predict(fitted.bars)
    assert result["as_of"] == fitted.bars.index[-1]


def test_a_model_without_names_takes_columns_in_order_and_refuses_any_other_number(table, y):
    estimator = LogisticRegression().fit(table.to_numpy(), y)
    forecaster = _forecaster({"lr": estimator})
    labelled = table.assign(note="text")  # only numeric columns count
    assert (forecaster.predict_batch(labelled)["label"] == estimator.predict(table.to_numpy())).all()
    with pytest.raises(IncompatibleArtifactError, match="stores no feature names and was trained on 3 columns"):
        forecaster.predict(table.assign(extra=1.0))


def test_plain_models_have_no_other_horizon(table, y, fitted):
    forecaster = _forecaster({"lr": LogisticRegression().fit(table, y)})
    with pytest.raises(AllMembersAbstainedError, match="nobody has told its horizon"):
        forecaster.predict_horizon(fitted.bars, horizon="1W", horizon_bars=5)


@pytest.mark.parametrize("model", [LogisticRegression(), LinearSVC(), 3, {"weights": [1]}])
def test_what_is_no_fitted_classifier_is_refused(table, y, model):
    fitted_model = model.fit(table, y) if isinstance(model, LinearSVC) else model
    with pytest.raises(IncompatibleArtifactError):
        _forecaster({"x": fitted_model})
