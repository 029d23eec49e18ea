import json
import math

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.ensemble.members import catalogue, ratios
from ensemble_desk.ensemble.votes import Rows
from ensemble_desk.errors import AllMembersAbstainedError, TooFewBarsError
from ensemble_desk.evaluation import skill
from ensemble_desk.market import features, labels, usual_rates
from ensemble_desk.market.bars import Bars
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.training import fitting

GUIDE_KEYS = {
    "symbol",
    "timeframe",
    "models",
    "weights",
    "ensemble_accuracy",
    "performances",
    "model_predictions_sample",
}
PERFORMANCE_KEYS = {"train_accuracy", "valid_accuracy", "precision", "recall", "f1", "n_features"}


def test_the_guides_keys_are_there(content):
    assert set(content) >= GUIDE_KEYS
    assert set(content["performances"]) == set(content["models"]) == set(content["weights"])
    for name, told in content["performances"].items():
        assert set(told) == PERFORMANCE_KEYS
        pooled = len(ratios.FEATURES) if name in catalogue.POOLED_MEMBERS else len(features.FEATURE_NAMES)
        assert told["n_features"] == (1 if name in catalogue.PRICE_MEMBERS else pooled)


def test_weights_are_shares_of_one_shrunk_towards_equal(content):
    weights = content["weights"]
    assert math.isclose(sum(weights.values()), 1.0)
    heavy = [weight for weight in weights.values() if weight]
    assert min(heavy) >= 0.5 / len(heavy) - 1e-9


def test_every_default_member_takes_part_or_says_why(content):
    assert set(content["models"]) | set(content["evaluation"]["abstained"]) == set(catalogue.DEFAULT_MEMBERS)
    silent = set(content["models"]) & set(content["evaluation"]["abstained"])
    assert silent <= set(catalogue.PRICE_MEMBERS)  # kept for other horizons
    assert all(content["weights"][name] == 0 for name in silent)


def test_steps_are_told_in_order(content, steps):
    assert [number for _, number, _ in steps] == list(range(1, fitting.N_STEPS + 1))
    assert {total for _, _, total in steps} == {fitting.N_STEPS}


def test_holdout_and_train_part_never_share_an_outcome(content):
    evaluation = content["evaluation"]
    n_labelled = content["data_window"]["n_labelled"]
    assert evaluation["n_train"] + content["label"]["horizon_bars"] + evaluation["n_holdout"] == n_labelled
    assert evaluation["n_holdout"] >= 120
    assert evaluation["ensemble"]["n"] == evaluation["n_holdout"]
    assert content["ensemble_accuracy"] == evaluation["ensemble"]["accuracy"]


def test_the_interval_and_the_baseline_stand_beside_the_accuracy(content):
    evaluation = content["evaluation"]
    told = evaluation["ensemble"]
    assert told["low"] < told["accuracy"] < told["high"]
    assert evaluation["baseline_accuracy"] == evaluation["baselines"]["majority"]["accuracy"]
    assert set(evaluation["baselines"]) == {"majority", "always_bullish", "persistence", "prior"}
    assert evaluation["best_member"] in content["models"]
    assert np.sum(evaluation["confusion"]) == evaluation["n_holdout"]


def test_the_baseline_is_recomputed_from_bars_alone(content, early_bars):
    spec = LabelSpec.from_dict(content["label"])
    classes = labels.label(early_bars.frame, spec).dropna().to_numpy()[-content["data_window"]["n_labelled"] :]
    evaluation = content["evaluation"]
    train, holdout = classes[: evaluation["n_train"]], classes[-evaluation["n_holdout"] :]
    majority = np.bincount(train.astype(int)).argmax()
    assert evaluation["baseline_accuracy"] == pytest.approx(np.mean(holdout == majority))


def test_accuracies_lie_where_honest_ones_do(content):
    assert 0.2 < content["ensemble_accuracy"] < 0.6
    assert content["evaluation"]["leakage"] == []


def test_members_rebuilt_from_what_is_stored_repeat_the_sample(content):
    index = pd.DatetimeIndex(content["sample_bars"]["time"], name="time")
    bars = pd.DataFrame(
        {name: content["sample_bars"][name] for name in ("open", "high", "low", "close", "volume")}, index
    )
    rows = Rows(
        index=index[-5:],
        features=pd.DataFrame(content["sample_features"], index[-5:], content["feature_names"]),
        bars=bars,
    )
    spec = LabelSpec.from_dict(content["label"])
    assert len(bars) <= 300
    for name, model in content["models"].items():
        member = catalogue.rebuild(name, model, label=spec, timeframe="d1", numbered=True)
        voted = member.predict(rows, label=spec).probabilities
        assert voted.tolist() == content["model_predictions_sample"][name]
        assert np.allclose(voted.sum(axis=1), 1)


def test_the_sample_rows_are_the_newest_features(content, early_bars):
    newest = features.compute(early_bars.frame).iloc[-5:]
    assert content["sample_features"] == newest.to_numpy().tolist()
    assert content["data_window"]["last_bar"] == early_bars.last.isoformat()


def test_histograms_count_every_labelled_row(content):
    told = content["reference_histograms"]
    assert set(told) == set(features.FEATURE_NAMES)
    for histogram in told.values():
        assert sum(histogram["counts"]) == content["data_window"]["n_labelled"]
        assert len(histogram["edges"]) == len(histogram["counts"]) + 1
        assert histogram["min"] == histogram["edges"][0]
        assert histogram["max"] == histogram["edges"][-1]


def test_everything_but_the_models_is_plain(content):
    json.dumps({name: value for name, value in content.items() if name != "models"}, allow_nan=False)


def test_the_same_arguments_give_the_same_version(content, early_bars):
    again = fitting.fit_version(early_bars, label=fitting.default_label("d1"), seed=3)
    for name in ("weights", "temperature", "model_predictions_sample", "evaluation"):
        assert again[name] == content[name]


def test_bars_after_the_as_of_date_change_nothing(content, source):
    longer = source.bars(source.keys()[0])
    shorter = Bars(longer.key, longer.frame.loc[: content["data_window"]["last_bar"]], longer.source, longer.adjusted)
    again = fitting.fit_version(shorter, label=fitting.default_label("d1"), members=("rf",), seed=3)
    assert again["data_window"] == content["data_window"]
    assert again["reference_histograms"] == content["reference_histograms"]


def test_too_few_bars_are_an_error_that_says_how_many_are_needed(early_bars):
    with pytest.raises(TooFewBarsError, match="needs at least"):
        fitting.fit_version(early_bars.tail(300), label=fitting.default_label("d1"), seed=3)


def test_a_member_that_stays_silent_has_no_weight_and_its_reason_and_speaks_about_other_horizons(early_bars):
    told = fitting.fit_version(
        early_bars.tail(560), label=fitting.default_label("d1"), members=("rf", "arima_garch"), seed=3
    )
    assert set(told["models"]) == {"rf", "arima_garch"}
    assert told["weights"] == {"rf": 1.0, "arima_garch": 0.0}
    assert "needs 500 bars" in told["evaluation"]["abstained"]["arima_garch"]


def test_a_version_without_any_voice_is_refused(early_bars):
    with pytest.raises(AllMembersAbstainedError, match="arima_garch"):
        fitting.fit_version(early_bars.tail(560), label=fitting.default_label("d1"), members=("arima_garch",), seed=3)


@pytest.mark.parametrize(("timeframe", "horizon_bars"), [("m15", 1), ("h1", 1), ("h4", 1), ("d1", 1), ("w1", 1)])
def test_the_default_label_is_the_base_horizon_at_half_a_deviation(timeframe, horizon_bars):
    spec = fitting.default_label(timeframe)
    assert (spec.horizon_bars, spec.rule, spec.multiplier) == (horizon_bars, "volatility", 0.5)


def test_a_future_that_is_told_in_a_feature_is_marked_as_leakage(early_bars, monkeypatch):
    spec = fitting.default_label("d1")
    honest = features.compute

    def leaking(frame, **_):
        table = honest(frame)
        outcome = labels.label(early_bars.frame, spec).reindex(table.index).fillna(1.0)
        return table.assign(return_1=outcome)

    monkeypatch.setattr(features, "compute", leaking)
    told = fitting.fit_version(early_bars, label=spec, members=("rf",), seed=3)
    assert told["ensemble_accuracy"] > 0.7
    assert any("leakage suspected" in mark for mark in told["evaluation"]["leakage"])


def test_skill_against_the_usual_rates_is_told_with_its_interval(content):
    evaluation = content["evaluation"]
    rates, found = usual_rates.of_content(content), skill.of_manifest(evaluation)
    assert content["usual_rates"] == evaluation["usual_rates"]
    lean = evaluation["lean"]
    assert lean["n"] == evaluation["n_holdout"]
    assert lean["excess"]["value"] == pytest.approx(lean["accuracy"] - lean["usual"])
    assert sum(rates) == pytest.approx(1.0)
    assert found.n == evaluation["n_holdout"]
    prior = evaluation["baselines"]["prior"]
    assert found.log_loss.value == pytest.approx(evaluation["ensemble"]["log_loss"] - prior["log_loss"], abs=1e-6)
    assert found.rps.value == pytest.approx(evaluation["ensemble"]["rps"] - prior["rps"], abs=1e-9)
    assert found.log_loss.low < found.log_loss.value < found.log_loss.high
    said = np.sum(evaluation["confusion"], axis=0)
    assert evaluation["never_named"] == [name for name, n in zip(content["classes"], said, strict=True) if n == 0]
