"""A database that is not empty: the guide's tables are adopted with their rows, and other programs' are left alone."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, text

from ensemble_desk.database import opening
from ensemble_desk.errors import DatabaseError, SettingsError
from ensemble_desk.market.keys import Key
from ensemble_desk.settings import Settings
from ensemble_desk.training import processes, run_log, runs

TICKERS = ("AAPL", "IBM", "MSFT", "BTC-USD", "^GSPC")
NOON = datetime(2025, 6, 2, 12, tzinfo=UTC)

POSTGRESQL = """
CREATE TABLE symbols (id {id} PRIMARY KEY{default}, ticker TEXT UNIQUE NOT NULL, name TEXT, on_exchange TEXT);
CREATE TABLE training_runs (
    id {id} PRIMARY KEY{default},
    symbol_id {reference} NOT NULL REFERENCES symbols(id),
    timeframe TEXT NOT NULL,
    run_date {time} NOT NULL DEFAULT NOW(),
    lookback_days INT,
    n_training_samples INT,
    n_validation_samples INT,
    ensemble_validation_accuracy FLOAT,
    model_performances JSONB,
    weights JSONB,
    models_artifact_path TEXT,
    status TEXT DEFAULT 'completed',
    error_message TEXT,
    UNIQUE(symbol_id, timeframe, run_date)
);
CREATE INDEX idx_training_runs_symbol_timeframe ON training_runs(symbol_id, timeframe, run_date DESC);
CREATE TABLE alembic_version (version_num VARCHAR(32), CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
INSERT INTO alembic_version VALUES ('0003');
CREATE TABLE orders (id BIGINT PRIMARY KEY, note TEXT);
INSERT INTO orders VALUES (1, 'theirs');
"""
SQLITE = (
    POSTGRESQL.replace("{id} PRIMARY KEY{default}", "INTEGER PRIMARY KEY")
    .replace("{reference}", "INTEGER")
    .replace("DEFAULT NOW()", "DEFAULT CURRENT_TIMESTAMP")
)
BIGINT = {"id": "BIGSERIAL", "default": "", "reference": "BIGINT"}
UUID = {"id": "UUID", "default": " DEFAULT gen_random_uuid()", "reference": "UUID"}


def made(url, statements):
    """Run statements as another program would."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements.split(";"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    engine.dispose()


def asked(url, query):
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(text(query)).all()
    engine.dispose()
    return found


def filled(url, statements):
    """The guide's tables with five symbols and 500 runs."""
    made(url, statements)
    engine = create_engine(url)
    insert = (
        "INSERT INTO training_runs (symbol_id, timeframe, run_date, ensemble_validation_accuracy, weights,"
        " model_performances, status, error_message)"
        " SELECT id, 'd1', :run_date, 0.59, :weights, :performances, :status, :error"
        " FROM symbols WHERE ticker = :ticker"
    )
    with engine.begin() as connection:
        for ticker in TICKERS:
            connection.execute(text("INSERT INTO symbols (ticker, name) VALUES (:ticker, 'x')"), {"ticker": ticker})
        for number in range(500):
            row = {
                "ticker": TICKERS[number % 5],
                "run_date": f"2024-{number // 5 // 28 + 1:02}-{number // 5 % 28 + 1:02} 06:30:00",
                "weights": json.dumps({"rf": 0.4, "gb": 0.6}),
                "performances": json.dumps({"rf": {"valid_accuracy": 0.58}}),
                "status": "failed" if number == 7 else "completed",
                "error": "no bars" if number == 7 else None,
            }
            connection.execute(text(insert), row)
    engine.dispose()


@pytest.fixture
def postgresql(empty_postgresql_url):
    return empty_postgresql_url


@pytest.fixture
def sqlite(tmp_path):
    return f"sqlite:///{tmp_path / 'theirs.db'}"


def check_runs_and_train_beside(database):
    """All 500 are listed as another program's, and ours is recorded and told apart."""
    page = runs.listing(database, limit=1_000)
    assert (page.total, len(page.rows)) == (500, 500)
    assert {run.source for run in page.rows} == {runs.OTHERS}
    first = runs.listing(database, symbol="AAPL", limit=1_000).rows[-1]
    assert (first.key, first.run_date) == (Key("AAPL", "d1"), datetime(2024, 1, 1, 6, 30, tzinfo=UTC))
    assert (first.weights, first.ensemble_validation_accuracy) == ({"rf": 0.4, "gb": 0.6}, 0.59)
    assert [run.error_message for run in runs.listing(database, status=runs.FAILED).rows] == ["no bars"]
    this = processes.this_one()
    for symbol in ("AAPL", "NEW"):
        run_log.start(database, Key(symbol, "d1"), at=NOON, as_of=None, actor="me", process=this, n_steps=1)
    page = runs.listing(database, limit=1_000)
    assert page.total == 502
    assert [(run.source, run.actor) for run in page.rows[:3]] == [(runs.OURS, "me")] * 2 + [(runs.OTHERS, "")]
    assert {run.key: run.run_date for run in runs.latest(database)}[Key("AAPL", "d1")] == NOON


def check_others_left_alone(url):
    assert asked(url, "SELECT version_num FROM alembic_version") == [("0003",)]
    assert asked(url, "SELECT id, note FROM orders") == [(1, "theirs")]
    assert asked(url, "SELECT count(*) FROM training_runs WHERE ensemble_validation_accuracy = 0.59") == [(500,)]


@pytest.mark.parametrize("time", ["TIMESTAMP", "TIMESTAMPTZ"])
def test_the_guides_tables_with_numbers_are_used_as_they_are(postgresql, time):
    filled(postgresql, POSTGRESQL.format(**BIGINT, time=time))
    database = opening.open_database(postgresql)
    check_runs_and_train_beside(database)
    database.close()
    check_others_left_alone(postgresql)
    assert asked(postgresql, "SELECT count(*) FROM training_runs") == [(502,)]  # the guide's query sees ours as well
    again = opening.open_database(postgresql)
    assert runs.listing(again).total == 502
    again.close()


def test_the_guides_tables_with_uuids_are_read_and_ours_kept_beside_them(postgresql):
    filled(postgresql, POSTGRESQL.format(**UUID, time="TIMESTAMP"))
    database = opening.open_database(postgresql)
    check_runs_and_train_beside(database)
    made(postgresql, "UPDATE training_runs SET status = 'running' WHERE error_message = 'no bars'")
    insert = "INSERT INTO training_runs (symbol_id, timeframe) SELECT id, 'tick' FROM symbols WHERE ticker = 'IBM'"
    made(postgresql, insert)
    page = runs.listing(database)
    assert page.total == 503
    assert (str(page.rows[0].key), page.rows[0].source) == ("IBM/tick", runs.OTHERS)
    assert [run.error_message for run in runs.under_way(database) if run.error_message] == ["no bars"]
    database.close()
    check_others_left_alone(postgresql)
    assert asked(postgresql, "SELECT count(*) FROM training_runs") == [(501,)]
    again = opening.open_database(postgresql)
    assert (again.schema, runs.listing(again).total) == ("ensemble_desk", 503)
    by_its_url = opening.open_database(again.url)
    assert runs.listing(by_its_url).total == 503
    again.close()
    by_its_url.close()


def test_the_guides_tables_in_sqlite_are_used_as_they_are(sqlite):
    filled(sqlite, SQLITE.format(time="TIMESTAMP"))
    database = opening.open_database(sqlite)
    check_runs_and_train_beside(database)
    database.close()
    check_others_left_alone(sqlite)
    assert asked(sqlite, "SELECT count(*) FROM training_runs") == [(502,)]


def test_a_timeframe_or_ticker_in_other_words_hides_nothing(sqlite):
    filled(sqlite, SQLITE.format(time="TIMESTAMP"))
    made(sqlite, "INSERT INTO symbols (ticker) VALUES ('no ticker of ours')")
    made(sqlite, "INSERT INTO training_runs (symbol_id, timeframe) VALUES (6, 'tick')")
    database = opening.open_database(sqlite)
    page = runs.listing(database)
    assert (page.total, str(page.rows[0].key)) == (501, "no ticker of ours/tick")
    database.close()


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ("CREATE TABLE symbols (id UUID PRIMARY KEY, ticker TEXT UNIQUE NOT NULL)", "type UUID"),
        ("CREATE TABLE symbols (id BIGSERIAL PRIMARY KEY, ticker TEXT NOT NULL)", "ticker is not unique"),
        ("CREATE TABLE symbols (id BIGINT PRIMARY KEY, ticker TEXT UNIQUE NOT NULL)", "no default"),
        ("CREATE TABLE symbols (id BIGSERIAL PRIMARY KEY, ticker TEXT UNIQUE, exchange TEXT NOT NULL)", "exchange"),
        ("CREATE TABLE symbols (symbol TEXT PRIMARY KEY)", "no column id"),
        ("CREATE TABLE training_runs (run_uuid TEXT PRIMARY KEY)", "no column id"),
        ("CREATE TABLE forecasts (id BIGINT)", "another program"),
    ],
)
def test_what_cannot_be_adopted_is_left_alone_and_said(postgresql, told, problem, caplog):
    made(postgresql, told)
    database = opening.open_database(postgresql)
    assert database.schema == "ensemble_desk"
    assert problem in caplog.text
    assert "schema ensemble_desk" in caplog.text
    assert runs.listing(database).total == 0
    database.close()
    assert asked(postgresql, f"SELECT count(*) FROM {told.split()[2]}") == [(0,)]  # noqa: S608 - a name above


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ("CREATE TABLE symbols (id TEXT PRIMARY KEY, ticker TEXT UNIQUE NOT NULL)", "type TEXT"),
        ("CREATE TABLE symbols (id BIGSERIAL PRIMARY KEY, ticker TEXT UNIQUE NOT NULL)", "column id"),
        ("CREATE TABLE outcomes (id INTEGER PRIMARY KEY)", "another program"),
    ],
)
def test_sqlite_has_no_other_place_and_says_so(sqlite, told, problem):
    made(sqlite, told)
    with pytest.raises(DatabaseError, match=problem) as caught:
        opening.open_database(sqlite)
    assert "DESK_DATABASE_URL" in str(caught.value)
    assert "DESK_DATABASE_SCHEMA" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("drop", "problem"),
    [
        ("ALTER TABLE training_runs DROP COLUMN weights; ALTER TABLE training_runs DROP COLUMN status", "weights"),
        ("DROP TABLE symbols CASCADE", "without its table symbols"),
    ],
)
def test_the_guides_tables_half_made_are_refused_and_stay(postgresql, drop, problem):
    filled(postgresql, POSTGRESQL.format(**BIGINT, time="TIMESTAMP"))
    made(postgresql, drop)
    with pytest.raises(DatabaseError, match=problem) as caught:
        opening.open_database(postgresql)
    assert "DESK_DATABASE_SCHEMA" in str(caught.value)
    check_others_left_alone(postgresql)
    tables = asked(
        postgresql, "SELECT tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    assert {name for (name,) in tables} <= {"symbols", "training_runs", "orders", "alembic_version"}
    apart = opening.open_database(Settings(database_url=postgresql, database_schema="desk").registry_url)
    apart.close()


def test_only_symbols_is_there_and_the_other_table_is_made(postgresql):
    made(postgresql, "CREATE TABLE symbols (id BIGSERIAL PRIMARY KEY, ticker TEXT UNIQUE NOT NULL)")
    database = opening.open_database(postgresql)
    assert (database.schema, runs.listing(database).total) == ("", 0)
    database.close()


def test_dates_and_numbers_that_are_kept_as_others_are_read_and_what_is_none_hides_no_run(postgresql, caplog):
    made(
        postgresql,
        POSTGRESQL.format(**BIGINT, time="TEXT")
        .replace("FLOAT", "TEXT")
        .replace("n_training_samples INT", "n_training_samples TEXT"),
    )
    made(postgresql, "INSERT INTO symbols (ticker) VALUES ('AAPL')")
    insert = (
        "INSERT INTO training_runs (symbol_id, timeframe, run_date, ensemble_validation_accuracy, n_training_samples)"
    )
    rows = "(1,'d1','1737473400','0.59','120'), (1,'d1','1737473401000','good','120')"
    rows += ", (1,'d1','2025-01-21 15:30:02+00','nan','120'), (1,'d1','some day','0.5','120')"
    made(postgresql, f"{insert} VALUES {rows}")
    database = opening.open_database(postgresql)
    found = runs.listing(database).rows
    database.close()
    assert [run.run_date.second for run in found] == [2, 1, 0]
    assert [run.ensemble_validation_accuracy for run in found] == [None, None, 0.59]
    assert {run.n_training_samples for run in found} == {120}
    assert "run 4 of another program is not listed: some day is no date" in caplog.text


def test_a_schema_can_be_chosen_and_the_runs_beside_it_are_listed(postgresql):
    filled(postgresql, POSTGRESQL.format(**BIGINT, time="TIMESTAMP"))
    url = Settings(database_url=postgresql, database_schema="my_desk").registry_url
    database = opening.open_database(url)
    check_runs_and_train_beside(database)
    database.close()
    check_others_left_alone(postgresql)
    assert asked(postgresql, "SELECT count(*) FROM training_runs") == [(500,)]
    assert asked(postgresql, "SELECT count(*) FROM my_desk.training_runs") == [(502,)]


@pytest.mark.parametrize("name", ["pg_mine", "a b", 'x"; DROP TABLE orders', "1st"])
def test_a_name_that_no_schema_can_have_is_refused(name):
    with pytest.raises(SettingsError, match="DESK_DATABASE_SCHEMA"):
        opening.open_database(Settings(database_url="postgresql://host/name", database_schema=name).registry_url)


def test_sqlite_has_no_schemas(tmp_path):
    with pytest.raises(SettingsError, match="DESK_DATABASE_SCHEMA"):
        opening.open_database(Settings(models_url=str(tmp_path), database_schema="desk").registry_url)


def test_a_database_of_an_earlier_release_opens_and_leaves_its_alembic_version_to_others(database_url):
    constraint = "alembic_version_pkc"
    back = "ALTER TABLE desk_schema_version RENAME TO alembic_version"
    made(database_url, back)
    if not database_url.startswith("sqlite"):
        made(database_url, f"ALTER TABLE alembic_version RENAME CONSTRAINT desk_schema_version_pkc TO {constraint}")
    opening.open_database(database_url).close()
    theirs = (
        f"CREATE TABLE alembic_version (version_num VARCHAR(32), CONSTRAINT {constraint} PRIMARY KEY (version_num))"
    )
    made(database_url, theirs)
    again = opening.open_database(database_url)
    assert runs.listing(again).total == 0
    again.close()


def test_the_command_tells_who_recorded_a_run(postgresql, tmp_path):
    filled(postgresql, POSTGRESQL.format(**UUID, time="TIMESTAMP"))
    environment = {"DESK_DATABASE_URL": postgresql, "DESK_MODELS_URL": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-m", "ensemble_desk", "runs", "--json", "--limit", "3"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    page = json.loads(done.stdout)
    assert page["total"] == 500
    assert [(row["source"], row["timeframe"]) for row in page["rows"]] == [(runs.OTHERS, "d1")] * 3
    assert "schema ensemble_desk" in done.stderr
