"""Bars in the database: what was imported comes back bit for bit, and what was restated is kept."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text

from ensemble_desk.database import opening as databases
from ensemble_desk.errors import InvalidBarsError, SourceError
from ensemble_desk.market.bars import Bars
from ensemble_desk.market.keys import Key
from ensemble_desk.settings import Settings
from ensemble_desk.sources import database as stored
from ensemble_desk.sources import opening
from ensemble_desk.sources.database import DatabaseSource
from ensemble_desk.sources.protocol import BarSource

KEY = Key("AAPL", "d1")
AT = datetime(2024, 5, 1, 12, tzinfo=UTC)
LATER = AT + timedelta(days=1)


@pytest.fixture
def some(source):
    return source.bars(KEY).tail(300)


def test_what_was_imported_comes_back_bit_for_bit(database, some):
    report = stored.import_bars(database, KEY, some, at=AT)
    assert (report.n_added, report.n_unchanged, report.n_restated) == (300, 0, 0)
    assert (report.first, report.last) == (some.first, some.last)
    found = DatabaseSource(database).bars(KEY)
    pd.testing.assert_frame_equal(found.frame, some.frame, check_exact=True, check_freq=False)
    assert (found.key, found.source, found.adjusted) == (KEY, "database", True)


def test_importing_again_changes_nothing(database, some):
    stored.import_bars(database, KEY, some, at=AT)
    report = stored.import_bars(database, KEY, some, at=LATER)
    assert (report.n_added, report.n_unchanged, report.n_restated) == (0, 300, 0)
    assert stored.restatements(database, KEY) == ()


def test_newer_bars_are_added_and_restated_ones_replaced_and_kept(database, some):
    stored.import_bars(database, KEY, some.until(some.frame.index[199]), at=AT)
    newer = some.frame.copy()
    newer.iloc[150, 3] = np.nextafter(newer.iloc[150, 3], newer.iloc[150, 2])  # one bit of one close
    newer.iloc[151, 4] += 1
    report = stored.import_bars(database, KEY, Bars(KEY, newer, "upload", adjusted=True), at=LATER)
    assert (report.n_added, report.n_unchanged, report.n_restated) == (100, 198, 2)
    pd.testing.assert_frame_equal(DatabaseSource(database).bars(KEY).frame, newer, check_exact=True, check_freq=False)
    first, second = stored.restatements(database, KEY)
    assert (first.time, first.replaced_at, first.key) == (some.frame.index[150], LATER, KEY)
    assert (first.close, second.volume) == (some.frame["close"].iloc[150], some.frame["volume"].iloc[151])
    stored.import_bars(database, KEY, some, at=LATER + timedelta(days=1))
    assert next(was.close for was in stored.restatements(database, KEY)) == newer["close"].iloc[150]
    assert len(stored.restatements(database, KEY)) == 4


def test_bars_are_compared_in_parts(database, some, monkeypatch):
    monkeypatch.setattr(stored, "_AT_ONCE", 7)
    stored.import_bars(database, KEY, some, at=AT)
    report = stored.import_bars(database, KEY, some, at=LATER)
    assert report.n_unchanged == 300
    assert len(DatabaseSource(database).bars(KEY)) == 300


def test_adjusted_and_unadjusted_prices_do_not_stand_side_by_side(database, some):
    stored.import_bars(database, KEY, some.until(some.frame.index[199]), at=AT)
    raw = Bars(KEY, some.frame, "upload", adjusted=False)
    with pytest.raises(SourceError, match=r"holds adjusted prices from .* the new ones are unadjusted\."):
        stored.import_bars(database, KEY, raw.tail(150), at=LATER)
    assert len(DatabaseSource(database).bars(KEY)) == 200
    report = stored.import_bars(database, KEY, raw, at=LATER)
    assert (report.n_added, report.n_restated) == (100, 200)
    assert not DatabaseSource(database).bars(KEY).adjusted
    assert all(was.adjusted for was in stored.restatements(database, KEY))


def test_bad_bars_leave_the_database_as_it_was(database, some):
    bad = some.frame.copy()
    bad.iloc[5, 1] = 0.0
    with pytest.raises(InvalidBarsError, match="high 0 is not positive"):
        stored.import_bars(database, KEY, Bars(KEY, bad, "upload", adjusted=True), at=AT)
    assert DatabaseSource(database).keys() == ()


def test_it_lists_what_it_has_and_passes_over_what_other_programs_put_there(database, some, source):
    weekly = Key("MSFT", "w1")
    stored.import_bars(database, KEY, some, at=AT)
    stored.import_bars(database, weekly, source.bars(weekly), at=AT)
    with database.writing() as connection:
        connection.execute(text("UPDATE ohlc_bars SET timeframe = 'tick' WHERE timeframe = 'w1'"))
    found = DatabaseSource(database)
    assert isinstance(found, BarSource)
    assert found.keys() == (KEY,)
    assert found.symbols() == ("AAPL",)
    assert found.describe(KEY) == "database, to 2013-03-01"


def test_until_includes_the_bar_itself_and_a_time_before_all_is_refused(database, some):
    stored.import_bars(database, KEY, some, at=AT)
    found = DatabaseSource(database)
    day = some.frame.index[10].to_pydatetime()
    assert found.bars(KEY, until=day).last == day
    with pytest.raises(SourceError, match=f"AAPL/d1 begins on {some.first:%Y-%m-%d}"):
        found.bars(KEY, until=some.first - timedelta(days=1))


def test_the_newest_bars_and_those_since_a_time_are_what_all_bars_end_with(database, some):
    stored.import_bars(database, KEY, some, at=AT)
    found, frame = DatabaseSource(database), some.frame
    since, until = (frame.index[at].to_pydatetime() for at in (20, 250))
    for asked, expected in (
        ({"last": 7}, frame.tail(7)),
        ({"since": since}, frame.iloc[21:]),
        ({"since": since, "until": until}, frame.iloc[21:251]),
        ({"until": until, "last": 3}, frame.iloc[248:251]),
        ({"last": 1_000}, frame),
    ):
        bars = found.bars(KEY, **asked)
        assert bars.adjusted
        pd.testing.assert_frame_equal(bars.frame, expected, check_exact=True, check_freq=False)
    assert (found.count(KEY), found.count(KEY, since=since), found.count(KEY, since=some.last)) == (300, 279, 0)
    assert found.count(Key("MSFT", "d1")) == 0
    with pytest.raises(SourceError, match="ends on 2013-03-01"):
        found.bars(KEY, since=some.last)


@pytest.mark.parametrize("key", [Key("MSFT", "d1"), Key("AAPL", "w1")], ids=str)
def test_a_key_without_bars_says_how_to_import_some(database, some, key):
    stored.import_bars(database, KEY, some, at=AT)
    for ask in (DatabaseSource(database).bars, DatabaseSource(database).describe):
        with pytest.raises(SourceError, match=f"no bars of {key}.*bars import FILE --symbol {key.symbol}"):
            ask(key)


def test_it_is_what_the_settings_open(sqlite_url, some):
    settings = Settings(bars_source="database", database_url=sqlite_url)
    opened = opening.open_source(settings)
    assert (type(opened), opened.name) == (DatabaseSource, "database")
    database = databases.open_database(sqlite_url)
    stored.import_bars(database, KEY, some, at=AT)
    assert len(opened.bars(KEY)) == 300
    opened.close()
    shared = opening.open_source(settings, database=database)
    assert shared.symbols() == ("AAPL",)
    database.close()
