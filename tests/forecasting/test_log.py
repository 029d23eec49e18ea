"""The log: append-only, one row for each version, bar and horizon, live and replayed told apart."""

import threading

import numpy as np
import pytest
from sqlalchemy import func, select
from tests.forecast_bench import KEY, certain, walk

from ensemble_desk.database.tables.registry_tables import forecasts as table
from ensemble_desk.errors import AllMembersAbstainedError, NotTrainedError, UnknownKeyError
from ensemble_desk.forecasting import log, matured, outcomes, production
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.market import labels
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.registry.ledger import production as pointers


def count(bench):
    with bench.database.reading() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_what_was_said_first_counts_whatever_its_kind(bench):
    bench.publish()
    times = walk(30).index
    assert bench.say(times, certain(np.zeros(30, int)), kind=Kind.REPLAY) == 30
    assert bench.say(times, certain(np.ones(30, int)), kind=Kind.LIVE) == 0
    assert bench.say(times, certain(np.ones(30, int)), version="20200702") == 30
    assert bench.say(times, certain(np.ones(30, int)), horizon_bars=5, basis="derived") == 30
    assert count(bench) == 90
    with bench.database.reading() as connection:
        first = connection.execute(select(table.c.label, table.c.kind).order_by(table.c.id).limit(1)).one()
    assert tuple(first) == ("BEARISH", "replay")
    assert log.keys(bench.database) == (KEY,)
    assert log.newest_id(bench.database) >= 90


def test_two_programs_at_once_log_everything_once(bench):
    times = walk(200).index
    start, new = threading.Barrier(4), []

    def job():
        start.wait()
        new.append(bench.say(times, certain(np.zeros(200, int))))

    jobs = [threading.Thread(target=job) for _ in range(4)]
    for one in jobs:
        one.start()
    for one in jobs:
        one.join()
    assert sum(new) == count(bench) == 200


def test_production_is_logged_as_live_with_all_that_it_was_made_from(bench):
    frame = walk(400)
    bench.prices.frames[KEY] = frame
    record = bench.publish()
    done = production.forecast(bench.registry, KEY)
    assert (done.n_logged, done.pointer_revision) == (3, pointers.read(bench.registry, KEY).revision)
    with bench.database.reading() as connection:
        found = connection.execute(select(table).order_by(table.c.horizon_bars)).all()
    assert [(row.horizon, row.horizon_bars, row.basis) for row in found] == [
        ("1D", 1, "trained"), ("1W", 5, "derived"), ("1M", 21, "derived")
    ]  # fmt: skip
    for row, told in zip(found, done.forecast.forecasts.values(), strict=True):
        assert (row.kind, row.version, row.sha256) == ("live", "20200701", record.sha256)
        assert (row.as_of, row.target_at) == (frame.index[-1].to_pydatetime(), None)
        assert (row.label, row.confidence) == (told.label, told.confidence)
        assert [row.p_bearish, row.p_neutral, row.p_bullish] == list(told.probabilities.values())
        assert row.members == {"arima_garch": list(told.members["arima_garch"])}
        assert row.weights_used == {"arima_garch": 1.0}
        assert row.created_at == bench.clock.now
    assert production.forecast(bench.registry, KEY).n_logged == 0
    assert outcomes.mature(bench.registry)[0].pending == 3


def test_a_forecast_that_is_not_kept_leaves_no_trace(sqlite_bench):
    sqlite_bench.prices.frames[KEY] = walk(400)
    sqlite_bench.publish()
    assert production.forecast(sqlite_bench.registry, KEY, keep=False).n_logged == 0
    assert count(sqlite_bench) == 0


def test_nobody_to_ask_is_an_error_and_no_row(sqlite_bench):
    sqlite_bench.prices.frames[KEY] = walk(400)
    with pytest.raises(UnknownKeyError):
        production.forecast(sqlite_bench.registry, KEY)
    record = sqlite_bench.publish()
    (sqlite_bench.registry.store.folder / record.file_name).unlink()
    from ensemble_desk.registry.folder import sync

    sync.synchronise(sqlite_bench.registry)
    with pytest.raises(NotTrainedError):
        production.forecast(sqlite_bench.registry, KEY)
    assert count(sqlite_bench) == 0


def test_when_every_member_abstains_there_is_no_forecast_and_no_neutral(sqlite_bench):
    sqlite_bench.prices.frames[KEY] = walk(50)  # the price member needs a hundred bars to settle
    sqlite_bench.publish()
    with pytest.raises(AllMembersAbstainedError):
        production.forecast(sqlite_bench.registry, KEY)
    assert count(sqlite_bench) == 0


def test_live_and_replay_are_never_mixed_silently(bench):
    frame = walk(60)
    bench.prices.frames[KEY] = frame
    bench.publish()
    bench.say(frame.index[30:50], certain(np.zeros(20, int)), kind=Kind.REPLAY)
    outcomes.mature(bench.registry)
    only_replayed = matured.read(bench.database, KEY)
    assert only_replayed.of_kinds(None).kinds == (Kind.REPLAY,)
    bench.say(frame.index[50:55], certain(np.zeros(5, int)), kind=Kind.LIVE)
    outcomes.mature(bench.registry)
    found = matured.read(bench.database, KEY)
    assert found.of_kinds(None).kinds == (Kind.LIVE,)
    assert len(found.of_kinds(None)) == 5
    assert len(found.of_kinds([Kind.REPLAY])) == 20
    assert found.of_kinds([Kind.LIVE, Kind.REPLAY]).kinds == (Kind.LIVE, Kind.REPLAY)
    counted = matured.counts(bench.database, KEY)
    assert (counted[Kind.LIVE].matured, counted[Kind.REPLAY].matured) == (5, 20)


def test_matured_rows_come_in_the_order_of_bars_with_what_each_member_said(bench):
    frame = walk(60)
    bench.prices.frames[KEY] = frame
    bench.publish()
    truth = labels.label(frame, LabelSpec(1)).iloc[30:50].astype(int).to_numpy()
    votes = {"arima_garch": certain(truth), "rf": certain(np.zeros(20, int), confidence=0.5)}
    backwards = slice(None, None, -1)
    bench.say(
        list(frame.index[30:50])[backwards],
        certain(truth)[backwards],
        members={name: p[backwards] for name, p in votes.items()},
    )
    bench.say([frame.index[50]], certain(np.array([0])), members={"gb": certain(np.array([1]))})
    outcomes.mature(bench.registry)
    found = matured.read(bench.database, KEY)
    np.testing.assert_array_equal(found.as_of, frame.index[30:51].tz_localize(None).to_numpy())
    np.testing.assert_array_equal(found.target, frame.index[31:52].tz_localize(None).to_numpy())
    told = matured.members(bench.database, KEY, found)
    assert set(told) == {"arima_garch", "rf", "gb"}
    np.testing.assert_allclose(told["rf"][:20], votes["rf"])
    assert np.isnan(told["rf"][20]).all()
    assert np.isnan(told["gb"][:20]).all()
    assert matured.members(bench.database, KEY, found.take(slice(0))) == {}


def test_where_two_versions_spoke_about_a_bar_the_newest_word_counts_for_the_key(sqlite_bench):
    frame = walk(60)
    sqlite_bench.prices.frames[KEY] = frame
    sqlite_bench.publish("20200701")
    sqlite_bench.publish("20200702")
    sqlite_bench.say(frame.index[30:40], certain(np.zeros(10, int)), version="20200701")
    sqlite_bench.say(frame.index[35:40], certain(np.full(5, 2)), version="20200702")
    outcomes.mature(sqlite_bench.registry)
    found = matured.read(sqlite_bench.database, KEY)
    assert len(found) == 15
    one = found.one_a_bar()
    assert [one.versions[number] for number in one.version] == ["20200701"] * 5 + ["20200702"] * 5


def test_keys_of_every_spelling_keep_apart(sqlite_bench):
    keys = [Key("BTC/USD", "d1"), Key("A_B", "h4"), Key("^GSPC", "w1")]
    for key in keys:
        sqlite_bench.say([walk(5).index[0]], certain(np.array([0])), key=key)
    assert log.keys(sqlite_bench.database) == tuple(sorted(keys))


def test_many_at_once_are_stored_as_few_are(bench):
    times = walk(700).index
    said = certain(np.arange(700) % 3, confidence=1 / 3 + 0.1)
    assert bench.say(times[:40], said[:40], version="20200701") == 40
    assert bench.say(times, said, version="20200701") == 660
    for first in range(0, 700, 100):
        bench.say(times[first : first + 100], said[first : first + 100], version="20200702")
    apart = [column for column in table.c if column.name not in ("id", "version")]
    with bench.database.reading() as connection:
        whole, parts = (
            connection.execute(select(*apart).where(table.c.version == name).order_by(table.c.id)).all()
            for name in ("20200701", "20200702")
        )
    assert whole == parts
    assert len(whole) == 700
