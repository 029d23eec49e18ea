"""Daily bars beside the sessions of an exchange: what is missing is listed, day by day."""

from datetime import date

import pandas as pd
import pytest

from ensemble_desk.errors import SettingsError, SourceError
from ensemble_desk.market.bars import Bars
from ensemble_desk.market.keys import Key
from ensemble_desk.sources import sessions

KEY = Key("^GSPC", "d1")


def of(index):
    frame = pd.DataFrame({"open": 1.0, "high": 2.0, "low": 0.5, "close": 1.5, "volume": 10.0}, index)
    return Bars(KEY, frame, "upload", adjusted=False)


def test_the_bundled_index_has_every_session_of_new_york(source):
    found = sessions.check(source.bars(KEY), calendar="XNYS")
    assert (found.key, found.calendar, found.first, found.last) == (KEY, "XNYS", date(1999, 1, 4), date(2018, 12, 31))
    assert (found.n_sessions, found.missing, found.unexpected) == (5031, (), ())


def test_days_left_out_and_days_without_a_session_are_listed(source):
    frame = source.bars(KEY).frame.loc["2018-06-01":"2018-07-31"]
    holiday = pd.DatetimeIndex(["2018-07-04"], tz="UTC")
    gapped = frame.drop(frame.index[[3, 10]])
    both = pd.concat([gapped, frame.tail(1).set_axis(holiday)]).sort_index()
    found = sessions.check(Bars(KEY, both, "upload", adjusted=False), calendar="XNYS")
    assert found.missing == (frame.index[3].date(), frame.index[10].date())
    assert found.unexpected == (date(2018, 7, 4),)
    assert found.n_sessions == len(frame)


def test_what_never_closes_has_a_session_every_day():
    found = sessions.check(of(pd.date_range("2024-01-01", "2024-01-07", tz="UTC").delete(2)), calendar="24/7")
    assert found.missing == (date(2024, 1, 3),)


def test_one_bar_is_compared_too():
    found = sessions.check(of(pd.DatetimeIndex(["2024-01-02"], tz="UTC")), calendar="XNYS")
    assert (found.n_sessions, found.missing, found.unexpected) == (1, (), ())
    with pytest.raises(SourceError, match="XNYS knows no sessions from 2024-01-06"):
        sessions.check(of(pd.DatetimeIndex(["2024-01-06"], tz="UTC")), calendar="XNYS")


def test_bars_older_than_the_calendar_are_compared_from_where_it_begins():
    found = sessions.check(of(pd.bdate_range("1995-01-02", "1997-01-31", tz="UTC")), calendar="XTKS")
    assert found.first == date(1997, 1, 6)
    assert found.n_sessions == 19
    assert found.unexpected == (date(1997, 1, 15),)  # the day of coming of age


def test_an_unknown_calendar_names_the_setting_and_some_that_exist():
    with pytest.raises(SettingsError, match=r"DESK_CALENDAR.*no exchange calendar 'NYSE!'.*XNYS"):
        sessions.check(of(pd.bdate_range("2024-01-02", periods=5, tz="UTC")), calendar="NYSE!")


def test_only_daily_bars_are_compared(source):
    with pytest.raises(SourceError, match=r"AAPL/w1 is not daily"):
        sessions.check(source.bars(Key("AAPL", "w1")), calendar="XNYS")


def test_the_zone_of_an_exchange_is_told_and_one_that_nobody_knows_is_refused():
    assert [sessions.zone(name) for name in ("XNYS", "XTKS", "24/7")] == ["America/New_York", "Asia/Tokyo", "UTC"]
    with pytest.raises(SettingsError, match="XXXX"):
        sessions.zone("XXXX")
