"""The mark of a database differs after every commit of anybody, and only then; answers are kept exactly that long."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from ensemble_desk.database import opening, symbols
from ensemble_desk.database.tables.registry_tables import symbols as table
from ensemble_desk.registry.query_cache import QueryCache

ROOT = Path(__file__).parents[3]


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'x.db'}"


@pytest.fixture
def database(url):
    opened = opening.open_database(url)
    yield opened
    opened.close()


def add(database, ticker):
    with database.writing() as connection:
        symbols.symbol_id(connection, ticker)


def add_elsewhere(url, ticker):
    other = opening.open_database(url)
    add(other, ticker)
    other.close()


def count(database):
    with database.reading() as connection:
        return len(connection.execute(select(table.c.id)).all())


def test_every_commit_changes_the_mark_and_reading_does_not(database, url):
    marks = [database.changes()]
    count(database)
    assert database.changes() == marks[0]
    add(database, "A")
    marks.append(database.changes())
    add_elsewhere(url, "B")
    marks.append(database.changes())
    # Not multiprocessing: its children run what this process calls its main module, and a page's test changes that.
    code = f"from {__name__} import add_elsewhere; add_elsewhere({url!r}, 'C')"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    marks.append(database.changes())
    assert len(set(marks)) == 4
    assert None not in marks


def test_a_restored_file_changes_the_mark(database, url):
    file = Path(url.removeprefix("sqlite:///"))
    before = database.changes()
    copy = file.with_name("copy.db")
    shutil.copyfile(file, copy)
    copy.replace(file)
    assert database.changes() != before


def test_a_file_that_is_gone_cannot_tell(database, url):
    Path(url.removeprefix("sqlite:///")).unlink()
    assert database.changes() is None


def test_the_child_of_a_fork_looks_through_its_own_connection(database, url):
    database.changes()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            before = database.changes()
            add_elsewhere(url, "A")
            os.write(writer, b"1" if database.changes() != before else b"0")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 1) == b"1"
    assert count(database) == 1


def test_an_answer_is_read_once_until_somebody_writes(database, url):
    answers, read = QueryCache(database), []

    def ask():
        return answers.get("count", lambda: read.append(1) or count(database))

    assert [ask(), ask()] == [0, 0]
    assert len(read) == 1
    add_elsewhere(url, "A")
    assert [ask(), ask()] == [1, 1]
    assert len(read) == 2


def test_an_answer_read_while_somebody_writes_is_not_kept_for_newer(database, url):
    answers = QueryCache(database)

    def slow():
        found = count(database)
        add_elsewhere(url, "A")  # committed after the look, before the answer is kept
        return found

    assert answers.get("count", slow) == 0
    assert answers.get("count", lambda: count(database)) == 1


def test_answers_are_right_on_every_database_and_only_kept_where_changes_are_seen(database_url):
    database = opening.open_database(database_url)
    answers = QueryCache(database)
    assert (database.changes() is None) == database.is_postgresql
    before = answers.get("count", lambda: count(database))
    add(database, "NEW")
    assert answers.get("count", lambda: count(database)) == before + 1
    database.close()
