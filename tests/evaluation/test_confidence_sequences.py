"""Confidence sequences keep their promise over a year of daily looks, and narrow as outcomes come."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from ensemble_desk.evaluation import confidence_sequences, intervals

YEAR = 252


def z_of_zero(values, *, lowest, highest, horizon_bars=1):
    begun = confidence_sequences.begin(lowest=lowest, highest=highest, horizon_bars=horizon_bars)
    return confidence_sequences.z_of_zero(confidence_sequences.advance(begun, values))


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
        beyond += any(abs(z_of_zero(excess[:n], lowest=-1, highest=1)) >= 2 for n in range(5, YEAR + 1, 4))
    assert beyond / 100 <= 0.05


def test_a_lasting_difference_is_settled_and_the_sign_is_told():
    worse = np.random.default_rng(1).normal(0.1, 0.2, 600)
    found = confidence_sequences.mean(worse, lowest=-3.9, highest=3.9, horizon_bars=1)
    assert 0 < found.low < found.value < found.high < 0.2
    assert z_of_zero(worse, lowest=-3.9, highest=3.9) > 3
    assert z_of_zero(-worse, lowest=-3.9, highest=3.9) < -3


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
    assert z_of_zero(np.zeros(0), lowest=-1, highest=1, horizon_bars=h) is None
    for n in (1, 3, 60):
        for value in (0, 1):
            found = confidence_sequences.share(np.full(n, value, bool), horizon_bars=h)
            assert 0 <= found.low <= found.value == value <= found.high <= 1
        still = confidence_sequences.mean(np.zeros(n), lowest=-1, highest=1, horizon_bars=h)
        assert still.low < 0 < still.high


@pytest.mark.parametrize("h", [1, 5])
def test_step_by_step_is_the_same_to_the_last_bit(h):
    values = np.random.default_rng(8).normal(-0.02, 0.3, 700)
    begun = confidence_sequences.begin(lowest=-1.2, highest=3.9, horizon_bars=h)
    whole, step = confidence_sequences.advance(begun, values), begun
    for part in np.split(values, [1, 2, 9, 9, 300, 301, 650]):
        step = confidence_sequences.advance(step, part)
    assert (step.n, step.total) == (whole.n, whole.total) == (700, whole.total)
    for name in ("totals", "squares", "logs"):
        assert np.array_equal(getattr(step, name), getattr(whole, name))
    assert confidence_sequences.mean_so_far(step) == confidence_sequences.mean(
        values, lowest=-1.2, highest=3.9, horizon_bars=h
    )


def test_the_grid_hides_no_evidence():
    values = np.random.default_rng(9).normal(-0.03, 0.1, 400)
    scaled, t = (values + 1) / 2, np.arange(1, 401)
    means = (0.5 + np.cumsum(scaled)) / (t + 1)
    spread = 0.01 + np.concatenate([[0.0], np.cumsum((scaled - means) ** 2)[:-1]])
    stakes = np.sqrt(2 * math.log(40) / (spread * np.log1p(t)))

    def wealth(m):
        more = np.log1p(np.minimum(stakes, 0.9 / m) * (scaled - m)).sum()
        less = np.log1p(-np.minimum(stakes, 0.9 / (1 - m)) * (scaled - m)).sum()
        return (math.exp(more) + math.exp(less)) / 2

    found = confidence_sequences.mean(values, lowest=-1, highest=1, horizon_bars=1)
    slack = 0.005 * (found.high - found.low)
    for limit, outwards in ((found.low, -1), (found.high, 1)):
        assert wealth((limit + outwards * slack + 1) / 2) >= 20 * 0.99
        assert wealth((limit - outwards * slack * 4 + 1) / 2) < 20
