"""The alarm keeps its promise when nothing changed, hears a late fall, and goes on from a stored state."""

import json
from statistics import NormalDist

import numpy as np
import pytest

from ensemble_desk.evaluation import e_process, intervals

BARS = 504
ALARM = 20.0
ACCURACY = 0.45


def hits(accuracy, *, n_paths, horizon_bars, seed):
    """Correctness of overlapping forecasts: each is a sum over the bars of its horizon, so neighbours move together.

    ``accuracy`` is one for each bar, shape (n,).
    """
    accuracy = np.asarray(accuracy)
    shocks = np.random.default_rng(seed).normal(size=(n_paths, len(accuracy) + horizon_bars - 1))
    summed = np.lib.stride_tricks.sliding_window_view(shocks, horizon_bars, axis=1).sum(axis=2) / np.sqrt(horizon_bars)
    limits = np.array([NormalDist().inv_cdf(share) for share in np.unique(accuracy)])
    return summed < limits[np.searchsorted(np.unique(accuracy), accuracy)]


def falling(drop, *, good, bad=252):
    return np.concatenate([np.full(good, ACCURACY), np.full(bad, ACCURACY - drop)])


def line(horizon_bars=1, value=ACCURACY):
    return e_process.line(intervals.wilson(value, 400, horizon_bars=horizon_bars))


def plainly(path, line, horizon_bars):
    """The recursion as it is written on paper, bar by bar."""
    kept = (1 - 1 / e_process.MEAN_START_BARS) ** horizon_bars
    stakes, shares, n = np.array(line.stakes), np.array(line.shares), [0] * horizon_bars
    wealth, values = np.zeros((horizon_bars, len(stakes))), []

    def cash(i):
        return (1 - e_process.AT_ONCE) * kept**i if i else 1.0

    for number, hit in enumerate(path):
        newest = number % horizon_bars
        entering = cash(n[newest]) - cash(n[newest] + 1)
        wealth[newest] = (wealth[newest] + entering) * (1 + stakes * (line.null - hit))
        n[newest] += 1
        worst = 1 + stakes * (line.null - 1)
        each = [
            wealth[k] @ shares + cash(n[k])
            if k == newest
            else ((wealth[k] + cash(n[k]) - cash(n[k] + 1)) * worst) @ shares + cash(n[k] + 1)
            for k in range(horizon_bars)
        ]
        values.append(np.mean(each))
    return np.array(values)


@pytest.mark.parametrize("horizon_bars", [1, 5, 21])
def test_it_is_the_recursion_on_paper(horizon_bars):
    path = np.random.default_rng(3).random(120) < 0.3
    found = e_process.run(path[None, :], line(horizon_bars), horizon_bars=horizon_bars)
    np.testing.assert_allclose(found.values[0], plainly(path, line(horizon_bars), horizon_bars), rtol=1e-10)


@pytest.mark.parametrize("horizon_bars", [1, 5, 21])
def test_in_one_go_bar_by_bar_and_from_a_stored_state_it_is_the_same_to_the_last_bit(horizon_bars):
    path = np.random.default_rng(4).random((1, 150)) < 0.35
    whole = e_process.run(path, line(horizon_bars), horizon_bars=horizon_bars)
    state, values, since = e_process.begin(line(horizon_bars), horizon_bars=horizon_bars), [], []
    for bar in range(150):
        step = e_process.advance(state, path[:, bar : bar + 1], line(horizon_bars))
        state = e_process.from_plain(json.loads(json.dumps(step.state.plain(), allow_nan=False)))
        values.append(step.values[0, 0])
        since.append(step.since[0, 0])
    assert state.plain() == whole.state.plain()
    assert values == whole.values[0].tolist()
    assert since == whole.since[0].tolist()
    pieces = e_process.begin(line(horizon_bars), horizon_bars=horizon_bars)
    for first, last in ((0, 7), (7, 7), (7, 99), (99, 150)):
        pieces = e_process.advance(pieces, path[:, first:last], line(horizon_bars)).state
    assert pieces.plain() == whole.state.plain()


@pytest.mark.parametrize("horizon_bars", [1, 5, 21])
def test_an_unchanged_version_rarely_alarms_in_two_years_of_daily_looks(horizon_bars):
    n_paths, truth = 300, np.full(BARS + 400, ACCURACY)
    paths = hits(truth, n_paths=n_paths, horizon_bars=horizon_bars, seed=horizon_bars)
    rang = 0
    for path in paths:  # the holdout is drawn as well: nobody knows the true accuracy
        validated = e_process.line(intervals.wilson(float(path[:400].mean()), 400, horizon_bars=horizon_bars))
        rang += (e_process.run(path[None, 400:], validated, horizon_bars=horizon_bars).values >= ALARM).any()
    assert rang / n_paths <= 0.05


def test_on_the_line_itself_at_most_one_in_twenty_ever_alarms():
    defended = line()
    paths = hits(np.full(1_000, defended.null), n_paths=600, horizon_bars=1, seed=8)
    rang = (e_process.run(paths, defended, horizon_bars=1).values >= ALARM).any(axis=1).mean()
    assert rang <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 600)


@pytest.mark.parametrize(("good", "least"), [(0, 0.88), (250, 0.77), (500, 0.72)])
def test_a_fall_by_15_points_is_noticed_within_a_year_however_many_good_bars_went_before(good, least):
    paths = hits(falling(0.15, good=good), n_paths=600, horizon_bars=1, seed=good)
    rings = e_process.run(paths, line(), horizon_bars=1).values >= ALARM
    assert rings[:, good:].any(axis=1).mean() >= least


@pytest.mark.parametrize("good", [0, 250, 500])
def test_a_fall_by_25_points_is_noticed_within_70_bars_in_half_of_the_cases(good):
    found = e_process.run(hits(falling(0.25, good=good), n_paths=600, horizon_bars=1, seed=9), line(), horizon_bars=1)
    rings = found.values[:, good:] >= ALARM
    assert np.median(np.where(rings.any(axis=1), rings.argmax(axis=1) + 1, np.inf)) <= 70


def test_the_likeliest_change_is_where_accuracy_fell():
    found = e_process.run(hits(falling(0.25, good=250), n_paths=400, horizon_bars=1, seed=2), line(), horizon_bars=1)
    assert abs(np.median(found.since[:, -1]) - 250) <= 5
    assert np.mean(np.abs(found.since[:, -1] - 250) <= 60) >= 0.9


def test_a_good_run_names_no_change():
    found = e_process.run(np.ones((1, 5)), line(), horizon_bars=1)
    assert found.since[0].tolist() == [1, 2, 3, 4, 5]
    assert (found.values < 1).all()


def test_before_any_outcome_there_is_no_evidence():
    assert e_process.run(np.zeros((1, 0)), line(), horizon_bars=5).values.shape == (1, 0)


def test_evidence_is_never_negative_even_for_a_null_near_zero():
    low = e_process.line(intervals.wilson(0.02, 50, horizon_bars=1))
    assert (e_process.run(np.ones((1, 300)), low, horizon_bars=1).values >= 0).all()


def test_an_accuracy_without_rows_defends_nothing():
    blind = e_process.line(intervals.AccuracyEstimate(0.9, 0, 0.0, 0.0, 1.0))
    assert e_process.run(np.zeros((1, 500)), blind, horizon_bars=1).values.max() <= 1.0 + 1e-9


def test_endless_errors_end_in_large_finite_evidence():
    found = e_process.run(np.zeros((1, 5_000)), line(), horizon_bars=1)
    assert np.isfinite(found.values).all()
    assert found.values[0, -1] > 1e100


def test_more_bars_than_outcomes_leave_their_phases_as_cash():
    found = e_process.run(np.zeros((1, 3)), line(21), horizon_bars=21)
    assert np.isfinite(found.values).all()
    assert (found.values > 0).all()


@pytest.mark.parametrize(("accuracy", "good"), [(0.30, 0), (0.20, 0), (0.25, 120)])
def test_what_settles_a_fall_is_what_simulation_takes(accuracy, good):
    start = e_process.run(np.tile([True, False], good // 2)[None, :], line(), horizon_bars=1).state
    told = e_process.outcomes_to_alarm(
        start, line(), accuracy=accuracy, alarm_e_value=ALARM, most=2_520, generator=np.random.default_rng(1)
    )
    paths = np.random.default_rng(77).random((800, 800)) < accuracy
    rings = e_process.advance(start.copies(800, n=start.n), paths, line()).values >= ALARM
    took = np.median(np.where(rings.any(axis=1), rings.argmax(axis=1) + 1, np.inf))
    assert told == pytest.approx(took, rel=0.25)


def test_what_never_settles_says_so():
    start = e_process.begin(line(), horizon_bars=1)
    asked = {"accuracy": 0.45, "alarm_e_value": ALARM, "most": 300}
    assert e_process.outcomes_to_alarm(start, line(), generator=np.random.default_rng(1), **asked) is None


def test_across_a_fleet_only_strong_evidence_stands():
    assert e_process.benjamini_hochberg({"a": 100.0, "b": 45.0, "c": 1.0}) == {"a", "b"}
    assert e_process.benjamini_hochberg({"a": 21.0, "b": 1.0, "c": 1.0}) == frozenset()
    assert e_process.benjamini_hochberg({}) == frozenset()


def test_what_is_not_a_number_never_stands_and_hides_nothing():
    assert e_process.benjamini_hochberg({"a": float("nan"), "b": 500.0, "c": float("nan")}) == {"b"}


def test_a_hundred_unchanged_keys_rarely_alert_within_two_years():
    fleets, keys, false = 20, 100, 0
    for fleet in range(fleets):
        paths = hits(np.full(BARS + 400, ACCURACY), n_paths=keys, horizon_bars=1, seed=1_000 + fleet)
        values = np.stack(
            [
                e_process.run(path[None, 400:], line(value=float(path[:400].mean())), horizon_bars=1).values[0]
                for path in paths
            ]
        )
        highest = -np.sort(-values, axis=0)
        needed = keys * ALARM / np.arange(1, keys + 1)[:, None]
        false += (highest >= needed).any()
    assert false / fleets <= 0.10
