"""Drift: bands with evidence for one key and the fleet, daily metrics that depend on nothing but log and outcomes."""

import threading

import numpy as np
import pytest
from sqlalchemy import delete, select
from tests.forecast_bench import KEY, certain, walk

from ensemble_desk.database.tables.registry_tables import drift_monitoring as table
from ensemble_desk.errors import UnknownKeyError
from ensemble_desk.evaluation import intervals
from ensemble_desk.forecasting import matured, outcomes
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.market import labels
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.monitoring import daily, drift, refreshing
from ensemble_desk.monitoring.evidence import lacks
from ensemble_desk.monitoring.evidence.bands import Band, Evidence, Policy, Recommendation, Trend
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.moves import promotion as moves
from ensemble_desk.registry.moves import quarantine

OLGA = Actor("olga", Role.OPERATOR)
GUIDE = (
    "symbol", "timeframe", "date", "accuracy", "n_predictions", "baseline_accuracy", "drift_margin", "drift_detected",
    "status", "trend", "recommendation",
)  # fmt: skip


def said(bench, share_right, *, n=100, key=KEY, version="20200701", kind=Kind.LIVE, begin=30, seed=1, **published):
    """A version whose forecasts are right this often, evenly spread."""
    frame = walk(400)
    bench.prices.frames[key] = frame
    if published.pop("publish", True):
        bench.publish(version, key=key, **published)
    truth = labels.label(frame, LabelSpec(1)).iloc[begin : begin + n].astype(int).to_numpy()
    right = np.random.default_rng(seed).permutation(np.arange(n) < round(share_right * n))
    calls = np.where(right, truth, (truth + 1) % 3)
    bench.say(frame.index[begin : begin + n], certain(calls), key=key, version=version, kind=kind)
    outcomes.mature(bench.registry, [key])
    return frame


def stored(bench):
    with bench.database.reading() as connection:
        found = connection.execute(select(table).order_by(table.c.symbol_id, table.c.timeframe, table.c.date)).all()
    return [tuple(row)[1:] for row in found]


def test_a_version_that_keeps_its_promise_operates_normally(bench):
    frame = said(bench, 0.47)
    found = drift.state(bench.registry, KEY)
    assert (found.version, found.kinds, found.horizon) == ("20200701", (Kind.LIVE,), "1D")
    assert (found.band, found.evidence) == (Band.OK, Evidence.UNCONFIRMED)
    assert found.recommendation is Recommendation.OPERATING_NORMALLY
    assert found.as_of == frame.index[130].to_pydatetime()
    assert (found.live.n, found.overall.n, found.overall.value) == (60, 100, 0.47)
    assert found.margin == pytest.approx(found.live.value - 0.45)
    assert not found.confirmed
    assert len(found.sparkline) == 60
    assert found.problem == ""


def test_a_version_that_fell_far_is_an_alert_with_the_evidence(bench):
    said(bench, 0.15)
    found = drift.state(bench.registry, KEY)
    assert (found.band, found.evidence, found.confirmed) == (Band.EMERGENCY, Evidence.CONFIRMED, True)
    assert found.recommendation is Recommendation.RETRAIN_NOW
    assert found.stands
    assert found.e_value >= 20
    assert found.alarm_at is not None
    assert drift.fleet(bench.registry).alerts == (found,)
    followed = drift.path(bench.registry, KEY, version="20200701")
    assert followed.values[-1] == pytest.approx(found.e_value)
    first = np.flatnonzero(followed.values >= followed.alarm_line)[0]
    assert followed.times[first] == np.datetime64(found.alarm_at.replace(tzinfo=None))
    assert followed.null == pytest.approx(intervals.wilson_limits(0.45, found.baseline.n_eff, confidence=0.68)[0])
    assert found.since is not None
    assert found.live.n + np.searchsorted(followed.times, np.datetime64(found.since.replace(tzinfo=None)), "right") in {
        100, 101
    }  # fmt: skip


def test_a_fall_that_few_outcomes_show_is_not_confirmed_and_says_what_would_settle_it(sqlite_bench):
    said(sqlite_bench, 0.2, n=10)
    found = drift.state(sqlite_bench.registry, KEY)
    assert (found.band, found.evidence, found.confirmed) == (Band.EMERGENCY, Evidence.INSUFFICIENT, False)
    assert found.recommendation is Recommendation.MONITOR_CLOSELY
    assert 5 < found.more_outcomes < 40


def test_three_outcomes_say_nothing(sqlite_bench):
    said(sqlite_bench, 0.0, n=3)
    found = drift.state(sqlite_bench.registry, KEY)
    assert (found.band, found.evidence, found.trend) == (
        Band.NOT_MEASURED,
        Evidence.INSUFFICIENT,
        Trend.INSUFFICIENT_DATA,
    )
    assert found.recommendation is Recommendation.MEASURE_FIRST
    assert found.problem == lacks.TOO_FEW
    assert found.remedy.startswith("desk replay")


def test_the_guides_dictionary_stands_first_and_is_json(sqlite_bench):
    import json

    said(sqlite_bench, 0.15)
    told = drift.status(sqlite_bench.registry, KEY)
    assert tuple(told)[: len(GUIDE)] == GUIDE
    assert (told["drift_detected"], told["status"], told["recommendation"]) == (True, "EMERGENCY", "retrain_now")
    assert told["kinds"] == ["live"]
    assert json.loads(json.dumps(told, allow_nan=False)) == told


@pytest.mark.parametrize(
    ("published", "problem"),
    [({"label": None}, lacks.NO_LABEL), ({"accuracy": None}, lacks.NO_ACCURACY)],
    ids=["no label", "no accuracy"],
)
def test_what_cannot_be_judged_says_why_and_is_json(sqlite_bench, published, problem):
    import json

    said(sqlite_bench, 0.1, **published)
    found = drift.state(sqlite_bench.registry, KEY)
    assert (found.band, found.problem, found.confirmed) == (Band.NOT_MEASURED, problem, False)
    json.dumps(drift.told(found), allow_nan=False)


def test_a_plain_versions_accuracy_without_rows_confirms_nothing(sqlite_bench):
    said(sqlite_bench, 0.1, evaluation={})
    found = drift.state(sqlite_bench.registry, KEY)
    assert (found.band, found.evidence) == (Band.EMERGENCY, Evidence.UNCONFIRMED)


def test_keys_without_forecasts_without_versions_and_unknown_ones(sqlite_bench):
    sqlite_bench.prices.frames[KEY] = walk(60)
    sqlite_bench.publish()
    assert drift.state(sqlite_bench.registry, KEY).problem == lacks.NO_OUTCOMES
    quarantine.quarantine(sqlite_bench.registry, KEY, "20200701", actor=OLGA, reason="bad feed")
    assert drift.state(sqlite_bench.registry, KEY).version is None
    assert drift.fleet(sqlite_bench.registry).states == ()
    with pytest.raises(UnknownKeyError):
        drift.state(sqlite_bench.registry, Key("NOPE", "d1"))


def test_the_fleet_is_ranked_by_evidence_not_by_noise(bench):
    shares = {"CALM": 0.45, "FELL": 0.1, "FEW": 0.0}
    for symbol, share in shares.items():
        said(bench, share, key=Key(symbol, "d1"), n=8 if symbol == "FEW" else 100)
    found = drift.fleet(bench.registry)
    assert [one.key.symbol for one in found.states] == ["FELL", "FEW", "CALM"]
    assert [one.key.symbol for one in found.alerts] == ["FELL"]
    for one in found.states:
        assert drift.state(bench.registry, one.key) == one


def test_an_alarm_alone_in_a_large_fleet_need_not_stand(sqlite_bench):
    said(sqlite_bench, 0.19, n=60)
    alone = drift.state(sqlite_bench.registry, KEY)
    assert 20 <= alone.e_value < 20 * 25
    assert alone.stands
    for number in range(24):
        sqlite_bench.publish(key=Key(f"S{number}", "d1"))
    among_many = drift.state(sqlite_bench.registry, KEY)
    assert (among_many.confirmed, among_many.rings_alone) == (False, True)
    assert (among_many.evidence, among_many.recommendation) == (
        Evidence.UNCONFIRMED, Recommendation.MONITOR_CLOSELY
    )  # fmt: skip
    assert drift.fleet(sqlite_bench.registry).alerts == ()


def test_live_outcomes_are_judged_without_the_replayed_ones(sqlite_bench):
    said(sqlite_bench, 0.1, kind=Kind.REPLAY)
    assert drift.state(sqlite_bench.registry, KEY).kinds == (Kind.REPLAY,)
    said(sqlite_bench, 0.5, n=30, begin=200, publish=False)
    found = drift.state(sqlite_bench.registry, KEY)
    assert (found.kinds, found.overall.n, found.confirmed) == ((Kind.LIVE,), 30, False)
    replayed = drift.state(sqlite_bench.registry, KEY, kinds=[Kind.REPLAY])
    assert (replayed.kinds, replayed.overall.n, replayed.confirmed) == ((Kind.REPLAY,), 100, True)


def test_after_a_move_only_what_moved_is_read_and_the_answer_is_the_fleets(bench, monkeypatch):
    for symbol, share in {"CALM": 0.45, "FELL": 0.1}.items():
        said(bench, share, key=Key(symbol, "d1"))
    said(bench, 0.3, key=Key("FELL", "d1"), version="20200702", begin=150)
    before = drift.fleet(bench.registry)
    moves.promote(bench.registry, Key("FELL", "d1"), to="20200701", expected=None, actor=OLGA, reason="calmer")
    asked, read = [], matured.read
    monkeypatch.setattr(matured, "read", lambda *given, **more: asked.append(more["version"]) or read(*given, **more))
    after = refreshing.after_moves(bench.registry, before)
    assert asked == ["20200701"]
    assert after == drift.fleet(bench.registry) != before


def test_the_policy_is_what_the_settings_say_or_the_caller(sqlite_bench):
    said(sqlite_bench, 0.42)
    wide = drift.state(sqlite_bench.registry, KEY, policy=Policy(window_n_eff=100))
    assert (wide.live.n, wide.band) == (100, Band.OK)
    strict = Policy(monitor_points=1, drift_points=2, emergency_points=3, window_n_eff=100)
    assert drift.state(sqlite_bench.registry, KEY, policy=strict).band is Band.EMERGENCY


def test_daily_metrics_are_the_history_with_the_columns_of_the_contract(bench):
    said(bench, 0.15)
    assert daily.record(bench.registry) == 100
    history = daily.history(bench.registry, KEY)
    rows = stored(bench)
    assert len(history) == len(rows) == 100
    assert [row[2] for row in rows] == history.days.astype(object).tolist()
    assert [row[3] for row in rows] == pytest.approx(history.accuracy.tolist())
    assert [row[4] for row in rows] == history.n.tolist()
    assert {row[5] for row in rows} == {0.45}
    assert [row[6] for row in rows] == pytest.approx(history.margin.tolist())
    assert [row[7] for row in rows] == history.detected.tolist()
    state = drift.state(bench.registry, KEY)
    assert (history.band[-1], history.evidence[-1], history.detected[-1]) == (state.band, state.evidence, True)
    assert history.e_value[-1] == pytest.approx(state.e_value)
    assert not history.detected[:19].any()


def test_run_twice_or_anew_the_verdicts_are_the_same(bench):
    said(bench, 0.15)
    daily.record(bench.registry)
    first = stored(bench)
    assert daily.record(bench.registry) == 0
    with bench.database.writing() as connection:
        connection.execute(delete(table))
    assert daily.record(bench.registry) == 100
    assert stored(bench) == first


def test_two_jobs_at_once_write_the_same_rows(bench):
    said(bench, 0.3)
    start = threading.Barrier(3)

    def job():
        start.wait()
        daily.record(bench.registry)

    jobs = [threading.Thread(target=job) for _ in range(3)]
    for one in jobs:
        one.start()
    for one in jobs:
        one.join()
    assert len(stored(bench)) == 100
    assert daily.record(bench.registry) == 0


def test_days_that_lost_their_outcomes_lose_their_row(sqlite_bench):
    frame = said(sqlite_bench, 0.3)
    daily.record(sqlite_bench.registry)
    sqlite_bench.prices.frames[KEY] = frame.drop(frame.index[60])
    outcomes.mature(sqlite_bench.registry)
    assert daily.record(sqlite_bench.registry) > 0
    assert frame.index[60].date() not in [row[2] for row in stored(sqlite_bench)]
    assert len(stored(sqlite_bench)) == 99


def test_each_day_is_told_by_its_version_and_live_goes_before_replay(sqlite_bench):
    said(sqlite_bench, 0.3, n=20, kind=Kind.REPLAY)
    said(sqlite_bench, 0.5, n=20, begin=45, version="20200702", accuracy=0.5)
    said(sqlite_bench, 0.5, n=5, begin=48, publish=False)
    found = daily.history(sqlite_bench.registry, KEY)
    assert list(dict.fromkeys(zip(found.version, found.kind, strict=True))) == [
        ("20200701", Kind.REPLAY), ("20200702", Kind.LIVE), ("20200701", Kind.LIVE)
    ]  # fmt: skip
    assert found.n.max() == 20
    assert set(found.baseline.tolist()) == {0.45, 0.5}
    assert daily.history(sqlite_bench.registry, KEY, kinds=[Kind.REPLAY]).kind == (Kind.REPLAY,) * 20


def test_a_history_of_nothing_is_empty(sqlite_bench):
    sqlite_bench.publish()
    assert len(daily.history(sqlite_bench.registry, KEY)) == 0
    assert daily.record(sqlite_bench.registry, [KEY]) == 0


def test_an_unknown_baseline_is_null_in_the_table(sqlite_bench):
    said(sqlite_bench, 0.3, accuracy=None)
    daily.record(sqlite_bench.registry)
    assert {row[5:] for row in stored(sqlite_bench)} == {(None, None, False)}
