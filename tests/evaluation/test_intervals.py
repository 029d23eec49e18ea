"""Intervals against statsmodels, and their coverage where outcomes overlap."""

import math

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

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
    assert intervals.newcombe_difference(estimate, intervals.wilson(0.4, 9, horizon_bars=1)) == (-1, 1)


def test_newcombe_equals_statsmodels():
    a, b = intervals.wilson(56 / 70, 70, horizon_bars=1), intervals.wilson(48 / 80, 80, horizon_bars=1)
    expected = confint_proportions_2indep(56, 70, 48, 80, method="newcomb", compare="diff")
    assert intervals.newcombe_difference(a, b) == pytest.approx(expected, abs=1e-9)


def test_intervals_on_overlapping_outcomes_cover_where_the_naive_one_does_not():
    h, n, rng = 5, 250, np.random.default_rng(11)
    draws = rng.standard_normal((600, n + h - 1))
    overlapping = np.apply_along_axis(np.convolve, 1, draws, np.ones(h), "valid") > 0  # right when 5 bars sum up
    shares = overlapping.mean(axis=1)
    honest = [intervals.wilson(share, n, horizon_bars=h) for share in shares]
    naive = [intervals.wilson(share, n, horizon_bars=1) for share in shares]
    assert np.mean([e.low <= 0.5 <= e.high for e in honest]) > 0.95
    assert np.mean([e.low <= 0.5 <= e.high for e in naive]) < 0.85
