"""What is kept of the log: a change of it is named, and jobs that write meanwhile or round otherwise raise no alarm."""

import json
import threading
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import delete, select, text, update
from tests.forecast_bench import KEY, certain, walk

from ensemble_desk.database.tables.monitoring_tables import alarm_states, kept_drift
from ensemble_desk.database.tables.registry_tables import daily_digests
from ensemble_desk.database.tables.registry_tables import forecasts as forecast_table
from ensemble_desk.database.tables.registry_tables import outcomes as outcome_table
from ensemble_desk.forecasting import outcomes
from ensemble_desk.forecasting.upkeep import exporting
from ensemble_desk.market import labels
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.monitoring import daily, drift
from ensemble_desk.monitoring.alerting import alarm_states as alarms
from ensemble_desk.monitoring.auditing import distances, whole

FRAME = walk(400)


def say(bench, first, last):
    truth = labels.label(FRAME, LabelSpec(1)).iloc[first:last].fillna(0).astype(int).to_numpy()
    calls = np.where(np.random.default_rng(first).random(len(truth)) < 0.3, truth, (truth + 1) % 3)
    bench.say(FRAME.index[first:last], certain(calls), key=KEY)


def work(bench):
    """Do the work of a day."""
    outcomes.mature(bench.registry)
    daily.record(bench.registry)
    drift.fleet(bench.registry, keep=True)
    alarms.bring_up_to_date(bench.registry)


@pytest.fixture
def kept(bench):
    """A key whose last forecast is pending, and everything that is kept of it."""
    bench.prices.frames[KEY] = FRAME
    bench.publish(usual_rates=None)
    say(bench, 330, 400)
    work(bench)
    assert found(bench) == []
    return bench


def found(bench, **more):
    return [one.detail.partition(";")[0] for one in whole.verify(bench.registry, **more) if one.kind == whole.KEPT]


def change(bench, what, how):
    """Change what is kept of one kind, as JSON."""
    where = kept_drift.c.what == what
    with bench.database.writing() as connection:
        made = json.loads(connection.execute(select(kept_drift.c.made).where(where)).scalar_one())
        how(made)
        connection.execute(update(kept_drift).where(where).values(made=json.dumps(made)))


def change_sums(bench, how):
    def inside(made):
        told = json.loads(made["sums"])
        how(told)
        made["sums"] = json.dumps(told)

    change(bench, "sums", inside)


def change_alarm(bench, how):
    with bench.database.writing() as connection:
        state = connection.execute(select(alarm_states.c.state)).scalar_one()
        how(state)
        connection.execute(update(alarm_states).values(state=state))


STATEMENTS = {
    "an alarm's evidence": "UPDATE alarm_states SET e_value = e_value + 9",
    "an alarm that has seen what never was": "UPDATE alarm_states SET outcome_id = outcome_id + 100",
    "an alarm of replays": "UPDATE alarm_states SET kind = 'replay'",
    "a forecast that is hidden": "UPDATE outcome_marks SET since = '2029-01-01 00:00:00', pending = 1",
    "a forecast that is not counted as pending": "UPDATE outcome_marks SET pending = 0",
    "forecasts that nothing scores": "UPDATE outcome_marks SET no_label = 3",
    "a count of forecasts": "UPDATE outcome_marks SET n_forecasts = n_forecasts + 1",
    "a look that has seen what never was": "UPDATE outcome_marks SET forecast_id = forecast_id + 100",
    "what cannot be read": "UPDATE kept_drift SET made = '[' WHERE what = 'sums'",
}
CHANGES = {
    "what is said of it": lambda bench: change(bench, "state", lambda made: made.update(e_value=0.5)),
    "its band": lambda bench: change(bench, "state", lambda made: made.update(band="healthy", trend="steady")),
    "when the alarm rang": lambda bench: change_sums(
        bench, lambda told: told["judged"].update(alarm_at=None, e_value=1.0)
    ),
    "its evidence": lambda bench: change_sums(bench, lambda told: told["judged"].update(e_value=1.0)),
    "what it is read off": lambda bench: change_sums(bench, lambda told: told["judged"]["read"].__setitem__(0, 12)),
    "how many there were": lambda bench: change_sums(bench, lambda told: told.update(n=told["n"] + 1)),
    "up to which outcome": lambda bench: change(bench, "sums", lambda made: made["mark"].__setitem__(0, 9)),
    "of how many outcomes": lambda bench: change(bench, "sums", lambda made: made["mark"].__setitem__(1, 9)),
    "the first day": lambda bench: change(bench, "days", lambda made: made.__setitem__(2, "20200701 replay")),
    "the wealth of an alarm": lambda bench: change_alarm(bench, lambda state: state.update(n=state["n"] - 1)),
    "where an alarm was lowest": lambda bench: change_alarm(
        bench, lambda state: state["lowest_at"][0].__setitem__(0, 2)
    ),
}


@pytest.mark.parametrize("what", [*STATEMENTS, *CHANGES])
def test_what_was_done_to_what_is_kept_is_found(kept, what):
    if what in CHANGES:
        CHANGES[what](kept)
    else:
        with kept.database.writing() as connection:
            assert connection.execute(text(STATEMENTS[what])).rowcount
    assert len(found(kept)) == 1
    today = kept.clock.now.date()
    assert len(found(kept, since=today)) == 1
    assert found(kept, since=today + timedelta(days=1)) == []


def test_rows_that_are_gone_with_their_digests_are_found_by_what_has_seen_them(kept):
    with kept.database.writing() as connection:
        for table in (outcome_table, forecast_table, daily_digests):
            connection.execute(delete(table))
    assert "row 70 of forecasts was seen, and the newest one is 0" in found(kept)


def test_what_is_behind_the_log_raises_no_alarm_and_is_compared_up_to_where_it_goes(kept):
    more = walk(430)
    kept.prices.frames[KEY] = more
    kept.say(more.index[400:420], certain(np.zeros(20, int)), key=KEY)
    outcomes.mature(kept.registry)
    assert found(kept) == []
    change_sums(kept, lambda told: told["judged"].update(e_value=1.0))
    assert found(kept) == ["its sums are not those of its outcomes"]
    with kept.database.writing() as connection:
        connection.execute(delete(kept_drift))
    work(kept)
    assert found(kept) == []


def test_what_is_left_of_an_export_raises_no_alarm(kept, tmp_path):
    exporting.export(kept.registry, tmp_path / "out", until=None, delete_exported=True)
    assert found(kept) == []
    work(kept)
    assert found(kept) == []


def test_another_machine_may_round_otherwise_and_choose_otherwise(kept):
    def nearly(told):
        judged = told["judged"]
        judged["process"]["logs"] = [[one * (1 + 1e-12) for one in row] for row in judged["process"]["logs"]]
        judged["read"][0] = 12

    change_sums(kept, nearly)
    change_alarm(kept, lambda state: state.update(logs=[[one + 1e-12 for one in row] for row in state["logs"]]))
    assert found(kept) == []


def test_jobs_that_write_meanwhile_raise_no_alarm(kept):
    more, is_over = walk(460), threading.Event()
    kept.prices.frames[KEY] = more

    def jobs():
        for bar in range(400, 440):
            kept.say(more.index[bar : bar + 1], certain(np.zeros(1, int)), key=KEY)
            work(kept)
        is_over.set()

    thread = threading.Thread(target=jobs)
    thread.start()
    try:
        n_looks = 0
        while not is_over.is_set():
            assert found(kept) == []
            n_looks += 1
    finally:
        thread.join()
    assert n_looks > 1
    assert found(kept) == []


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ({"a": [1.0, 2]}, {"a": (1.0, 2)}, 0),
        ({"a": 1.0}, {"b": 1.0}, np.inf),
        ([1.0], [1.0, 2.0], np.inf),
        ([200.0], [100.0], 0.5),
        (float("nan"), float("nan"), 0),
        (np.array([1, 2]), np.array([1, 3]), np.inf),
        (np.array([-np.inf, 0.0]), np.array([-np.inf, 0.25]), 0.25),
        (np.array([-np.inf]), np.array([0.0]), np.inf),
        ("a", "b", np.inf),
    ],
)
def test_how_far_two_values_are_apart(one, other, apart):
    assert distances.between(one, other) == apart
