"""Live accuracy: every number with its interval and its references, right states when there is little or nothing."""

import warnings

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss
from tests.forecast_bench import KEY, certain, evaluation, walk

from ensemble_desk.evaluation import metrics
from ensemble_desk.evaluation.comparison import Verdict
from ensemble_desk.forecasting import outcomes
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.market import labels
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.monitoring import live, scoreboard, so_far
from ensemble_desk.monitoring.evidence import calibration, references
from ensemble_desk.monitoring.live import State

VERSION = "20200701"


def soft(n, *, seed=1):
    return np.random.default_rng(seed).dirichlet((2, 2, 2), n)


def filled(bench, *, n=300, p=None, horizon_bars=1, kind=Kind.LIVE, members=None):
    frame = walk(n + 30)
    bench.prices.frames[KEY] = frame
    label = LabelSpec(horizon_bars)
    bench.publish(label=label)
    times = frame.index[25 : 25 + n]
    said = soft(n) if p is None else p
    bench.say(times, said, horizon_bars=horizon_bars, kind=kind, members=members)
    outcomes.mature(bench.registry)
    truth = labels.label(frame, label).iloc[25 : 25 + n]
    known = truth.notna().to_numpy()
    return said[known], truth[known].to_numpy(int)


def test_every_number_is_what_others_compute(bench):
    p, y = filled(bench)
    found = live.accuracy(bench.registry, KEY, version=VERSION)
    assert (found.state, found.kinds, found.horizon, found.horizon_bars) == (State.KNOWN, (Kind.LIVE,), "1D", 1)
    assert found.accuracy.value == pytest.approx(accuracy_score(y, p.argmax(axis=1)))
    assert found.scores["log_loss"] == pytest.approx(log_loss(y, p))
    assert found.scores["brier"] == pytest.approx(metrics.brier(p, y))
    assert np.sum(found.scores["confusion"]) == len(y) == found.accuracy.n
    assert found.majority.value == pytest.approx(np.bincount(y).max() / len(y))
    assert found.persistence.value == pytest.approx(np.mean(y[:-1] == y[1:]))
    assert found.persistence.n == len(y) - 1
    assert found.promise.promised == pytest.approx(p.max(axis=1).mean())
    assert found.promise.gap == pytest.approx(found.accuracy.value - found.promise.promised)
    assert found.recent.n == 60
    assert found.validated.value == 0.45
    assert found.counts[Kind.LIVE].matured == len(y)


def test_overlapping_outcomes_count_as_fewer(sqlite_bench):
    _, y = filled(sqlite_bench, horizon_bars=5)
    found = live.accuracy(sqlite_bench.registry, KEY, version=VERSION)
    assert found.accuracy.n_eff == pytest.approx(len(y) / 5)
    assert found.persistence.n == len(y) - 5
    assert found.persistence.value == pytest.approx(np.mean(y[:-5] == y[5:]))
    assert found.series.window == 300


def test_the_series_rolls_as_a_loop_would(sqlite_bench):
    p, y = filled(sqlite_bench)
    found = live.accuracy(sqlite_bench.registry, KEY, version=VERSION).series
    right, promised = p.argmax(axis=1) == y, p.max(axis=1)
    for at in (0, 5, 59, 60, 200, len(y) - 1):
        newest = slice(max(0, at - 59), at + 1)
        assert found.accuracy[at] == pytest.approx(right[newest].mean())
        assert found.promised[at] == pytest.approx(promised[newest].mean())
        assert found.low[at] <= found.accuracy[at] <= found.high[at]
    assert len(found.times) == len(y)


def test_z_is_the_gap_in_standard_errors_that_know_overlap():
    confidence, correct = np.full(100, 0.5), np.random.default_rng(5).permutation(np.arange(100) < 60)
    told = calibration.promise(confidence, correct, horizon_bars=1)
    assert told.gap == pytest.approx(0.1)
    assert told.low < told.gap < told.high
    assert 0 < told.z < 10 / 5  # less than at one look, and less still where outcomes overlap
    assert calibration.promise(confidence, correct, horizon_bars=4).z < told.z
    assert calibration.promise(np.ones(10), np.ones(10, bool), horizon_bars=1).z is None
    assert calibration.promise(np.empty(0), np.empty(0, bool), horizon_bars=1) is None


@pytest.mark.parametrize(("n", "bins"), [(3, 1), (19, 1), (20, 2), (45, 4), (50, 5), (5_000, 5)])
def test_reliability_has_at_most_five_bins_of_equal_mass(n, bins):
    confidence = np.random.default_rng(2).uniform(0.34, 0.9, n)
    correct = np.random.default_rng(3).random(n) < confidence
    found = calibration.reliability(confidence, correct, horizon_bars=1)
    sizes = [one.realised.n for one in found]
    assert len(found) == bins
    assert sum(sizes) == n
    assert max(sizes) - min(sizes) <= 1
    assert [one.promised for one in found] == sorted(one.promised for one in found)


def test_what_is_not_there_has_a_state_and_no_number(sqlite_bench):
    sqlite_bench.prices.frames[KEY] = walk(60)
    sqlite_bench.publish()
    assert live.accuracy(sqlite_bench.registry, KEY, version=VERSION).state is State.NO_FORECASTS
    sqlite_bench.say([walk(60).index[-1]], certain(np.array([0])))
    outcomes.mature(sqlite_bench.registry)
    found = live.accuracy(sqlite_bench.registry, KEY, version=VERSION)
    assert found.state is State.NO_OUTCOMES
    assert (found.accuracy.n, found.majority, found.persistence, found.promise) == (0, None, None, None)
    assert (found.reliability, found.kinds, found.first) == ((), (), None)
    assert found.scores["accuracy"] is None
    assert len(found.series.times) == 0
    assert scoreboard.members(sqlite_bench.registry, KEY, version=VERSION) == ()


@pytest.mark.parametrize("n", [1, 3])
def test_three_outcomes_only_or_one_class_only_bring_no_warning(sqlite_bench, n):
    frame = walk(60)
    sqlite_bench.prices.frames[KEY] = frame
    sqlite_bench.publish(label=LabelSpec(1, "fixed", fixed_threshold=9.0))  # every outcome is NEUTRAL
    sqlite_bench.say(frame.index[30 : 30 + n], certain(np.ones(n, int), confidence=1.0))
    outcomes.mature(sqlite_bench.registry)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = live.accuracy(sqlite_bench.registry, KEY, version=VERSION)
        board = scoreboard.members(sqlite_bench.registry, KEY, version=VERSION)
    assert (found.accuracy.value, found.majority.value) == (1.0, 1.0)
    assert found.scores["direction_skill"] is None
    assert found.promise.z is None
    assert {one.verdict for one in board} == {"not settled"}


def test_live_and_replay_have_numbers_of_their_own(sqlite_bench):
    frame = walk(200)
    sqlite_bench.prices.frames[KEY] = frame
    sqlite_bench.publish()
    truth = labels.label(frame, LabelSpec(1)).fillna(0).astype(int).to_numpy()
    sqlite_bench.say(frame.index[30:100], certain((truth[30:100] + 1) % 3), kind=Kind.REPLAY)
    sqlite_bench.say(frame.index[100:120], certain(truth[100:120]), kind=Kind.LIVE)
    outcomes.mature(sqlite_bench.registry)

    def told(kinds):
        found = live.accuracy(sqlite_bench.registry, KEY, version=VERSION, kinds=kinds)
        return found.kinds, found.accuracy.value, found.accuracy.n

    assert told(None) == told([Kind.LIVE]) == ((Kind.LIVE,), 1.0, 20)
    assert told([Kind.REPLAY]) == ((Kind.REPLAY,), 0.0, 70)
    assert told([Kind.LIVE, Kind.REPLAY]) == ((Kind.LIVE, Kind.REPLAY), pytest.approx(20 / 90), 90)


def test_a_version_whose_label_nobody_has_told_is_scored_by_none(sqlite_bench):
    frame = walk(200)
    sqlite_bench.prices.frames[KEY] = frame
    sqlite_bench.publish(label=None, accuracy=0.6)
    sqlite_bench.publish("20200702")
    label = LabelSpec(1)
    truth = labels.label(frame, label).iloc[30:130].astype(int).to_numpy()
    sqlite_bench.say(frame.index[30:130], certain(truth))
    outcomes.mature(sqlite_bench.registry)
    assert live.accuracy(sqlite_bench.registry, KEY, version=VERSION).state is State.NO_LABEL
    found = live.accuracy(sqlite_bench.registry, KEY, version=VERSION)
    assert (found.horizon, found.horizon_bars) == (None, None)


def test_a_member_that_knows_beats_the_pool_and_one_that_errs_loses_to_it(bench):
    frame = walk(430)
    truth = labels.label(frame, LabelSpec(1)).iloc[25:425].astype(int).to_numpy()
    knows = certain(truth)
    errs = certain((truth + 1) % 3)
    filled(bench, n=400, p=knows, members={"knows": knows, "errs": errs, "idle": np.full((400, 3), 1 / 3)})
    found = {one.name: one for one in scoreboard.members(bench.registry, KEY, version=VERSION)}
    assert list(found)[-1] == "errs"
    assert (found["knows"].verdict, found["ensemble"].verdict, found["errs"].verdict) == ("better", "better", "worse")
    assert found["knows"].accuracy.value == 1.0
    assert found["errs"].difference.low > 0 > found["knows"].difference.high
    assert found["knows"].kinds == (Kind.LIVE,)


def test_persistence_knows_no_outcome_before_its_bar():
    day = np.timedelta64(1, "D").astype("timedelta64[us]")
    as_of = np.datetime64("2020-01-01", "us") + day * np.arange(6)
    found = references.persistence(np.array([0, 0, 1, 1, 2, 2]), as_of=as_of, target=as_of + 2 * day, horizon_bars=2)
    assert found.n == 4
    assert found.value == 0.0
    assert references.persistence(np.array([0, 0]), as_of=as_of[:2], target=as_of[:2] + 5 * day, horizon_bars=5) is None


def test_skill_against_the_usual_rates_is_told_since_training_and_by_regime(bench):
    frame = walk(330)
    bench.prices.frames[KEY] = frame
    rates = {"BEARISH": 0.3, "NEUTRAL": 0.4, "BULLISH": 0.3}
    bench.publish(evaluation=evaluation(0.45, 400, horizon_bars=1) | {"usual_rates": rates})
    truth = labels.label(frame, LabelSpec(1)).iloc[25:325].astype(int).to_numpy()
    bench.say(frame.index[25:325], certain(np.where(truth == 0, 1, truth)))
    outcomes.mature(bench.registry)
    for version in (VERSION, None):
        found = live.accuracy(bench.registry, KEY, version=version)
        assert (found.skill.n, found.skill.verdict, found.never_named) == (300, Verdict.BETTER, ("BEARISH",))
        assert found.skill.log_loss.high < 0
        assert (found.lean.n, found.lean.verdict) == (300, Verdict.BETTER)
        assert [one.name for one in found.volatility] == ["calm", "usual", "stormy"]
        assert sum(one.accuracy.n for one in found.volatility) == sum(one.accuracy.n for one in found.months) == 300
        assert all(one.skill is not None for one in (*found.volatility, *found.months))


def test_a_version_without_usual_rates_has_regimes_but_no_skill(sqlite_bench):
    filled(sqlite_bench)
    found = live.accuracy(sqlite_bench.registry, KEY, version=VERSION)
    assert found.skill is None
    assert found.lean is None
    assert {one.skill for one in (*found.volatility, *found.months)} == {None}


def test_the_path_so_far_ends_where_the_accuracy_of_all_stands(sqlite_bench):
    filled(sqlite_bench, n=300)
    whole, path = live.accuracy(sqlite_bench.registry, KEY, version=VERSION), so_far.path(sqlite_bench.registry, KEY)
    assert len(path.times) <= 120
    assert (path.accuracy[-1], path.low[-1], path.high[-1]) == pytest.approx(
        (whole.accuracy.value, whole.accuracy.low, whole.accuracy.high)
    )
    assert path.promised[-1] == pytest.approx(whole.promise.promised)
    assert (path.low <= path.accuracy).all()
    assert (np.diff(path.n_eff) > 0).all()
    assert path.times[-1] == whole.series.times[-1]


def test_without_outcomes_there_is_no_path(sqlite_bench):
    assert len(so_far.path(sqlite_bench.registry, KEY).times) == 0
