"""Confidence sequences keep their promise over a year of daily looks, and narrow as outcomes come."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from ensemble_desk.evaluation import confidence_sequences, intervals

YEAR = 252


def overlapping(n_paths, *, h, seed, n=YEAR):
    shocks = np.random.default_rng(seed).normal(size=(n_paths, n + h - 1))
    return np.lib.stride_tricks.sliding_window_view(shocks, h, axis=1).sum(axis=2) / np.sqrt(h)


@pytest.mark.parametrize("h", [1, 5, 21])
def test_a_year_of_daily_looks_rarely_leaves_the_accuracy_out(h):
    rows = overlapping(120, h=h, seed=h) < NormalDist().inv_cdf(0.45)
    missed = naive = 0
    for row in rows:
        looks = [confidence_sequences.share(row[:n], horizon_bars=h) for n in range(5, YEAR + 1, 3)]
        missed += any(not one.low <= 0.45 <= one.high for one in looks)
        fixed = [intervals.wilson(one.value, one.n, horizon_bars=1) for one in looks]
        naive += any(not one.low <= 0.45 <= one.high for one in fixed)
    print(f"h={h}: left out {missed / 120:.3f}, an interval for one look {naive / 120:.3f}")  # noqa: T201 - the contrast
    assert missed / 120 <= 0.05
    assert naive / 120 > 0.15


@pytest.mark.parametrize("h", [1, 5])
def test_a_year_of_daily_looks_rarely_leaves_a_difference_out(h):
    rows = np.clip(overlapping(60, h=h, seed=40 + h) * 0.3 - 0.05, -3.9, 3.9)
    looks = [
        [confidence_sequences.mean(row[:n], lowest=-3.92, highest=3.92, horizon_bars=h) for n in range(5, YEAR + 1, 8)]
        for row in rows
    ]
    assert np.mean([any(not one.low <= -0.05 <= one.high for one in each) for each in looks]) <= 0.05


def test_z_goes_beyond_two_on_some_day_of_a_perfect_year_in_at_most_one_in_twenty():
    generator, beyond = np.random.default_rng(6), 0
    for _ in range(100):
        confidence = generator.uniform(0.34, 0.6, YEAR)
        excess = (generator.random(YEAR) < confidence) - confidence
        beyond += any(
            abs(confidence_sequences.z_of_zero(excess[:n], lowest=-1, highest=1, horizon_bars=1)) >= 2
            for n in range(5, YEAR + 1, 4)
        )
    assert beyond / 100 <= 0.05


def test_a_lasting_difference_is_settled_and_the_sign_is_told():
    worse = np.random.default_rng(1).normal(0.1, 0.2, 600)
    found = confidence_sequences.mean(worse, lowest=-3.9, highest=3.9, horizon_bars=1)
    assert 0 < found.low < found.value < found.high < 0.2
    assert confidence_sequences.z_of_zero(worse, lowest=-3.9, highest=3.9, horizon_bars=1) > 3
    assert confidence_sequences.z_of_zero(-worse, lowest=-3.9, highest=3.9, horizon_bars=1) < -3


def test_it_is_wider_than_one_look_and_narrows():
    rows = np.random.default_rng(2).random(2_000) < 0.45
    widths = [
        one.high - one.low for n in (20, 250, 2_000) if (one := confidence_sequences.share(rows[:n], horizon_bars=1))
    ]
    once = [one.high - one.low for n in (20, 250, 2_000) if (one := intervals.wilson(0.45, n, horizon_bars=1))]
    assert widths == sorted(widths, reverse=True)
    assert all(1 < daily / fixed < 2.2 for daily, fixed in zip(widths, once, strict=True))


@pytest.mark.parametrize("h", [1, 5])
def test_nothing_one_and_all_alike_are_fine(h):
    assert math.isnan(confidence_sequences.share(np.zeros(0, bool), horizon_bars=h).value)
    assert math.isnan(confidence_sequences.mean(np.zeros(0), lowest=-1, highest=1, horizon_bars=h).value)
    assert confidence_sequences.z_of_zero(np.zeros(0), lowest=-1, highest=1, horizon_bars=h) is None
    for n in (1, 3, 60):
        for value in (0, 1):
            found = confidence_sequences.share(np.full(n, value, bool), horizon_bars=h)
            assert 0 <= found.low <= found.value == value <= found.high <= 1
        still = confidence_sequences.mean(np.zeros(n), lowest=-1, highest=1, horizon_bars=h)
        assert still.low < 0 < still.high
