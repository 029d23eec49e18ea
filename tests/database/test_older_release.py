"""Expand and contract: the release before goes on with tables that a newer one has added to."""

import pytest
from sqlalchemy import text

from ensemble_desk.database import opening, schema_version
from ensemble_desk.errors import DatabaseError

_BEFORE = (  # as the release before writes and reads a run
    "INSERT INTO symbols (id, ticker) VALUES (1, 'AAPL')",
    "INSERT INTO training_runs (id, symbol_id, timeframe, run_date) VALUES (1, 1, 'd1', CURRENT_TIMESTAMP)",
    """INSERT INTO training_run_progress (run_id, step, n_steps, step_name, updated_at, actor, pid, host, log)
    VALUES (1, 0, 3, '', CURRENT_TIMESTAMP, 'ann', 1, 'x', '')""",
    "UPDATE training_run_progress SET step = 1, updated_at = CURRENT_TIMESTAMP WHERE run_id = 1",
    "SELECT run_id, pid, host, updated_at FROM training_run_progress JOIN training_runs ON id = run_id",
)


@pytest.fixture
def url(database_url):
    opening.open_database(database_url).close()
    return database_url


def note(url, *, at, serves_from):
    database = opening.open_database(url)
    with database.writing() as connection:
        connection.execute(text(f"UPDATE {schema_version.VERSION_TABLE} SET version_num = '{at}'"))  # noqa: S608
        connection.execute(text(f"UPDATE sync_state SET value = {serves_from} WHERE name = 'schema serves from'"))  # noqa: S608
    database.close()


def test_what_the_release_before_writes_is_taken(url):
    database = opening.open_database(url)
    with database.writing() as connection:
        for statement in _BEFORE:
            connection.execute(text(statement))
    database.close()


def test_a_newer_schema_that_only_adds_is_gone_on_with(url):
    note(url, at="9999", serves_from=int(schema_version.HEAD))
    database = opening.open_database(url)
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM training_runs")).scalar() == 0
    database.close()
    assert opening.migration_of(url) == "9999"


def test_a_newer_schema_that_takes_away_is_refused(url):
    note(url, at="9999", serves_from=int(schema_version.HEAD) + 1)
    with pytest.raises(DatabaseError, match="newer release"):
        opening.open_database(url)
