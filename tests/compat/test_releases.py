"""The folder and the database of every schema that landed open, agree, serve what they served, and can be gone on with.

`write_release.py` wrote them by the commands of their release; on PostgreSQL the same rows lie in the tables of then.
"""

import json
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect, text

import ensemble_desk
from ensemble_desk.database import schema_version
from ensemble_desk.jobs import app

FILES = Path(__file__).parent / "files/releases"
EXPECTED = json.loads((FILES / "expected.json").read_text())


@pytest.fixture(params=sorted(EXPECTED))
def number(request, tmp_path, monkeypatch):
    with tarfile.open(FILES / f"{request.param}.tar.xz") as packed:
        packed.extractall(tmp_path, filter="data")
    monkeypatch.setenv("DESK_MODELS_URL", str(tmp_path / request.param))
    monkeypatch.setenv("DESK_BARS_SOURCE", "sample")
    monkeypatch.setenv("DESK_ACTOR", "bob")
    monkeypatch.delenv("DESK_DATABASE_URL", raising=False)
    return request.param


@pytest.fixture(params=["sqlite", "postgresql"])
def release(request, number, tmp_path, monkeypatch):
    """A folder of a release, its rows in the database of the two that it knows."""
    if request.param == "postgresql":
        url = request.getfixturevalue("empty_postgresql_url")
        (file,) = (tmp_path / number).rglob("registry.db")
        _copy(file, url, number)
        file.unlink()
        monkeypatch.setenv("DESK_DATABASE_URL", url)
    return number


def _copy(file, url, number):
    """Make the tables as migrations made them then, and fill them with the rows of a SQLite file."""
    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(Path(ensemble_desk.__file__).parent / "database/migrations"))
    config.set_main_option("path_separator", "os")
    with closing(sqlite3.connect(file)) as old, engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, number)
        connection.execute(text("SET session_replication_role = replica"))  # rows in any order
        connection.execute(text("SET TIME ZONE 'UTC'"))
        found = inspect(connection)
        for table in set(found.get_table_names()) - {schema_version.VERSION_TABLE}:
            kinds = {
                one["name"]: one["type"].compile(engine.dialect).partition(" COLLATE")[0]
                for one in found.get_columns(table)
            }
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - own names, as below
            values = ", ".join(f"CAST(CAST(:{name} AS TEXT) AS {kind})" for name, kind in kinds.items())
            for row in old.execute(f"SELECT {', '.join(kinds)} FROM {table}"):  # noqa: S608
                named = dict(zip(kinds, (None if value is None else str(value) for value in row), strict=True))
                connection.execute(text(f"INSERT INTO {table} ({', '.join(kinds)}) VALUES ({values})"), named)  # noqa: S608
            if "id" in kinds:
                counter = f"pg_get_serial_sequence('{table}', 'id')"
                connection.execute(text(f"SELECT setval({counter}, (SELECT max(id) FROM {table}))"))  # noqa: S608
    engine.dispose()


def test_a_release_is_gone_on_with(release, capsys):
    def run(*arguments):
        code = app.main(list(arguments))
        told = capsys.readouterr()
        assert code == 0, told.err + told.out
        return told.out

    run("registry", "verify")
    for timeframe, expected in zip(("d1", "w1"), EXPECTED[release], strict=True):
        answer = json.loads(run("predict", "AAPL", timeframe, "--json"))
        assert answer["version"] == expected["version"]
        assert answer["probabilities"] == pytest.approx(expected["probabilities"], rel=0, abs=1e-12)
    assert "agrees with the folder" in run("registry", "sync")
    listed = json.loads(run("registry", "list", "--json"))
    assert {(one["timeframe"], one["version"]): one["state"] for one in listed} == {
        ("d1", "20120629"): "in production",
        ("d1", "20121231"): "quarantined",
        ("w1", "20120629"): "in production",
        ("w1", "20121228"): "quarantined",
    }
    before = json.loads(run("registry", "history", "AAPL", "w1", "--json"))
    assert "worse than before" in [one["reason"] for one in before]
    run("registry", "lift", "AAPL", "w1", "20121228", "--reason", "found sound")
    run("registry", "promote", "AAPL", "w1", "--to", "20121228", "--reason", "again")
    run("replay", "--symbol", "AAPL", "--timeframe", "w1")
    run("outcomes")
    run("check-drift")
    live = json.loads(run("live", "AAPL", "w1", "--json"))
    assert live["version"] == "20121228"
    after = json.loads(run("registry", "history", "AAPL", "w1", "--json"))
    assert after[2:] == before
    assert "agrees" in run("registry", "verify")
