from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from ensemble_desk.database import opening, symbols
from ensemble_desk.database.tables.registry_tables import training_runs
from ensemble_desk.errors import AlreadyTrainingError, UnknownRunError
from ensemble_desk.market.keys import Key
from ensemble_desk.training import processes, run_log, runs
from ensemble_desk.training.run_log import Result

AAPL, SPY = Key("AAPL", "d1"), Key("SPY", "w1")
NOON = datetime(2025, 1, 21, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def database(database_url):
    database = opening.open_database(database_url)
    yield database
    database.close()


def start(database, key=AAPL, *, at=NOON, process=None, alone=False):
    told = {"alone": alone, "as_of": None, "actor": "ann", "process": process or processes.this_one(), "n_steps": 11}
    return run_log.start(database, key, at=at, **told).run_id


def result(version="20250121"):
    return Result(
        version=version,
        path=f"/models/AAPL_d1_{version}.pkl",
        lookback_days=2_900,
        n_training_samples=1_600,
        n_validation_samples=400,
        accuracy=0.42,
        performances={"rf": {"valid_accuracy": 0.41}},
        weights={"rf": 1.0},
    )


def test_a_run_is_running_until_it_completes(database):
    run_id = start(database)
    run_log.advance(database, run_id, step=3, step_name="walk-forward fold 1 of 5", at=NOON + SECOND)
    running = runs.get(database, run_id)
    assert (running.status, running.step, running.n_steps) == (runs.RUNNING, 3, 11)
    assert running.step_name == "walk-forward fold 1 of 5"
    assert running.seconds is None

    run_log.complete(database, run_id, result=result(), at=NOON + 5 * SECOND)
    done = runs.get(database, run_id)
    assert (done.status, done.version, done.seconds) == (runs.COMPLETED, "20250121", 5.0)
    assert (done.key, done.run_date, done.actor) == (AAPL, NOON, "ann")
    assert (done.n_training_samples, done.n_validation_samples, done.lookback_days) == (1_600, 400, 2_900)
    assert done.ensemble_validation_accuracy == pytest.approx(0.42)
    assert done.model_performances == {"rf": {"valid_accuracy": 0.41}}
    assert done.weights == {"rf": 1.0}
    assert done.models_artifact_path == "/models/AAPL_d1_20250121.pkl"
    assert done.error_message is None
    assert done.log.splitlines() == ["12:00:01 walk-forward fold 1 of 5", "12:00:05 completed: 20250121"]


def test_a_failed_run_keeps_its_error(database):
    run_id = start(database)
    run_log.fail(database, run_id, error="FB/d1 has 200 bars", at=NOON + SECOND)
    failed = runs.get(database, run_id)
    assert (failed.status, failed.error_message, failed.version) == (runs.FAILED, "FB/d1 has 200 bars", None)
    assert failed.finished_at == NOON + SECOND


def test_two_runs_of_a_key_at_the_same_microsecond_both_get_a_row(database):
    first, second = start(database), start(database)
    assert runs.get(database, second).run_date - runs.get(database, first).run_date == timedelta(microseconds=1)


def test_the_list_is_paged_and_filtered(database):
    ids = [start(database, key, at=NOON + n * SECOND) for n, key in enumerate([AAPL, SPY, AAPL, AAPL])]
    run_log.fail(database, ids[0], error="x", at=NOON)
    first = runs.listing(database, limit=3)
    assert [run.id for run in first.rows] == ids[:0:-1]
    assert first.total == 4
    rest = runs.listing(database, limit=3, before=first.next_before)
    assert ([run.id for run in rest.rows], rest.next_before) == ([ids[0]], None)
    assert [run.id for run in runs.listing(database, status="failed").rows] == [ids[0]]
    assert [run.id for run in runs.listing(database, symbol="SPY").rows] == [ids[1]]
    assert runs.listing(database, symbol="AAPL", timeframe="w1").total == 0


def test_the_latest_run_of_every_key(database):
    start(database, AAPL)
    newest = start(database, AAPL, at=NOON + SECOND)
    other = start(database, SPY)
    assert [run.id for run in runs.latest(database)] == [newest, other]


def test_failing_keys_are_those_whose_newest_run_failed_and_running_ones_are_found(database):
    mended, failing = start(database, AAPL), start(database, SPY)
    for run_id in (mended, failing):
        run_log.fail(database, run_id, error="x", at=NOON)
    later = start(database, AAPL, at=NOON + SECOND)
    assert runs.n_failing(database) == 1
    assert [run.id for run in runs.under_way(database)] == [later]


def test_rows_of_other_programs_are_listed_too(database):
    with database.writing() as connection:
        number = symbols.symbol_id(connection, "AAPL")
        connection.execute(insert(training_runs).values(symbol_id=number, timeframe="d1", run_date=NOON))
    found = runs.listing(database).rows[0]
    assert (found.key, found.status, found.log, found.weights) == (AAPL, runs.COMPLETED, "", {})


def test_an_unknown_run_is_an_error(database):
    with pytest.raises(UnknownRunError, match="no training run 7"):
        runs.get(database, 7)


def test_runs_of_dead_processes_are_failed_and_living_ones_left_alone(database, dead_process):
    gone = start(database, AAPL, process=dead_process)
    here = start(database, SPY)
    assert run_log.mark_dead(database, at=NOON + SECOND) == frozenset({AAPL})
    assert runs.get(database, gone).status == runs.FAILED
    assert runs.get(database, gone).error_message == "the training process ended"
    assert runs.get(database, here).status == runs.RUNNING
    assert run_log.mark_dead(database, at=NOON + SECOND) == frozenset()


def test_one_training_of_a_key_at_a_time_wherever_it_was_started(database):
    run_id = start(database, alone=True)
    with pytest.raises(AlreadyTrainingError, match=f"run {run_id}.* by ann"):
        start(database, at=NOON + SECOND, alone=True)
    start(database, SPY, alone=True)
    run_log.fail(database, run_id, error="x", at=NOON + SECOND)
    assert start(database, at=NOON + 2 * SECOND, alone=True) > run_id
