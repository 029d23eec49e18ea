"""The alarm keeps its promise when nothing changed, rings when accuracy falls, and beats the naive rule."""

from statistics import NormalDist

import numpy as np
import pytest

from ensemble_desk.evaluation import e_process, power

BARS = 504
PATHS = 400
HORIZONS = (1, 5)


def hits(accuracy, *, horizon_bars, generator):
    """Correctness of overlapping forecasts: each is a sum over the bars of its horizon, so neighbours move together."""
    shocks = generator.normal(size=BARS + horizon_bars - 1)
    summed = np.convolve(shocks, np.ones(horizon_bars), "valid") / np.sqrt(horizon_bars)
    return summed < NormalDist().inv_cdf(accuracy)


def alarms(accuracy, *, null, horizon_bars):
    generator = np.random.default_rng(20 + horizon_bars)
    paths = (hits(accuracy, horizon_bars=horizon_bars, generator=generator) for _ in range(PATHS))
    return [e_process.run(path, null=null, horizon_bars=horizon_bars).first_alarm() for path in paths]


def naive_alarm(path, *, null, window=20):
    """The guide's way: rolling accuracy fifteen points below the baseline on any day."""
    rolling = np.convolve(path, np.ones(window) / window, "valid")
    return bool((rolling <= null - 0.15).any())


@pytest.mark.parametrize("horizon_bars", HORIZONS)
def test_an_unchanged_model_rarely_alarms_in_two_years_of_daily_looks(horizon_bars):
    rate = np.mean([alarm is not None for alarm in alarms(0.42, null=0.42, horizon_bars=horizon_bars)])
    generator = np.random.default_rng(1)
    naive = np.mean(
        [naive_alarm(hits(0.42, horizon_bars=horizon_bars, generator=generator), null=0.42) for _ in range(PATHS)]
    )
    print(f"h={horizon_bars}: e-process {rate:.3f}, naive rolling rule {naive:.3f}")  # noqa: T201 - the contrast is the point
    error = 2 * np.sqrt(0.05 * 0.95 / PATHS)
    assert rate <= 0.05 + error
    assert naive > 0.8


@pytest.mark.parametrize("horizon_bars", HORIZONS)
def test_a_true_fall_by_25_points_is_noticed_within_the_window(horizon_bars):
    found = alarms(0.17, null=0.42, horizon_bars=horizon_bars)
    assert np.mean([alarm is not None for alarm in found]) > 0.95
    assert np.median([alarm for alarm in found if alarm is not None]) <= 30 * horizon_bars


def test_evidence_is_one_before_any_outcome():
    assert e_process.run([], null=0.4, horizon_bars=1).current == 1.0


def test_evidence_is_never_negative_even_for_a_null_near_zero():
    assert (e_process.run([True] * 300, null=0.05, horizon_bars=1).values >= 0).all()


def test_gaps_between_forecasts_keep_their_phases_apart():
    found = e_process.run([False, False], null=0.4, horizon_bars=5, bar_numbers=np.array([0, 5]), bets=[1.0])
    # Only phase 0 grew: (1.4 squared + four untouched phases at their worst factor 0.4) / 5.
    assert found.values[-1] == pytest.approx((1.4**2 + 4 * 0.4) / 5)


def test_across_a_fleet_only_strong_evidence_stands():
    assert e_process.benjamini_hochberg({"a": 100.0, "b": 45.0, "c": 1.0}) == {"a", "b"}
    assert e_process.benjamini_hochberg({"a": 21.0, "b": 1.0, "c": 1.0}) == frozenset()
    assert e_process.benjamini_hochberg({}) == frozenset()


def test_the_sample_sizes_that_settle_a_fall():
    assert [power.outcomes_to_settle(0.45, drop) for drop in (0.05, 0.15, 0.25)] == [606, 64, 21]
    assert power.outcomes_to_settle(0.45, -0.01) is None
    assert power.outcomes_to_settle(0.10, 0.20) is None


@pytest.mark.parametrize("horizon_bars", [1, 3, 5])
def test_many_paths_at_once_are_what_one_at_a_time_gives(horizon_bars):
    hit = np.random.default_rng(4).random((6, 83)) < 0.35
    together = e_process.paths(hit.astype(float), null=0.4, horizon_bars=horizon_bars)
    numbers = np.arange(83)
    for path, values in zip(hit, together, strict=True):
        alone = e_process.run(path, null=0.4, horizon_bars=horizon_bars, bar_numbers=numbers)
        np.testing.assert_allclose(values, alone.values, rtol=1e-12)


def test_endless_errors_end_in_large_finite_evidence():
    wrong = np.zeros(5_000, np.bool_)
    for numbers in (None, np.arange(5_000)):
        found = e_process.run(wrong, null=0.4, horizon_bars=1, bar_numbers=numbers)
        assert np.isfinite(found.values).all()
        assert found.current > 1e100
