"""Fixtures of the forecast log: an empty bench on both databases, and one on SQLite where they do not matter."""

import pytest
from tests import forecast_bench


@pytest.fixture
def bench(database_url, tmp_path):
    with forecast_bench.opened(database_url, tmp_path / "models") as ready:
        yield ready


@pytest.fixture
def sqlite_bench(sqlite_url, tmp_path):
    with forecast_bench.opened(sqlite_url, tmp_path / "models") as ready:
        yield ready
