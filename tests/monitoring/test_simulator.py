"""The alarm simulator: years imitated from a version's own outcomes, the guide's bands beside bands with evidence."""

import numpy as np
import pytest
from tests.forecast_bench import KEY, certain, walk

from ensemble_desk.errors import NotTrainedError, UnknownKeyError
from ensemble_desk.forecasting import outcomes
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.market import labels
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.monitoring import simulator
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.moves import quarantine


def filled(bench, *, n=300, horizon_bars=1, version="20200701", begin=30, kind=Kind.REPLAY):
    frame = walk(500)
    bench.prices.frames[KEY] = frame
    label = LabelSpec(horizon_bars)
    bench.publish(version, label=label)
    truth = labels.label(frame, label).iloc[begin : begin + n].astype(int).to_numpy()
    right = np.random.default_rng(2).random(n) < 0.45
    said = certain(np.where(right, truth, (truth + 1) % 3))
    bench.say(frame.index[begin : begin + n], said, version=version, horizon_bars=horizon_bars, kind=kind)
    outcomes.mature(bench.registry)


def simulated(bench, *, seed=1, **more):
    return simulator.of_version(bench.registry, KEY, generator=np.random.default_rng(seed), **more)


@pytest.mark.parametrize("horizon_bars", [1, 5])
def test_evidence_spares_false_alarms_and_pays_with_days(sqlite_bench, horizon_bars):
    filled(sqlite_bench, horizon_bars=horizon_bars)
    found = simulated(sqlite_bench)
    assert (found.version, found.kinds, found.n_outcomes, found.problem) == ("20200701", (Kind.REPLAY,), 300, "")
    assert found.ours.share_of_years <= 0.05
    assert found.guide.share_of_years > 0.3
    assert found.ours.false_alarms_a_year < found.guide.false_alarms_a_year
    assert [fall.good_bars for fall in found.ours.falls] == [fall.good_bars for fall in found.guide.falls]
    assert [fall.good_bars for fall in found.ours.falls] == [0, 125, 250, 500]
    for rough, careful in zip(found.guide.falls, found.ours.falls, strict=True):
        assert rough.share_noticed >= careful.share_noticed
        assert (rough.days_until_noticed or 0) < (careful.days_until_noticed or np.inf)


def test_a_deeper_fall_is_noticed_sooner(sqlite_bench):
    filled(sqlite_bench)
    shallow, deep = (simulated(sqlite_bench, drop=drop).ours.falls for drop in (0.15, 0.3))
    for one, other in zip(shallow, deep, strict=True):
        assert other.share_noticed > 0.95
        assert other.days_until_noticed < one.days_until_noticed


def test_a_fall_after_good_bars_is_noticed_nearly_as_often_as_one_at_once(sqlite_bench):
    filled(sqlite_bench)
    falls = simulated(sqlite_bench).ours.falls
    assert falls[0].share_noticed > 0.8
    assert falls[2].share_noticed > falls[0].share_noticed - 0.25


def test_the_same_seed_imitates_the_same_years(sqlite_bench):
    filled(sqlite_bench)
    assert simulated(sqlite_bench, seed=3) == simulated(sqlite_bench, seed=3) != simulated(sqlite_bench, seed=4)


def test_too_few_outcomes_borrow_from_the_keys_other_versions_or_say_so(sqlite_bench):
    filled(sqlite_bench, n=100)
    filled(sqlite_bench, n=10, version="20200702", begin=140)
    found = simulated(sqlite_bench)
    assert (found.version, found.n_outcomes, found.problem) == (None, 110, "")
    few = simulated(sqlite_bench, kinds=[Kind.LIVE])
    assert (few.guide, few.ours, few.problem) == (None, None, simulator.TOO_FEW)


def test_a_version_without_validated_accuracy_has_no_simulation(sqlite_bench):
    filled(sqlite_bench)
    sqlite_bench.publish("20200702", accuracy=None)
    assert simulated(sqlite_bench).problem == simulator.NO_ACCURACY


def test_nobody_to_imitate_is_an_error(sqlite_bench):
    with pytest.raises(UnknownKeyError):
        simulated(sqlite_bench)
    sqlite_bench.publish()
    who = Actor("olga", Role.OPERATOR)
    quarantine.quarantine(sqlite_bench.registry, KEY, "20200701", actor=who, reason="bad feed")
    with pytest.raises(NotTrainedError):
        simulated(sqlite_bench)


def test_blocks_keep_neighbours_together():
    drawn = simulator.resample(np.arange(50), n_paths=20, n=33, block=10, generator=np.random.default_rng(5))
    assert drawn.shape == (20, 33)
    steps = np.diff(drawn[:, :30].reshape(20, 3, 10), axis=2) % 50
    assert (steps == 1).all()
    assert simulator.block_length(300, horizon_bars=5) == 25
    assert simulator.block_length(8_000, horizon_bars=1) == 20
