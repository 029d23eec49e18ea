"""What is kept of drift: the same as the log tells anew, and made anew as soon as anything it hangs on changes."""

import numpy as np
import pytest
from sqlalchemy import delete, func, select
from tests.forecast_bench import KEY, certain, walk

from ensemble_desk.database.tables.registry_tables import drift_monitoring, kept_drift
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
