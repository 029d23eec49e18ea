"""Comparing two forecasters: a better one is seen, equal ones are not told apart, overlap widens the interval."""

import numpy as np
import pytest

from ensemble_desk.evaluation import comparison, intervals
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
    assert found.dm_p < 0.01
    assert found.log_loss_difference.low > 0
    assert found.rps_difference.low > 0
    assert (found.daily_verdict, found.daily.low > 0) == (Verdict.WORSE, True)
    assert found.daily.low < found.log_loss_difference.low


def test_equal_forecasts_give_no_verdict_and_no_flips():
    good, y = forecasts(400, skill=0.2)
    found = comparison.compare(good, good.copy(), y, horizon_bars=1)
    assert (found.verdict, found.flips, found.dm_p) == (Verdict.NOT_SETTLED, 0, None)


def test_few_independent_rows_give_no_verdict_however_clear():
    good, y = forecasts(90, skill=0.5)
    flat = np.full((90, 3), 1 / 3)
    assert comparison.compare(flat, good, y, horizon_bars=5).verdict is Verdict.NOT_SETTLED
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
    assert found.verdict is Verdict.NOT_SETTLED


def test_the_interval_covers_the_true_difference_under_overlap():
    generator, covered, h = np.random.default_rng(5), 0, 5
    for _ in range(300):
        shocks = generator.normal(size=300 + h)
        values = np.convolve(shocks, np.ones(h) / np.sqrt(h), "valid")[:300]
        interval, _ = intervals.at_one_look(values, horizon_bars=h)
        covered += interval.low <= 0 <= interval.high
    assert covered / 300 > 0.9


@pytest.mark.parametrize("h", [1, 5, 21])
def test_equally_good_forecasters_are_told_apart_in_about_one_in_twenty(h):
    generator, said = np.random.default_rng(h), []
    for _ in range(400):
        shocks = generator.normal(size=250 + h - 1)
        y = np.digitize(np.convolve(shocks, np.ones(h) / np.sqrt(h), "valid"), [-0.5, 0.5])
        tilts = [np.convolve(generator.normal(size=250 + h - 1), np.ones(h) / np.sqrt(h), "valid") for _ in range(2)]
        first, second = (
            np.column_stack([0.33 + 0.1 * np.tanh(t), np.full(250, 0.34), 0.33 - 0.1 * np.tanh(t)]) for t in tilts
        )
        said.append(comparison.compare(first, second, y, horizon_bars=h).dm_p)
    assert 0.02 <= np.mean(np.array(said) < 0.05) <= 0.08


def test_it_says_how_many_bars_would_settle_the_smallest_difference_worth_having():
    first, y = forecasts(400, skill=0.2)
    second = 0.9 * first + 0.1 / 3
    found = comparison.compare(first, second, y, horizon_bars=1)
    assert found.bars_to_settle > 0
    assert comparison.compare(first, first.copy(), y, horizon_bars=1).bars_to_settle is None
