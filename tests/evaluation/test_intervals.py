"""Intervals against statsmodels, and their coverage where outcomes overlap."""

import math

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from ensemble_desk.evaluation import intervals


@pytest.mark.parametrize(("hits", "n"), [(0, 30), (13, 30), (30, 30), (430, 1_000)])
def test_wilson_equals_statsmodels_at_one_bar(hits, n):
    estimate = intervals.wilson(hits / n, n, horizon_bars=1)
    assert (estimate.low, estimate.high) == pytest.approx(proportion_confint(hits, n, method="wilson"), abs=1e-12)
    assert (estimate.value, estimate.n, estimate.n_eff) == (hits / n, n, n)


def test_five_bar_outcomes_count_as_a_fifth():
    wide, narrow = intervals.wilson(0.4, 500, horizon_bars=5), intervals.wilson(0.4, 500, horizon_bars=1)
    assert wide.n_eff == 100
    assert wide.n == 500
    assert (wide.low, wide.high) == pytest.approx(proportion_confint(40, 100, method="wilson"))
    assert wide.low < narrow.low < 0.4 < narrow.high < wide.high


def test_no_outcome_says_nothing():
    estimate = intervals.wilson(math.nan, 0, horizon_bars=5)
    assert math.isnan(estimate.value)
    assert (estimate.n, estimate.n_eff, estimate.low, estimate.high) == (0, 0, 0, 1)


def test_intervals_on_overlapping_outcomes_cover_where_the_naive_one_does_not():
    h, n, rng = 5, 250, np.random.default_rng(11)
    draws = rng.standard_normal((600, n + h - 1))
    overlapping = np.apply_along_axis(np.convolve, 1, draws, np.ones(h), "valid") > 0  # right when 5 bars sum up
    shares = overlapping.mean(axis=1)
    honest = [intervals.wilson(share, n, horizon_bars=h) for share in shares]
    naive = [intervals.wilson(share, n, horizon_bars=1) for share in shares]
    assert np.mean([e.low <= 0.5 <= e.high for e in honest]) > 0.95
    assert np.mean([e.low <= 0.5 <= e.high for e in naive]) < 0.85


def overlapping(n, *, h, n_paths, seed):
    shocks = np.random.default_rng(seed).standard_t(4, size=(n_paths, n + h - 1))
    return np.lib.stride_tricks.sliding_window_view(shocks, h, axis=1).sum(axis=2)


@pytest.mark.parametrize("h", [1, 5, 21])
@pytest.mark.parametrize("n", [120, 250, 500])
def test_one_look_at_a_mean_rejects_what_is_so_in_three_to_seven_of_a_hundred(h, n):
    p_values = [intervals.at_one_look(row, horizon_bars=h)[1] for row in overlapping(n, h=h, n_paths=1_500, seed=n + h)]
    assert 0.03 <= np.mean(np.array(p_values) < 0.05) <= 0.07


@pytest.mark.parametrize("h", [1, 5, 21])
def test_one_look_at_a_share_covers_it_as_often_as_it_says(h):
    rows = overlapping(400, h=h, n_paths=1_200, seed=30 + h) < 0
    found = [intervals.share_at_one_look(row, horizon_bars=h) for row in rows]
    assert 0.925 <= np.mean([one.low <= 0.5 <= one.high for one in found]) <= 0.985


def test_a_share_without_spread_or_with_few_rows_keeps_wilsons_interval():
    for correct in (np.ones(100, bool), np.zeros(100, bool), np.array([True, False] * 6)):
        told = intervals.wilson(float(correct.mean()), len(correct), horizon_bars=5)
        assert intervals.share_at_one_look(correct, horizon_bars=5) == told
    assert math.isnan(intervals.share_at_one_look(np.zeros(0, bool), horizon_bars=5).value)
