"""The tables: what the migrations build is what the code expects, on both databases."""

import multiprocessing
import subprocess
import sys
import time
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from ensemble_desk.database import opening, schema
from ensemble_desk.database.schema_version import HEAD, VERSION_TABLE
from ensemble_desk.database.tables import registry_tables


def test_the_head_constant_is_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_the_migrations_build_exactly_the_tables(empty_database_url):
    database = opening.open_database(empty_database_url)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "version_table": VERSION_TABLE})
        assert compare_metadata(context, registry_tables.metadata) == []
    database.close()


def test_training_runs_has_the_columns_of_the_guide_in_their_order(database_url):
    database = opening.open_database(database_url)
    with database.reading() as connection:
        columns = [column["name"] for column in inspect(connection).get_columns("training_runs")]
        unique = inspect(connection).get_unique_constraints("training_runs")
        indexes = inspect(connection).get_indexes("training_runs")
    database.close()
    assert columns == [
        "id",
        "symbol_id",
        "timeframe",
        "run_date",
        "lookback_days",
        "n_training_samples",
        "n_validation_samples",
        "ensemble_validation_accuracy",
        "model_performances",
        "weights",
        "models_artifact_path",
        "status",
        "error_message",
    ]
    assert ["symbol_id", "timeframe", "run_date"] in [found["column_names"] for found in unique]
    assert "idx_training_runs_symbol_timeframe" in [index["name"] for index in indexes]


def test_a_row_of_the_guide_needs_only_symbol_and_timeframe(database_url):
    database = opening.open_database(database_url)
    with database.writing() as connection:
        connection.execute(text("INSERT INTO symbols (ticker) VALUES ('AAPL')"))
        connection.execute(text("INSERT INTO training_runs (symbol_id, timeframe) SELECT id, 'd1' FROM symbols"))
    with database.reading() as connection:
        row = connection.execute(registry_tables.training_runs.select()).one()
    database.close()
    assert row.status == "completed"
    assert row.run_date.utcoffset().total_seconds() == 0
    assert abs(row.run_date.timestamp() - time.time()) < 60


def test_opening_at_head_imports_no_alembic(sqlite_url):
    program = (
        "import sys; from ensemble_desk.database.opening import open_database; "
        f"open_database({sqlite_url!r}).close(); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_many_programs_may_open_an_empty_database_at_once(empty_database_url):
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(4), context.Queue()
    programs = [context.Process(target=_open, args=(empty_database_url, start, results)) for _ in range(4)]
    for program in programs:
        program.start()
    outcomes = [results.get(timeout=120) for _ in programs]
    for program in programs:
        program.join()
    assert outcomes == [HEAD] * 4


def _open(url, start, results):
    start.wait()
    try:
        database = opening.open_database(url)
        with database.reading() as connection:
            results.put(schema.revision(connection))
        database.close()
    except Exception as error:  # noqa: BLE001 - the parent must hear of any failure
        results.put(repr(error))
