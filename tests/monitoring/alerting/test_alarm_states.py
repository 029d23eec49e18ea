"""The stored alarm goes on by what is new, and is what the log says after a loss, a revision and a race."""

import threading

import numpy as np
import pytest
from sqlalchemy import delete, select
from tests.forecast_bench import KEY, certain, walk

from ensemble_desk.database.tables.monitoring_tables import alarm_states as table
from ensemble_desk.forecasting import outcomes
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.market import labels
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.monitoring import drift
from ensemble_desk.monitoring.alerting import alarm_states


def said(bench, share_right, *, first=30, n=60, key=KEY, version="20200701", kind=Kind.LIVE, bars=400, seed=1):
    """Forecasts that are right this often; bars come in as told, so that later ones are pending."""
    frame = walk(400)
    bench.prices.frames[key] = frame.iloc[:bars]
    truth = labels.label(frame, LabelSpec(1)).iloc[first : first + n].astype(int).to_numpy()
    right = np.random.default_rng(seed).random(n) < share_right
    bench.say(frame.index[first : first + n], certain(np.where(right, truth, (truth + 1) % 3)), key=key,
              version=version, kind=kind)  # fmt: skip
    outcomes.mature(bench.registry, [key])


def step(bench):
    return {one.key: one for one in alarm_states.bring_up_to_date(bench.registry)}


def stored(bench):
    with bench.database.reading() as connection:
        return [tuple(row) for row in connection.execute(select(table).order_by(table.c.symbol_id))]


def lose(bench):
    with bench.database.writing() as connection:
        connection.execute(delete(table))


def agree(bench):
    """The step says of every key what the fleet says from the whole log."""
    fleet = {one.key: one for one in drift.fleet(bench.registry).states}
    for key, one in step(bench).items():
        assert (one.e_value, one.rings, one.stands) == (fleet[key].e_value, fleet[key].rings, fleet[key].stands)


def test_each_look_takes_in_only_what_is_new(bench):
    bench.publish()
    said(bench, 0.2, n=100, bars=91)
    first = step(bench)[KEY]
    assert (first.n, first.n_new, first.kind) == (60, 60, Kind.LIVE)
    assert step(bench)[KEY].n_new == 0
    bench.prices.frames[KEY] = walk(400)
    outcomes.mature(bench.registry)
    second = step(bench)[KEY]
    assert (second.n, second.n_new) == (100, 40)
    agree(bench)


def test_a_lost_state_is_made_anew_to_the_last_bit(bench):
    bench.publish()
    for bars in (70, 71, 72, 90, 131):
        said(bench, 0.3, n=100, bars=bars)
        step(bench)
    before = stored(bench)
    lose(bench)
    assert step(bench)[KEY].n_new == 100
    assert stored(bench) == before
    agree(bench)


def test_a_restated_price_takes_its_step_back(bench):
    bench.publish()
    said(bench, 0.3, n=100)
    before = step(bench)[KEY]
    restated = walk(400)
    restated.loc[restated.index[60:], ["open", "high", "low", "close"]] *= 1.2
    bench.prices.frames[KEY] = restated
    assert outcomes.mature(bench.registry)[0].restated > 0
    after = step(bench)[KEY]
    assert after.n_new == after.n
    assert after.e_value != before.e_value
    agree(bench)
    kept = stored(bench)
    lose(bench)
    step(bench)
    assert stored(bench) == kept


def test_an_outcome_of_an_earlier_bar_makes_it_anew(sqlite_bench):
    sqlite_bench.publish()
    said(sqlite_bench, 0.3, first=60)
    step(sqlite_bench)
    said(sqlite_bench, 0.3, first=40, n=10)
    assert step(sqlite_bench)[KEY].n_new == 70
    agree(sqlite_bench)


def test_the_first_live_outcome_replaces_the_replayed_ones(sqlite_bench):
    sqlite_bench.publish()
    said(sqlite_bench, 0.3, kind=Kind.REPLAY)
    assert step(sqlite_bench)[KEY].kind is Kind.REPLAY
    said(sqlite_bench, 0.3, first=120, n=5)
    found = step(sqlite_bench)[KEY]
    assert (found.kind, found.n) == (Kind.LIVE, 5)
    agree(sqlite_bench)


def test_another_version_begins_anew(sqlite_bench):
    sqlite_bench.publish()
    said(sqlite_bench, 0.1)
    step(sqlite_bench)
    sqlite_bench.publish("20200702")
    found = step(sqlite_bench)[KEY]
    assert (found.version, found.n, found.e_value, found.rings) == ("20200702", 0, 1.0, False)
    said(sqlite_bench, 0.4, version="20200702", first=100, n=20)
    assert step(sqlite_bench)[KEY].n == 20
    agree(sqlite_bench)


def test_across_a_fleet_only_alarms_that_stand_are_told(sqlite_bench):
    for number, share in enumerate((0.0, 0.45, 0.3)):
        key = Key(f"S{number}", "d1")
        sqlite_bench.publish(key=key)
        said(sqlite_bench, share, key=key)
    found = alarm_states.bring_up_to_date(sqlite_bench.registry)
    assert [one.key.symbol for one in found if one.stands] == ["S0"]
    agree(sqlite_bench)


@pytest.mark.parametrize("published", [{"accuracy": None}, {"evaluation": {}}])
def test_what_defends_nothing_never_rings(sqlite_bench, published):
    sqlite_bench.publish(**published)
    said(sqlite_bench, 0.0)
    assert not step(sqlite_bench)[KEY].rings


def test_two_jobs_at_once_end_in_the_same_state(bench):
    bench.publish()
    said(bench, 0.3, n=100)
    start, wrong = threading.Barrier(3), []

    def job():
        start.wait()
        try:
            step(bench)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test must hear of it
            wrong.append(error)

    jobs = [threading.Thread(target=job) for _ in range(3)]
    for one in jobs:
        one.start()
    for one in jobs:
        one.join()
    assert wrong == []
    agree(bench)
