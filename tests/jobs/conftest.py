"""Fixtures of the command line: two trained versions, copied for each test, and a way to run a command."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from ensemble_desk.jobs import app
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.settings import Settings
from ensemble_desk.training import job

AAPL = Key("AAPL", "d1")
AS_OF = (datetime(2004, 8, 31, tzinfo=UTC), datetime(2004, 9, 30, tzinfo=UTC))


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def trained_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    with opening.open_registry(Settings(models_url=str(folder))) as registry:
        for as_of in AS_OF:
            assert job.train(registry, AAPL, as_of=as_of, actor="ann").status == "completed"
    return folder


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """An empty models folder that the commands work in."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv("DESK_MODELS_URL", str(folder))
    monkeypatch.setenv("DESK_ACTOR", "ann")
    monkeypatch.delenv("DESK_DATABASE_URL", raising=False)
    return folder


@pytest.fixture
def folder(empty, trained_folder):
    """The same with two versions of AAPL/d1."""
    shutil.copytree(trained_folder, empty, dirs_exist_ok=True)
    return empty


@pytest.fixture
def desk(capsys):
    """Runs a command in this process: exit code, standard output, standard error."""

    def run(*arguments):
        code = app.main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return Done(code, told.out, told.err)

    return run
