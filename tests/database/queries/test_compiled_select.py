"""A prepared question gives what SQLAlchemy itself gives, in a transaction and outside of one, on both databases."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import bindparam, func, insert, select

from ensemble_desk.database import opening, symbols
from ensemble_desk.database.queries.compiled_select import CompiledSelect
from ensemble_desk.database.tables.registry_tables import symbols as tickers
from ensemble_desk.database.tables.registry_tables import training_run_progress as progress
from ensemble_desk.database.tables.registry_tables import training_runs as runs
from ensemble_desk.errors import DatabaseError

MOMENT = datetime(2024, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)
BY_TICKER = CompiledSelect(select(tickers).where(tickers.c.ticker == bindparam("ticker")))
HOW_MANY = CompiledSelect(select(func.count().label("n")).select_from(tickers))
EVERYTHING = select(runs, progress.c.updated_at, progress.c.finished_at, progress.c.pid).join(
    progress, progress.c.run_id == runs.c.id
)


@pytest.fixture
def database(database_url):
    opened = opening.open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def lite(sqlite_url):
    opened = opening.open_database(sqlite_url)
    yield opened
    opened.close()


def add(database, *names):
    with database.writing() as connection:
        for name in names:
            symbols.symbol_id(connection, name)


def add_run(connection, number):
    run = {
        "id": number,
        "symbol_id": symbols.symbol_id(connection, "AAPL"),
        "timeframe": "d1",
        "run_date": MOMENT.replace(second=number),
        "ensemble_validation_accuracy": 0.1 + 0.2,
        "weights": {"rf": 0.25, "gb": [1, None, "ü"]} if number % 2 else None,
        "status": "completed",
    }
    connection.execute(insert(runs).values(run))
    connection.execute(insert(progress).values(run_id=number, updated_at=MOMENT, pid=number))


def test_values_of_every_type_come_back_as_sqlalchemy_gives_them(database):
    with database.writing() as connection:
        for number in (1, 2, 3):
            add_run(connection, number)
    ordered = EVERYTHING.order_by(runs.c.id)
    with database.reading() as connection:
        expected = connection.execute(ordered).all()
    found = database.ask(CompiledSelect(ordered))
    assert [tuple(row) for row in found] == [tuple(row) for row in expected]
    assert [row._fields for row in found] == [row._fields for row in expected]
    assert found[0].run_date == MOMENT.replace(second=1)
    assert found[0].weights == {"rf": 0.25, "gb": [1, None, "ü"]}


def test_times_and_numbers_may_be_asked_for(database):
    with database.writing() as connection:
        for number in (1, 2, 3):
            add_run(connection, number)
    later = select(runs.c.id).where(runs.c.run_date > bindparam("moment", type_=runs.c.run_date.type))
    question = CompiledSelect(later.order_by(runs.c.id).limit(bindparam("most", 5)))
    assert [row.id for row in database.ask(question, moment=MOMENT.replace(second=1))] == [2, 3]
    assert [row.id for row in database.ask(question, moment=MOMENT.replace(second=1), most=1)] == [2]


def test_a_transaction_sees_what_it_wrote_and_nobody_else_does_before_its_end(database):
    with database.writing() as connection:
        symbols.symbol_id(connection, "NEW")
        assert BY_TICKER.first(connection, {"ticker": "NEW"}).ticker == "NEW"
        assert not database.ask(BY_TICKER, ticker="NEW")
    assert len(database.ask(BY_TICKER, ticker="NEW")) == 1


def test_questions_of_one_reading_are_of_one_moment(database):
    add(database, "A")
    with database.reading() as connection:
        before = HOW_MANY.first(connection, {}).n
        add(database, "B")
        assert HOW_MANY.first(connection, {}).n == before
    assert database.ask(HOW_MANY)[0].n == before + 1


def test_many_threads_get_their_own_answers(lite):
    names = [f"T{number}" for number in range(40)]
    add(lite, *names)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda name: lite.ask(BY_TICKER, ticker=name)[0].ticker, names * 5))
    assert found == names * 5


def test_the_child_of_a_fork_asks_through_its_own_connection(lite):
    add(lite, "A")
    assert lite.ask(BY_TICKER, ticker="A")
    child = os.fork()
    if child == 0:
        os._exit(0 if len(lite.ask(BY_TICKER, ticker="A")) == 1 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert lite.ask(BY_TICKER, ticker="A")


def test_a_restored_file_is_the_one_that_answers(lite, sqlite_url):
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    copy = file.with_name("copy.db")
    with lite.reading() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(file, copy)
    add(lite, "LATER")
    assert lite.ask(BY_TICKER, ticker="LATER")
    for helper in (f"{file}-wal", f"{file}-shm"):
        Path(helper).unlink(missing_ok=True)
    copy.replace(file)
    assert not lite.ask(BY_TICKER, ticker="LATER")


def test_a_file_that_is_gone_is_told_in_words(lite, sqlite_url):
    lite.ask(HOW_MANY)
    Path(sqlite_url.removeprefix("sqlite:///")).unlink()
    with pytest.raises(DatabaseError, match="file is gone"):
        lite.ask(HOW_MANY)
