"""Every score against scikit-learn, or against cases whose answer is known."""

import math

import numpy as np
import pytest
from sklearn import metrics as reference

from ensemble_desk.evaluation import metrics


@pytest.fixture(scope="module")
def forecasts():
    rng = np.random.default_rng(5)
    return rng.dirichlet([2, 3, 2], size=400), rng.integers(0, 3, size=400)


def test_scores_equal_scikit_learn(forecasts):
    p, y = forecasts
    told = metrics.scores(p, y)
    called = p.argmax(axis=1)
    assert told["accuracy"] == pytest.approx(reference.accuracy_score(y, called))
    assert told["log_loss"] == pytest.approx(reference.log_loss(y, p))
    assert told["brier"] == pytest.approx(reference.brier_score_loss(y, p, scale_by_half=False))
    assert told["confusion"] == reference.confusion_matrix(y, called).tolist()
    weighted = reference.precision_recall_fscore_support(y, called, average="weighted", zero_division=0)
    assert (told["precision"], told["recall"], told["f1"]) == pytest.approx(weighted[:3])
    per_class = np.array(reference.precision_recall_fscore_support(y, called, zero_division=0)).T
    for row, name in enumerate(("BEARISH", "NEUTRAL", "BULLISH")):
        assert list(told["per_class"][name].values()) == pytest.approx(per_class[row])


def test_ranked_probability_score_punishes_the_far_class_more():
    truth = np.array([2])
    near, far = np.array([[0.0, 1.0, 0.0]]), np.array([[1.0, 0.0, 0.0]])
    assert metrics.rps(np.array([[0.0, 0.0, 1.0]]), truth) == 0
    assert metrics.rps(near, truth) == pytest.approx(0.5)
    assert metrics.rps(far, truth) == pytest.approx(1)
    assert metrics.brier(near, truth) == metrics.brier(far, truth) == 2


def test_a_class_never_called_has_precision_zero_and_no_warning():
    p = np.tile([0.1, 0.8, 0.1], (6, 1))
    told = metrics.scores(p, np.array([0, 1, 1, 1, 2, 2]))
    assert told["per_class"]["BULLISH"] == {"precision": 0, "recall": 0, "f1": 0, "support": 2}
    assert told["accuracy"] == told["recall"] == 0.5


def test_knowing_only_the_volatility_shows_as_volatility_skill_alone():
    rng = np.random.default_rng(3)
    y = rng.integers(0, 3, size=6_000)
    side = rng.choice([0, 2], size=6_000)
    called = np.where(y == 1, 1, side)
    p = np.full((6_000, 3), 0.1)
    p[np.arange(6_000), called] = 0.8
    assert metrics.volatility_skill(p, y) == pytest.approx(4 / 9, abs=0.02)
    assert metrics.direction_skill(p, y) == pytest.approx(0, abs=0.02)


def test_knowing_only_the_direction_shows_as_direction_skill_even_where_neutral_leads():
    rng = np.random.default_rng(4)
    y = rng.integers(0, 3, size=6_000)
    up = np.where(y == 1, rng.random(6_000) < 0.5, y == 2)
    p = np.column_stack([np.where(up, 0.2, 0.3), np.full(6_000, 0.5), np.where(up, 0.3, 0.2)])
    assert metrics.direction_skill(p, y) == pytest.approx(0.5, abs=0.02)
    assert metrics.volatility_skill(p, y) == pytest.approx(0)


def test_the_same_call_every_time_has_no_skill_in_any_market():
    y = np.array([2] * 80 + [1] * 15 + [0] * 5)
    bullish = np.tile([0.1, 0.1, 0.8], (100, 1))
    assert metrics.volatility_skill(bullish, y) == pytest.approx(0)
    assert metrics.direction_skill(bullish, y) == pytest.approx(0)
    assert metrics.direction_skill(bullish, np.ones(100, dtype=int)) is None


def test_rows_that_abstained_are_left_out_and_counted_out(forecasts):
    p, y = forecasts
    silent = p.copy()
    silent[:100] = math.nan
    assert metrics.scores(silent, y) == metrics.scores(p[100:], y[100:])
    nothing = metrics.scores(np.full((3, 3), math.nan), y[:3])
    assert nothing.pop("n") == 0
    assert set(nothing.values()) == {None}


def test_certainty_in_the_wrong_class_stays_finite():
    assert 30 < metrics.log_loss(np.array([[1.0, 0.0, 0.0]]), np.array([2])) < 40
