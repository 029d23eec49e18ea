import os
import signal
import threading
import time
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from ensemble_desk.database.tables.registry_tables import training_run_progress
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import history, production
from ensemble_desk.training import fleet, runs
from ensemble_desk.training.fleet import TrainingRequest

AAPL, FB, IBM, NOBODY = Key("AAPL", "d1"), Key("FB", "d1"), Key("IBM", "w1"), Key("NOBODY", "d1")
EARLY, LATER = datetime(2002, 8, 30, tzinfo=UTC), datetime(2002, 9, 30, tzinfo=UTC)


def test_a_day_ends_with_its_last_moment():
    assert fleet.end_of(date(2012, 3, 30)) == datetime(2012, 3, 30, 23, 59, 59, 999_999, tzinfo=UTC)


def test_one_keys_failure_never_stops_the_rest_and_order_is_kept(settings):
    requests = [
        TrainingRequest(FB),
        TrainingRequest(AAPL, EARLY),
        TrainingRequest(NOBODY),
        TrainingRequest(AAPL, LATER),
    ]
    told = []
    outcomes = fleet.train_all(settings, requests, n_jobs=2, actor="ann", progress=told.append)
    assert [one.key for one in outcomes] == [FB, AAPL, NOBODY, AAPL]
    assert [one.version for one in outcomes] == [None, "20020830", None, "20020930"]
    assert "needs at least" in outcomes[0].error
    assert "there is no NOBODY/d1" in outcomes[2].error
    assert sorted(told, key=outcomes.index) == list(outcomes)
    with opening.open_registry(settings) as registry:
        assert production.read(registry, AAPL).version == "20020930"
        moves = [(move.from_version, move.to_version) for move in history.deployments(registry, AAPL)]
        assert moves == [("20020830", "20020930"), (None, "20020830")]
        statuses = [run.status for run in runs.listing(registry.database).rows]
        assert sorted(statuses) == ["completed", "completed", "failed", "failed"]


def test_an_unusable_database_fails_every_key_without_raising(settings, tmp_path):
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"this is no database" * 1_000)
    elsewhere = settings.model_copy(update={"database_url": f"sqlite:///{broken}"})
    outcomes = fleet.train_all(elsewhere, [TrainingRequest(AAPL), TrainingRequest(IBM)], n_jobs=1, actor="ann")
    assert [one.status for one in outcomes] == ["failed", "failed"]
    assert all(one.error for one in outcomes)


def test_a_training_whose_process_is_killed_is_done_again_and_gives_one_version(settings):
    requests = [TrainingRequest(AAPL, EARLY), TrainingRequest(Key("IBM", "d1"), EARLY)]
    killed = threading.Event()

    def kill_the_first():
        with opening.open_registry(settings) as registry:
            while not (running := runs.listing(registry.database, status="running", symbol="AAPL").rows):
                time.sleep(0.01)
            with registry.database.reading() as connection:
                wanted = select(training_run_progress.c.pid).where(training_run_progress.c.run_id == running[0].id)
                os.kill(connection.execute(wanted).scalar_one(), signal.SIGKILL)
        killed.set()

    threading.Thread(target=kill_the_first, daemon=True).start()
    outcomes = fleet.train_all(settings, requests, n_jobs=2, actor="ann")
    assert killed.is_set()
    assert [one.error for one in outcomes] == [None, None]
    with opening.open_registry(settings) as registry:
        told = runs.listing(registry.database)
        assert "running" not in {run.status for run in told.rows}
        assert "the training process ended" in {run.error_message for run in told.rows}
        assert len(versions.of_key(registry, AAPL)) == 1
        assert production.read(registry, AAPL).revision == len(history.deployments(registry, AAPL))


def test_an_interrupt_marks_what_was_running(settings):
    def interrupt(_outcome):
        raise KeyboardInterrupt

    requests = [TrainingRequest(NOBODY), TrainingRequest(AAPL)]
    with pytest.raises(KeyboardInterrupt):
        fleet.train_all(settings, requests, n_jobs=2, actor="ann", progress=interrupt)
    with opening.open_registry(settings) as registry:
        assert runs.listing(registry.database, status="running").total == 0
