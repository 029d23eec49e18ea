"""Real bars, the shape of an upload, and an empty database of each kind, for the tests of this room."""

import pandas as pd
import pytest

from ensemble_desk.database import opening as databases
from ensemble_desk.market.keys import Key
from ensemble_desk.sources.sample import SampleSource
from ensemble_desk.sources.upload import reading as upload

DAILY = Key("AAPL", "d1")


@pytest.fixture(scope="session")
def source() -> SampleSource:
    return SampleSource()


@pytest.fixture
def database(database_url):
    opened = databases.open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def daily(source) -> pd.DataFrame:
    return source.bars(DAILY).tail(300).frame


@pytest.fixture
def recognise():
    def run(data, *, key=DAILY, file_name="AAPL.csv", max_bytes=10_000_000, **answers):
        data = data.encode() if isinstance(data, str) else data
        return upload.recognise_bars(data, file_name=file_name, key=key, max_bytes=max_bytes, **answers)

    return run
