"""Outcomes: what is due is scored by the version's own label, once, whoever looks and however often."""

import threading

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import select
from tests.forecast_bench import KEY, certain, walk

from ensemble_desk.database.tables.registry_tables import outcomes as table
from ensemble_desk.forecasting import matured, outcomes
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.market import labels
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.folder import retention

RULES = (
    LabelSpec(1),
    LabelSpec(5),
    LabelSpec(1, "fixed", fixed_threshold=0.005),
    LabelSpec(5, "fixed", fixed_threshold=0.02),
)


def rows(bench):
    with bench.database.reading() as connection:
        return connection.execute(select(table).order_by(table.c.forecast_id, table.c.revision)).all()


def ready(bench, *, n_bars=60, n_said=10, label=LabelSpec(1), **more):  # noqa: B008 - frozen
    """A version whose forecasts were made at the last bars there are."""
    frame = walk(n_bars)
    bench.prices.frames[KEY] = frame
    bench.publish(label=label, **more)
    times = list(frame.index[-n_said:])
    bench.say(times, certain(np.full(n_said, 2)), horizon_bars=label.horizon_bars if label else 1)
    return frame


def test_forecasts_of_a_version_that_was_pruned_since_mature_like_others(bench):
    ready(bench, version="20200701")
    for newer in ("20200702", "20200703"):
        bench.publish(newer)
    admin = Actor("ada", Role.ADMIN)
    fates = retention.prune(bench.registry, keep=1, actor=admin, reason="room")
    assert [fate.version for fate in fates if fate.goes] == ["20200701"]
    bench.prices.frames[KEY] = walk(63)
    (report,) = outcomes.mature(bench.registry)
    assert (report.matured, report.no_label) == (10, 0)


@pytest.mark.parametrize("label", RULES, ids=str)
def test_an_oracle_is_right_every_time_and_a_shuffled_one_scores_the_base_rate(sqlite_bench, label):
    frame = walk(600)
    sqlite_bench.prices.frames[KEY] = frame
    truth = labels.label(frame, label).dropna().astype(int)
    shuffled = np.random.default_rng(3).permutation(truth.to_numpy())
    sqlite_bench.publish("20200701", label=label)
    sqlite_bench.publish("20200702", label=label)
    for version, said in (("20200701", truth.to_numpy()), ("20200702", shuffled)):
        sqlite_bench.say(truth.index, certain(said), version=version, horizon_bars=label.horizon_bars)
    (report,) = outcomes.mature(sqlite_bench.registry)
    assert (report.matured, report.pending, report.void) == (2 * len(truth), 0, 0)
    oracle = matured.read(sqlite_bench.database, KEY, version="20200701")
    assert oracle.correct.all()
    np.testing.assert_array_equal(oracle.y, truth.to_numpy())
    shares = np.bincount(truth, minlength=3) / len(truth)
    guessed = matured.read(sqlite_bench.database, KEY, version="20200702").correct.mean()
    assert guessed == pytest.approx((shares**2).sum(), abs=2.5 * 0.5 / np.sqrt(len(truth)))


def test_a_derived_horizon_is_scored_by_the_label_carried_over_to_it(sqlite_bench):
    label = LabelSpec(1, "fixed", fixed_threshold=0.01)
    frame = walk(120)
    sqlite_bench.prices.frames[KEY] = frame
    sqlite_bench.publish(label=label)
    sqlite_bench.say(frame.index[:100], certain(np.zeros(100, int)), horizon_bars=5, basis="derived")
    outcomes.mature(sqlite_bench.registry)
    found = matured.read(sqlite_bench.database, KEY, horizon="1W")
    wanted = LabelSpec(5, "fixed", fixed_threshold=0.01 * 5**0.5)
    np.testing.assert_array_equal(found.y, labels.label(frame, wanted).iloc[:100].astype(int))
    assert len(matured.read(sqlite_bench.database, KEY)) == 0  # nothing at the trained horizon


def test_only_what_is_due_matures_and_a_second_look_changes_nothing(bench):
    ready(bench, n_said=10)
    (first,) = outcomes.mature(bench.registry)
    before = rows(bench)
    (second,) = outcomes.mature(bench.registry)
    assert (first.matured, first.pending) == (9, 1)
    assert (second.matured, second.restated, second.void, second.pending) == (0, 0, 0, 1)
    assert rows(bench) == before
    assert {row.state for row in before} == {"matured"}


def test_a_horizon_past_the_last_bar_is_pending_until_the_bar_comes(bench):
    frame = ready(bench, n_bars=60, n_said=3, label=LabelSpec(5))
    (before,) = outcomes.mature(bench.registry)
    bench.prices.frames[KEY] = walk(63)
    (after,) = outcomes.mature(bench.registry)
    assert (before.matured, before.pending) == (0, 3)
    assert (after.matured, after.pending) == (1, 2)
    assert rows(bench)[0].target_at == pd.Timestamp(walk(63).index[-1]).to_pydatetime()
    counted = matured.counts(bench.database, KEY)[Kind.LIVE]
    assert (counted.pending, counted.matured, counted.void) == (2, 1, 0)
    assert frame.index[-3] in [pd.Timestamp(time, tz="UTC") for time in matured.read(bench.database, KEY).as_of]


def test_a_restated_price_makes_a_new_revision_and_the_newest_counts(bench):
    frame = ready(bench, n_said=5)
    outcomes.mature(bench.registry)
    restated = frame.copy()
    restated.loc[restated.index[-1], ["open", "high", "low", "close"]] *= 0.8
    bench.prices.frames[KEY] = restated
    (report,) = outcomes.mature(bench.registry)
    assert (report.matured, report.restated) == (0, 1)
    newest = [row for row in rows(bench) if row.revision == 2]
    assert [(row.label, row.detail) for row in newest] == [("BEARISH", "the bars or the label were restated")]
    found = matured.read(bench.database, KEY)
    assert len(found) == 4
    assert found.y[-1] == labels.BEARISH
    assert outcomes.mature(bench.registry)[0].restated == 0


def test_scaling_every_price_as_a_dividend_does_restates_nothing(sqlite_bench):
    frame = ready(sqlite_bench, n_said=5)
    outcomes.mature(sqlite_bench.registry)
    scaled = frame.copy()
    scaled[["open", "high", "low", "close"]] *= 0.97
    sqlite_bench.prices.frames[KEY] = scaled
    assert outcomes.mature(sqlite_bench.registry)[0].restated == 0


def test_a_bar_that_vanishes_voids_its_forecast_and_brings_it_back_when_it_returns(bench):
    frame = ready(bench, n_said=5)
    outcomes.mature(bench.registry)
    bench.prices.frames[KEY] = frame.drop(frame.index[-3])
    (gone,) = outcomes.mature(bench.registry)
    assert gone.void == 1
    assert len(matured.read(bench.database, KEY)) == 3
    assert matured.counts(bench.database, KEY)[Kind.LIVE].void == 1
    bench.prices.frames[KEY] = frame
    assert outcomes.mature(bench.registry)[0].restated >= 1
    assert len(matured.read(bench.database, KEY)) == 4


def test_the_horizon_counts_the_bars_that_are_there(sqlite_bench):
    frame = walk(60)
    gapped = frame.drop(frame.index[41:45])  # an exchange closed for four days
    sqlite_bench.prices.frames[KEY] = gapped
    sqlite_bench.publish()
    sqlite_bench.say([frame.index[40]], certain(np.array([1])))
    outcomes.mature(sqlite_bench.registry)
    (row,) = rows(sqlite_bench)
    assert row.target_at == frame.index[45].to_pydatetime()
    assert row.price_to == pytest.approx(frame["close"].iloc[45])


def test_what_cannot_be_known_is_void_with_the_reason_and_never_neutral(bench):
    frame = walk(60)
    bench.prices.frames[KEY] = frame.iloc[5:]
    bench.publish()
    bench.say([frame.index[2], frame.index[10]], certain(np.array([1, 1])))
    (report,) = outcomes.mature(bench.registry)
    assert (report.void, report.matured) == (2, 0)
    told = {row.detail for row in rows(bench)}
    assert told == {
        "the bars begin after the bar it was made at",
        "there are too few bars before it to know its threshold",
    }
    assert {row.label for row in rows(bench)} == {None}


def test_a_shorter_history_takes_nothing_back(sqlite_bench):
    frame = ready(sqlite_bench, n_said=5)
    outcomes.mature(sqlite_bench.registry)
    for shorter in (frame.iloc[-2:], frame.iloc[:-3]):
        sqlite_bench.prices.frames[KEY] = shorter
        (report,) = outcomes.mature(sqlite_bench.registry)
        assert (report.void, report.restated, report.matured) == (0, 0, 0)
    assert len(matured.read(sqlite_bench.database, KEY)) == 4


def test_forecasts_without_bars_stay_pending_and_say_why(bench):
    ready(bench)
    bench.prices.frames.clear()
    (report,) = outcomes.mature(bench.registry)
    assert (report.matured, report.void) == (0, 0)
    assert "there is no AAPL/d1" in report.problem
    assert rows(bench) == []


def test_a_version_without_a_label_is_scored_by_nobody(bench):
    ready(bench, label=None)
    (report,) = outcomes.mature(bench.registry)
    assert (report.no_label, report.matured, report.pending) == (10, 0, 0)
    assert rows(bench) == []


def test_one_key_without_bars_does_not_stop_the_others(sqlite_bench):
    ready(sqlite_bench)
    lost = Key("IBM", "d1")
    sqlite_bench.publish(key=lost)
    sqlite_bench.say([walk(60).index[-5]], certain(np.array([0])), key=lost)
    found = {report.key: report for report in outcomes.mature(sqlite_bench.registry)}
    assert found[KEY].matured == 9
    assert found[lost].problem


def test_two_jobs_at_once_score_everything_once(bench):
    ready(bench, n_bars=400, n_said=300)
    reports = []
    start = threading.Barrier(4)

    def job():
        start.wait()
        reports.extend(outcomes.mature(bench.registry))

    jobs = [threading.Thread(target=job) for _ in range(4)]
    for one in jobs:
        one.start()
    for one in jobs:
        one.join()
    assert sum(report.matured for report in reports) == 299
    assert len(rows(bench)) == 299
    assert {row.revision for row in rows(bench)} == {1}


def test_a_clock_that_runs_backwards_changes_no_outcome(sqlite_bench):
    ready(sqlite_bench)
    sqlite_bench.clock.now = sqlite_bench.clock.now.replace(year=1999)
    (report,) = outcomes.mature(sqlite_bench.registry)
    assert (report.matured, report.pending) == (9, 1)
