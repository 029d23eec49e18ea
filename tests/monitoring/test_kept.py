"""What is kept of drift: the same as the log tells anew, and made anew as soon as anything it hangs on changes."""

import numpy as np
import pytest
from sqlalchemy import delete, func, select
from tests.forecast_bench import KEY, certain, walk

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.database.tables.registry_tables import daily_digests, drift_monitoring, kept_drift
from ensemble_desk.database.tables.registry_tables import forecasts as forecast_table
from ensemble_desk.database.tables.registry_tables import outcomes as outcome_table
from ensemble_desk.forecasting import matured, outcomes
from ensemble_desk.market import labels
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.monitoring import daily, drift
from ensemble_desk.monitoring.evidence.bands import Policy

OTHER, SILENT = Key("IBM", "d1"), Key("MSFT", "d1")
FRAME = walk(400)


def more(bench, first, last, *, seed):
    """Forecasts of two keys at some bars, with what came of them."""
    truth = labels.label(FRAME, LabelSpec(1)).iloc[first:last].astype(int).to_numpy()
    generator = np.random.default_rng(seed)
    for key, share in ((KEY, 0.5), (OTHER, 0.1)):
        calls = np.where(generator.random(len(truth)) < share, truth, (truth + 1) % 3)
        bench.say(FRAME.index[first:last], certain(calls), key=key)
    outcomes.mature(bench.registry)


@pytest.fixture
def watched(bench):
    for key in (KEY, OTHER, SILENT):
        bench.prices.frames[key] = FRAME
        bench.publish(key=key, usual_rates=None)
    more(bench, 30, 200, seed=1)
    return bench


def anew(bench):
    """The fleet as the log alone tells it, as text: what is not known equals itself there."""
    with bench.database.writing() as connection:
        connection.execute(delete(kept_drift))
    return repr(drift.fleet(bench.registry))


def test_what_was_kept_is_what_the_log_tells_to_the_last_bit(watched, monkeypatch):
    told = drift.fleet(watched.registry, keep=True)
    for step in range(3):
        more(watched, 200 + 20 * step, 220 + 20 * step, seed=step)
        drift.fleet(watched.registry, keep=True)
    read = matured.read
    monkeypatch.setattr(
        matured, "read", lambda _, key, **__: pytest.fail(str(key)) if key != SILENT else read(_, key, **__)
    )
    kept = repr(drift.fleet(watched.registry))
    monkeypatch.undo()
    assert kept == anew(watched) != repr(told)
    assert [one.key for one in told.alerts] == [OTHER]


def test_another_policy_or_version_is_judged_anew(watched):
    drift.fleet(watched.registry, keep=True)
    strict = Policy(alarm_e_value=1e300)
    assert not drift.fleet(watched.registry, policy=strict, keep=True).alerts
    assert len(drift.fleet(watched.registry).alerts) == 1
    watched.publish("20200702", key=OTHER)
    found = {one.key: one for one in drift.fleet(watched.registry).states}
    assert (found[OTHER].version, found[OTHER].overall.n) == ("20200702", 0)


def test_days_are_written_once_and_again_when_they_are_lost(watched, monkeypatch):
    n_days = daily.record(watched.registry)
    assert n_days == 340
    history = daily.history
    monkeypatch.setattr(daily, "history", lambda *_, **__: pytest.fail("the log was read"))
    assert daily.record(watched.registry) == 0
    monkeypatch.setattr(daily, "history", history)
    table = drift_monitoring
    with watched.database.writing() as connection:
        newest = select(func.max(table.c.date)).scalar_subquery()
        connection.execute(delete(table).where(table.c.date == newest))
    assert daily.record(watched.registry) == 2
    more(watched, 200, 210, seed=5)
    assert daily.record(watched.registry, [KEY]) == 10


def everything(bench):
    """The fleet's states and the days of every key, as text."""
    daily.record(bench.registry)
    states = repr(drift.fleet(bench.registry, keep=True))
    columns = [column for column in drift_monitoring.c if column.name != "id"]
    with bench.database.reading() as connection:
        days = list(connection.execute(select(*columns).order_by(*columns[:3])))
    return states, repr(days)


def from_scratch(bench):
    with bench.database.writing() as connection:
        connection.execute(delete(kept_drift))
        connection.execute(delete(drift_monitoring))
    return everything(bench)


def sums_of(bench):
    wanted = select(kept_drift.c.made).where(kept_drift.c.what == "sums").order_by(kept_drift.c.symbol_id)
    with bench.database.reading() as connection:
        return list(connection.execute(wanted).scalars())


def test_new_outcomes_are_added_to_the_sums_and_the_log_is_not_read(watched, monkeypatch):
    everything(watched)
    read = matured._read
    with monkeypatch.context() as patched:
        patched.setattr(
            matured, "_read", lambda _, key, **of: pytest.fail(str(key)) if key != SILENT else read(_, key, **of)
        )
        for step in range(4):
            more(watched, 200 + step, 201 + step, seed=step)
            told = everything(watched)
        more(watched, 204, 260, seed=9)
        told, kept = everything(watched), sums_of(watched)
    assert told == from_scratch(watched)
    assert sums_of(watched) == kept


def test_a_restated_bar_takes_its_outcomes_back(watched):
    before = everything(watched)
    frame = FRAME.copy()
    frame.loc[frame.index[150], ["open", "high", "low", "close"]] *= 1.5
    for key in (KEY, OTHER, SILENT):
        watched.prices.frames[key] = frame
    assert sum(one.restated for one in outcomes.mature(watched.registry)) > 0
    told = everything(watched)
    assert told == from_scratch(watched)
    assert told != before


@pytest.mark.parametrize("lost", ["sums", "days", "state"])
def test_what_is_lost_is_made_of_the_log_again(watched, lost):
    everything(watched)
    with watched.database.writing() as connection:
        connection.execute(delete(kept_drift).where(kept_drift.c.what == lost))
    more(watched, 200, 203, seed=4)
    told, kept = everything(watched), sums_of(watched)
    assert told == from_scratch(watched)
    assert sums_of(watched) == kept


def test_sums_that_are_ahead_of_the_log_count_for_nothing(watched):
    told = everything(watched)
    ahead = sums_of(watched)
    more(watched, 200, 230, seed=4)
    everything(watched)
    with watched.database.writing() as connection:
        of_later = select(outcome_table.c.id).order_by(outcome_table.c.id.desc()).limit(60)
        last = min(connection.execute(of_later).scalars())
        later = connection.execute(select(outcome_table.c.forecast_id).where(outcome_table.c.id >= last)).scalars()
        numbers = list(later)
        connection.execute(delete(outcome_table).where(outcome_table.c.id >= last))
        connection.execute(delete(forecast_table).where(forecast_table.c.id.in_(numbers)))
        connection.execute(delete(daily_digests).where(daily_digests.c.kind.in_(("outcomes", "forecasts"))))
        for kind in ("forecasts", "outcomes"):
            for symbol_id in connection.execute(select(kept_drift.c.symbol_id).distinct()).scalars().all():
                digests.extend(connection, kind, symbol_id, "d1", at=watched.clock())
    assert everything(watched) == told
    assert sums_of(watched) == ahead


def test_an_earlier_forecast_or_another_version_is_not_added_up(watched):
    everything(watched)
    more(watched, 25, 28, seed=6)
    assert everything(watched) == from_scratch(watched)
    watched.publish("20200702", key=OTHER, usual_rates=None)
    watched.say(FRAME.index[200:205], certain(np.zeros(5, int)), key=OTHER)
    outcomes.mature(watched.registry)
    assert everything(watched) == from_scratch(watched)
    watched.say(FRAME.index[205:208], certain(np.zeros(3, int)), key=OTHER, version="20200702")
    outcomes.mature(watched.registry)
    assert everything(watched) == from_scratch(watched)
