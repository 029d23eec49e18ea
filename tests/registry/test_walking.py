"""A verb done for many keys by processes that write to one database."""

import sqlite3
import threading
from contextlib import closing

import pytest

from ensemble_desk.database import engines, failures
from ensemble_desk.errors import DatabaseError
from ensemble_desk.registry import opening, walking
from ensemble_desk.registry.folder import marks
from ensemble_desk.settings import Settings


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "_BUSY_MILLISECONDS", 50)
    made = Settings(models_url=str(tmp_path / "models"), database_url="")
    opening.shared(made)
    yield made
    opening.close_shared(made)


@pytest.fixture
def held(settings, tmp_path):
    """The database, locked by another program."""
    (file,) = tmp_path.rglob("registry.db")
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def write(registry, number):
    with registry.database.writing() as connection:
        marks.keep(connection, "test", mark=number, at=registry.clock(), settled=True)
    return number


def test_a_worker_waits_while_another_has_the_database(settings, held):
    release = threading.Timer(0.4, held.rollback)
    release.start()
    assert walking._with_shared(settings, {}, write, 7) == 7
    release.join()


def test_it_does_not_wait_for_ever(settings, held, monkeypatch):
    monkeypatch.setattr(walking, "_MOST_SECONDS_LOCKED", 0.2)
    with pytest.raises(DatabaseError, match="locked by another program"):
        walking._with_shared(settings, {}, write, 7)


def test_other_failures_are_not_repeated(settings):
    asked = []

    def fail(_registry, number):
        asked.append(number)
        raise failures.gone()

    with pytest.raises(DatabaseError, match="gone"):
        walking._with_shared(settings, {}, fail, 7)
    assert asked == [7]
