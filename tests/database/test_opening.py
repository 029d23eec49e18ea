"""Opening a database and talking to it: transactions, times, and clear words when it cannot answer."""

import os
import shutil
import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import exc, insert, select, text

from ensemble_desk.database import engines, opening, symbols, texts
from ensemble_desk.database.tables.registry_tables import sync_state
from ensemble_desk.errors import DatabaseError, SettingsError

OURS = sync_state.c.name != "schema serves from"  # what the migrations write


@pytest.fixture
def database(database_url):
    opened = opening.open_database(database_url)
    yield opened
    opened.close()


def put(connection, name, value=1, at=datetime(2025, 1, 1, tzinfo=UTC)):
    connection.execute(insert(sync_state).values(name=name, value=value, updated_at=at))


def put_and_fail(connection):
    put(connection, "undone")
    raise ZeroDivisionError


def fill_the_disk(connection, pages):
    connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")  # SQLite's own way to a full disk
    for number in range(10_000):
        put(connection, f"name {number}")


def names(database):
    with database.reading() as connection:
        return set(connection.execute(select(sync_state.c.name).where(OURS)).scalars())


def test_a_transaction_is_whole_or_not_at_all(database):
    with database.writing() as connection:
        put(connection, "kept")
    with pytest.raises(ZeroDivisionError), database.writing() as connection:
        put_and_fail(connection)
    assert names(database) == {"kept"}


def test_a_reader_sees_one_moment(database):
    with database.reading() as reader:
        before = reader.execute(select(sync_state.c.name).where(OURS)).all()
        with database.writing() as writer:
            put(writer, "meanwhile")
        assert reader.execute(select(sync_state.c.name).where(OURS)).all() == before == []
    assert names(database) == {"meanwhile"}


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2025, 1, 1, tzinfo=UTC),
        datetime(2025, 6, 30, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2025, 6, 30, 12, 0, 0, 1, tzinfo=timezone(timedelta(hours=-9, minutes=-30))),
        datetime(1999, 12, 31, tzinfo=UTC),
    ],
)
def test_times_come_back_as_the_same_moment_in_utc(database, moment):
    with database.writing() as connection:
        put(connection, "t", at=moment)
    with database.reading() as connection:
        stored = connection.execute(select(sync_state.c.updated_at).where(OURS)).scalar_one()
        found = connection.execute(select(sync_state.c.name).where(sync_state.c.updated_at == moment)).scalar_one()
    assert stored == moment
    assert stored.utcoffset() == timedelta(0)
    assert found == "t"


def test_a_time_without_zone_never_reaches_the_database(database):
    with pytest.raises(exc.StatementError, match="without zone"), database.writing() as connection:
        put(connection, "t", at=datetime(2025, 1, 1))  # noqa: DTZ001 - that is the point


def test_a_ticker_has_one_number_also_when_two_ask_at_once(database):
    found, start = [], threading.Barrier(4)

    def ask():
        start.wait()
        with database.writing() as connection:
            found.append(symbols.symbol_id(connection, "BTC/USD"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_a_mistake_in_a_query_is_no_outside_failure(database):
    with pytest.raises(exc.DBAPIError), database.reading() as connection:
        connection.execute(text("SELEKT 1"))


def test_the_url_opens_the_same_database_elsewhere(database):
    with database.writing() as connection:
        put(connection, "here")
    again = opening.open_database(database.url)
    assert names(again) == {"here"}
    again.close()


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://host/name", "sqlite://", "sqlite:///:memory:", "postgresql+asyncpg"]
)
def test_a_url_of_no_supported_kind_names_the_setting(url):
    with pytest.raises(SettingsError, match="DESK_DATABASE_URL"):
        opening.open_database(url)


def test_a_server_that_is_not_there_is_said_so():
    with pytest.raises(DatabaseError, match="cannot be reached"):
        opening.open_database("postgresql://nobody@127.0.0.1:1/none")


def test_a_postgresql_database_that_does_not_exist_is_said_so(postgresql_url):
    with pytest.raises(DatabaseError, match="does not exist"):
        opening.open_database(postgresql_url.replace("/postgres?", "/no_such_database?"))


def test_a_postgresql_that_may_only_be_read_is_said_so(database):
    if not database.is_postgresql:
        pytest.skip("SQLite is asked below")
    with pytest.raises(DatabaseError, match="read-only"), database.reading() as connection:
        put(connection, "x")


def test_a_locked_pointer_is_waited_for_and_then_told(database_url, monkeypatch):
    monkeypatch.setattr(engines, "_BUSY_MILLISECONDS", 100)
    one, other = opening.open_database(database_url), opening.open_database(database_url)
    with one.writing() as connection:
        put(connection, "a")
    with one.writing() as holder:
        holder.execute(text("UPDATE sync_state SET value = 2"))
        with pytest.raises(DatabaseError, match="locked by another program"), other.writing() as connection:
            connection.execute(text("UPDATE sync_state SET value = 3"))
        assert names(other) == {"a"}
    one.close()
    other.close()


@pytest.fixture
def file(sqlite_url):
    return opening.Path(sqlite_url.removeprefix("sqlite:///"))


def test_sqlite_is_opened_with_its_safe_settings(sqlite_url):
    database = opening.open_database(sqlite_url)
    with database.reading() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    database.close()
    assert found == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 10_000}


def test_a_file_that_is_no_database_is_damaged(tmp_path):
    (tmp_path / "registry.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(DatabaseError, match="damaged"):
        opening.open_database(f"sqlite:///{tmp_path / 'registry.db'}")


def test_a_file_with_destroyed_pages_is_damaged(file, sqlite_url):
    data = bytearray(file.read_bytes())
    data[2000:] = b"\xff" * (len(data) - 2000)
    file.write_bytes(bytes(data))
    with pytest.raises(DatabaseError, match="damaged"):
        opening.open_database(sqlite_url)


def test_a_database_that_vanishes_while_it_is_open_is_not_written_into_nothing(file, sqlite_url):
    database = opening.open_database(sqlite_url)
    away = file.rename(file.with_suffix(".away"))
    for use in (database.reading, database.writing):
        with pytest.raises(DatabaseError, match="gone"), use():
            pytest.fail("it opened nothing")
    away.rename(file)
    assert names(database) == set()
    database.close()


def test_a_database_restored_from_a_backup_is_taken_up(file, sqlite_url):
    database = opening.open_database(sqlite_url)
    backup = shutil.copyfile(file, file.with_suffix(".backup"))
    with database.writing() as connection:
        put(connection, "after the backup")
    opening.open_database(sqlite_url).close()
    for name in ("-wal", "-shm"):
        file.with_name(file.name + name).unlink(missing_ok=True)
    backup.replace(file)
    assert names(database) == set()
    with database.writing() as connection:
        put(connection, "new life")
    database.close()
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT name FROM sync_state WHERE value = 1").fetchall() == [("new life",)]
    connection.close()


def test_a_sqlite_that_may_only_be_read_is_read_and_says_so_when_written(file):
    database = opening.open_database(f"sqlite:///file:{file}?mode=ro&uri=true")
    assert names(database) == set()
    with pytest.raises(DatabaseError, match="read-only"), database.writing() as connection:
        put(connection, "x")
    database.close()


def test_a_read_only_sqlite_without_its_log_is_read_too(file):
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    database = opening.open_database(f"sqlite:///file:{file}?mode=ro&uri=true")
    assert names(database) == set()
    database.close()


def test_a_full_disk_is_said_so_and_nothing_is_half_written(sqlite_url):
    database = opening.open_database(sqlite_url)
    with database.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    with pytest.raises(DatabaseError, match="no space"), database.writing() as connection:
        fill_the_disk(connection, pages)
    assert names(database) == set()
    database.close()


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DatabaseError, match="folder"):
        opening.open_database(f"sqlite:///{tmp_path / 'file' / 'registry.db'}")


@pytest.mark.parametrize(
    ("given", "kept"), [("plain", "plain"), ("a\x00b", "ab"), ("\udcff", "\\udcff"), ("ü \U0001f4c9", "ü \U0001f4c9")]
)
def test_texts_are_made_storable(database, given, kept):
    assert texts.storable(given) == kept
    with database.writing() as connection:
        put(connection, texts.storable(given))
    assert names(database) == {kept}


@pytest.mark.parametrize(
    ("given", "kept"),
    [(" night \n", "night"), ("\U0001f4c9", "\U0001f4c9"), ("\u200b", ""), ("\xad \u2060\x07", ""), ("\x00", "")],
)
def test_what_nobody_would_see_is_not_said(given, kept):
    assert texts.said(given) == kept


@pytest.mark.parametrize("ending", ["", "-journal", "-wal", "-shm"])
def test_a_pipe_under_a_name_of_the_database_is_named(tmp_path, ending):
    """Opening one would wait for ever."""
    url = f"sqlite:///{tmp_path}/registry.db"
    if ending:
        opening.open_database(url).close()
    for beside in tmp_path.glob(f"registry.db{ending}" if ending else "none"):
        beside.unlink()
    os.mkfifo(tmp_path / f"registry.db{ending}")
    with pytest.raises(DatabaseError, match=f"registry.db{ending} is no regular file"):
        opening.open_database(url)
