"""Fixtures of training: sample bars, one fitted version, and an empty registry to train into."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.settings import Settings
from ensemble_desk.sources.sample import SampleSource
from ensemble_desk.training import fitting, processes
from ensemble_desk.training.processes import Process

AAPL = Key("AAPL", "d1")
EARLY = datetime(2002, 8, 30, tzinfo=UTC)  # about 600 daily bars, the fewest that train in a moment


@pytest.fixture(scope="session")
def source():
    return SampleSource()


@pytest.fixture(scope="session")
def early_bars(source):
    return source.bars(AAPL, until=EARLY)


@pytest.fixture(scope="session")
def steps():
    return []


@pytest.fixture(scope="session")
def content(early_bars, steps):
    return fitting.fit_version(
        early_bars,
        label=fitting.default_label("d1"),
        seed=3,
        progress=lambda name, number, total: steps.append((name, number, total)),
    )


@pytest.fixture
def settings(tmp_path, sqlite_url):
    return Settings(models_url=str(tmp_path), database_url=sqlite_url, jobs=2)


@pytest.fixture
def registry(settings):
    with opening.open_registry(settings) as opened:
        yield opened


@pytest.fixture
def dead_process():
    child = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], stdout=subprocess.PIPE, check=True)
    return Process(int(child.stdout), processes.this_one().host)
