"""Rolled over many outcomes at once, the policy says what it says one at a time, and it keeps its promise."""

from statistics import NormalDist

import numpy as np
import pytest

from ensemble_desk.evaluation import e_process, intervals
from ensemble_desk.monitoring.evidence import bands, rolling
from ensemble_desk.monitoring.evidence.bands import Band, Policy
from ensemble_desk.monitoring.evidence.rolling import BANDS, EVIDENCE

POLICY = Policy()
BARS = 504
PATHS = 400
HORIZONS = (1, 5)
VALIDATED = 0.42


def hits(accuracy, *, horizon_bars, generator, n_paths=PATHS, n=BARS):
    """Correctness of overlapping forecasts: each is a sum over the bars of its horizon, so neighbours move together."""
    shocks = generator.normal(size=(n_paths, n + horizon_bars - 1))
    windows = np.lib.stride_tricks.sliding_window_view(shocks, horizon_bars, axis=1)
    return windows.sum(axis=2) / np.sqrt(horizon_bars) < NormalDist().inv_cdf(accuracy)


def baseline(horizon_bars, value=VALIDATED):
    return intervals.wilson(value, 400, horizon_bars=horizon_bars)


def judged(paths, horizon_bars):
    return rolling.states(paths, baseline=baseline(horizon_bars), horizon_bars=horizon_bars, policy=POLICY)


@pytest.mark.parametrize("horizon_bars", HORIZONS)
def test_every_outcome_is_judged_as_it_would_be_alone(horizon_bars):
    path = hits(0.3, horizon_bars=horizon_bars, generator=np.random.default_rng(5), n_paths=1, n=420)[0]
    found, validated = judged(path, horizon_bars), baseline(horizon_bars)
    window = POLICY.window(horizon_bars)
    for n in (1, 4, 5, 19, 20, 60, 61, 299, 300, 301, 420):
        newest = path[max(0, n - window) : n]
        alone = intervals.wilson(newest.mean(), len(newest), horizon_bars=horizon_bars)
        process = e_process.run(path[None, :n], e_process.line(validated), horizon_bars=horizon_bars)
        e_value, since = process.values[0, -1], process.since[0, -1]
        rings = e_value >= POLICY.alarm_e_value
        if rings:
            newest = path[min(since, max(n - 5, 0)) : n]
            alone = intervals.wilson(newest.mean(), len(newest), horizon_bars=horizon_bars)
        assert (found.rolling.n[n - 1], found.rolling.n_eff[n - 1]) == (alone.n, alone.n_eff)
        assert found.rolling.accuracy[n - 1] == pytest.approx(alone.value)
        assert (found.rolling.low[n - 1], found.rolling.high[n - 1]) == pytest.approx((alone.low, alone.high))
        assert found.e_value[n - 1] == pytest.approx(e_value)
        assert BANDS[found.band[n - 1]] is bands.band(alone, validated, POLICY)
        assert EVIDENCE[found.evidence[n - 1]] is bands.evidence(n / horizon_bars, rings=rings, policy=POLICY)


@pytest.mark.parametrize("horizon_bars", HORIZONS)
def test_an_unchanged_model_is_rarely_confirmed_in_two_years_of_daily_looks(horizon_bars):
    generator = np.random.default_rng(10 + horizon_bars)
    paths = hits(VALIDATED, horizon_bars=horizon_bars, generator=generator)
    found = judged(paths, horizon_bars)
    newest = rolling.accuracy(paths, window=POLICY.window(horizon_bars), horizon_bars=horizon_bars)
    outside = rolling.outside(newest, baseline=baseline(horizon_bars), policy=POLICY)
    confirmed, naive = found.confirmed.any(axis=1).mean(), outside.any(axis=1).mean()
    print(f"h={horizon_bars}: confirmed {confirmed:.3f}, bands alone {naive:.3f}")  # noqa: T201 - the contrast is the point
    assert confirmed <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / PATHS)
    assert naive > 0.4


def test_a_permanent_fall_by_10_points_is_confirmed_whatever_the_newest_outcomes_say():
    generator = np.random.default_rng(7)
    fallen = judged(hits(VALIDATED - 0.10, horizon_bars=1, generator=generator, n_paths=40, n=3_000), 1)
    assert fallen.confirmed[:, -1].all()
    assert BANDS[int(np.median(fallen.band[:, -1]))] is Band.MONITOR
    assert np.median(fallen.rolling.n[:, -1]) > 2_900


def test_while_the_alarm_rings_the_band_is_of_the_rows_since_the_change():
    good = hits(VALIDATED, horizon_bars=1, generator=np.random.default_rng(5), n_paths=1, n=300)[0]
    bad = hits(0.1, horizon_bars=1, generator=np.random.default_rng(6), n_paths=1, n=200)[0]
    found = judged(np.concatenate([good, bad]), 1)
    assert abs(found.since[-1] - 300) <= 15
    assert found.rolling.n[-1] == 500 - found.since[-1]
    assert found.rolling.accuracy[-1] == pytest.approx(np.concatenate([good, bad])[found.since[-1] :].mean())
    assert BANDS[found.band[-1]] is Band.EMERGENCY


@pytest.mark.parametrize(("horizon_bars", "least"), [(1, 0.93), (5, 0.95)])
def test_the_interval_covers_the_truth_as_often_as_it_says(horizon_bars, least):
    paths = hits(VALIDATED, horizon_bars=horizon_bars, generator=np.random.default_rng(3), n_paths=2_000, n=250)
    found = rolling.accuracy(paths, window=10_000, horizon_bars=horizon_bars)
    covers = (found.low[:, -1] <= VALIDATED) & (found.high[:, -1] >= VALIDATED)
    naive_low, naive_high = intervals.wilson_limits(found.accuracy[:, -1], np.float64(250))
    naive = (naive_low <= VALIDATED) & (naive_high >= VALIDATED)
    print(f"h={horizon_bars}: covers {covers.mean():.3f}, on raw n {naive.mean():.3f}")  # noqa: T201 - the contrast
    assert least <= covers.mean() <= 0.995
    assert horizon_bars == 1 or naive.mean() < 0.8


def test_no_outcomes_and_one_outcome_are_fine():
    for n in (0, 1):
        found = judged(np.ones(n, np.bool_), 5)
        assert found.band.shape == found.e_value.shape == (n,)
        assert not found.confirmed.any()


def test_without_an_interval_of_the_validation_nothing_is_confirmed():
    blind = intervals.AccuracyEstimate(0.9, 0, 0.0, 0.0, 1.0)
    found = rolling.states(np.zeros(300, np.bool_), baseline=blind, horizon_bars=1, policy=POLICY)
    assert found.band[-1] >= BANDS.index(Band.DRIFT)
    assert not found.confirmed.any()
