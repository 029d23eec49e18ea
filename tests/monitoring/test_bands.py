"""Bands follow whole points, borders fall into the worse band, and only evidence makes them red."""

import numpy as np
import pytest

from ensemble_desk.evaluation import intervals
from ensemble_desk.monitoring.evidence import bands
from ensemble_desk.monitoring.evidence.bands import Band, Evidence, Policy, Recommendation, Trend

POLICY = Policy()


def estimate(share, n=1000, horizon_bars=1):
    return intervals.wilson(share, n, horizon_bars=horizon_bars)


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        (0.60, Band.OK),
        (0.46, Band.OK),
        (0.455, Band.OK),
        (0.45, Band.MONITOR),
        (0.36, Band.MONITOR),
        (0.35, Band.DRIFT),
        (0.26, Band.DRIFT),
        (0.25, Band.EMERGENCY),
        (0.0, Band.EMERGENCY),
    ],
)
def test_the_band_of_a_live_accuracy_against_50_points(live, expected):
    assert bands.band(estimate(live), estimate(0.50), POLICY) is expected


def test_fewer_than_five_predictions_say_nothing():
    assert bands.band(estimate(0.0, n=4), estimate(0.5), POLICY) is Band.NOT_MEASURED


def test_the_alarm_decides_and_nothing_else_is_asked():
    assert bands.evidence(20.0, rings=True, policy=POLICY) is Evidence.CONFIRMED
    assert bands.evidence(3000.0, rings=False, policy=POLICY) is Evidence.UNCONFIRMED
    assert bands.evidence(19.9, rings=True, policy=POLICY) is Evidence.INSUFFICIENT


@pytest.mark.parametrize(
    ("found", "behind", "expected"),
    [
        (Band.OK, Evidence.CONFIRMED, Recommendation.MONITOR_CLOSELY),
        (Band.OK, Evidence.UNCONFIRMED, Recommendation.OPERATING_NORMALLY),
        (Band.NOT_MEASURED, Evidence.INSUFFICIENT, Recommendation.MEASURE_FIRST),
        (Band.EMERGENCY, Evidence.UNCONFIRMED, Recommendation.MONITOR_CLOSELY),
        (Band.MONITOR, Evidence.CONFIRMED, Recommendation.MONITOR_CLOSELY),
        (Band.DRIFT, Evidence.CONFIRMED, Recommendation.SCHEDULE_RETRAIN),
        (Band.EMERGENCY, Evidence.CONFIRMED, Recommendation.RETRAIN_NOW),
    ],
)
def test_retraining_is_asked_for_only_on_evidence(found, behind, expected):
    assert bands.recommendation(found, behind) is expected


def test_the_trend_of_daily_accuracies():
    assert bands.trend(np.array([0.5, 0.4, 0.3, 0.2, 0.1])) is Trend.DECLINING
    assert bands.trend(np.array([0.1, 0.2, 0.3, np.nan, 0.4, 0.5])) is Trend.IMPROVING
    assert bands.trend(np.array([0.1, np.nan, 0.3, 0.4, 0.5])) is Trend.INSUFFICIENT_DATA


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_what_stays_level_is_no_improvement(level):
    assert bands.trend(np.full(60, level)) is Trend.INSUFFICIENT_DATA


def test_a_slope_that_chance_explains_is_none():
    assert bands.trend(np.array([0.40, 0.52, 0.38, 0.47, 0.44, 0.53, 0.41, 0.46])) is Trend.INSUFFICIENT_DATA


@pytest.mark.parametrize("horizon_bars", [1, 5])
def test_an_unchanged_version_has_no_trend_and_one_that_falls_has(horizon_bars):
    random, n_series, n = np.random.default_rng(20130301), 400, 60 * horizon_bars
    draws = random.random((n_series, 60)).repeat(horizon_bars, axis=1)  # outcomes that overlap repeat each other
    unchanged = [bands.trend(row < 0.45, horizon_bars=horizon_bars) for row in draws]
    falling = [bands.trend(row < np.linspace(0.8, 0.1, n), horizon_bars=horizon_bars) for row in draws]
    named = np.mean([found is not Trend.INSUFFICIENT_DATA for found in unchanged])
    assert named <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / n_series)
    assert np.mean([found is Trend.DECLINING for found in falling]) >= 0.9
    assert Trend.IMPROVING not in falling
