"""Comparing two forecasters: a better one is seen, equal ones are not told apart, overlap widens the interval."""

import numpy as np
import pytest

from ensemble_desk.evaluation import comparison
from ensemble_desk.evaluation.comparison import Verdict


def forecasts(n, *, skill, seed=0):
    """Outcomes, and forecasts that put `skill` extra probability on them."""
    y = np.random.default_rng(seed).integers(0, 3, n)
    p = np.full((n, 3), (1 - skill) / 3)
    p[np.arange(n), y] += skill
    noise = np.random.default_rng(seed + 1).uniform(0.2, 1.0, (n, 3))
    mixed = p * noise
    return mixed / mixed.sum(axis=1, keepdims=True), y


def test_a_better_forecaster_is_called_better_and_the_other_way_round_worse():
    good, y = forecasts(400, skill=0.4)
    flat = np.full((400, 3), 1 / 3)
    assert comparison.compare(flat, good, y, horizon_bars=1).verdict is Verdict.BETTER
    found = comparison.compare(good, flat, y, horizon_bars=1)
    assert found.verdict is Verdict.WORSE
    assert found.dm_statistic > 0
    assert found.log_loss_difference.low > 0


def test_equal_forecasts_give_no_verdict_and_no_flips():
    good, y = forecasts(400, skill=0.2)
    found = comparison.compare(good, good.copy(), y, horizon_bars=1)
    assert (found.verdict, found.flips, found.dm_p) == (Verdict.NOT_ENOUGH_DATA, 0, None)


def test_few_independent_rows_give_no_verdict_however_clear():
    good, y = forecasts(90, skill=0.5)
    flat = np.full((90, 3), 1 / 3)
    assert comparison.compare(flat, good, y, horizon_bars=5).verdict is Verdict.NOT_ENOUGH_DATA
    assert comparison.compare(flat, good, y, horizon_bars=1).verdict is Verdict.BETTER


def test_rows_without_a_forecast_are_left_out():
    good, y = forecasts(100, skill=0.3)
    holed = good.copy()
    holed[:40] = np.nan
    assert comparison.compare(holed, good, y, horizon_bars=1).n == 60


@pytest.mark.parametrize("n", [0, 1, 2])
def test_no_or_hardly_any_rows_are_no_error(n):
    good, y = forecasts(n, skill=0.3) if n else (np.empty((0, 3)), np.empty(0, dtype=int))
    found = comparison.compare(good, good[:, ::-1].copy(), y, horizon_bars=5)
    assert found.verdict is Verdict.NOT_ENOUGH_DATA


def test_the_interval_covers_the_true_difference_under_overlap():
    generator, covered, h = np.random.default_rng(5), 0, 5
    for _ in range(300):
        shocks = generator.normal(size=300 + h)
        values = np.convolve(shocks, np.ones(h) / np.sqrt(h), "valid")[:300]
        interval = comparison._mean(values, horizon_bars=h)
        covered += interval.low <= 0 <= interval.high
    assert covered / 300 > 0.85
