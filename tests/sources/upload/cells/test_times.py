"""Times as files write them become UTC, or a question, or a problem; dates keep the day as written."""

from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from ensemble_desk.errors import AmbiguousDatesError, UploadError
from ensemble_desk.sources.upload.cells import times
from ensemble_desk.sources.upload.columns import zones

NEW_YORK = ZoneInfo("America/New_York")


def text(*cells):
    return pd.Series(cells, dtype="str")


def utc(read):
    return [None if pd.isna(time) else f"{time:%Y-%m-%d %H:%M:%S}" for time in read.utc]


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["2024-01-02", "2024-01-03"], "2024-01-02 00:00:00"),
        (["2024-01-02 09:30", "2024-01-02 10:30"], "2024-01-02 09:30:00"),
        (["2024-01-02T09:30:00Z", "2024-01-02T10:30:00Z"], "2024-01-02 09:30:00"),
        (["2024-01-02 09:30:00 UTC", "2024-01-02 10:30:00 UTC"], "2024-01-02 09:30:00"),
        (["2024-01-02 09:30:00-05:00", "2024-06-03 09:30:00-04:00"], "2024-01-02 14:30:00"),
        (["2024-01-02 09:30:00+00", "2024-01-02 10:30:00+00"], "2024-01-02 09:30:00"),
        (["2024-01-02T09:30:00.123456789Z", "2024-01-02T10:30:00.5Z"], "2024-01-02 09:30:00"),
        (["20240102", "20240103"], "2024-01-02 00:00:00"),
        (["20240102 0930", "20240102 1030"], "2024-01-02 09:30:00"),
        (["20240102 09:30:00", "20240102 10:30:00"], "2024-01-02 09:30:00"),
        (["2024/1/2", "2024/1/3"], "2024-01-02 00:00:00"),
        (["01/31/2024", "02/01/2024"], "2024-01-31 00:00:00"),
        (["31/01/2024 09:30", "01/02/2024 09:30"], "2024-01-31 09:30:00"),
        (["1/31/24", "2/1/24"], "2024-01-31 00:00:00"),
        (["01-31-2024", "02-01-2024"], "2024-01-31 00:00:00"),
        (["31.01.2024", "01.02.2024"], "2024-01-31 00:00:00"),
        (["2024.01.31 09:30:00", "2024.02.01 09:30:00"], "2024-01-31 09:30:00"),
        (["31-Jan-2024", "01-Feb-2024"], "2024-01-31 00:00:00"),
        (["31-Jan-24", "01-Feb-24"], "2024-01-31 00:00:00"),
        (["Jan 31, 2024", "Feb 1, 2024"], "2024-01-31 00:00:00"),
        (["January 31, 2024", "February 1, 2024"], "2024-01-31 00:00:00"),
        (["1/31/2024 4:00 PM", "2/1/2024 4:00 PM"], "2024-01-31 16:00:00"),
        (["2024-01-31 4:00 PM", "2024-02-01 4:00 PM"], "2024-01-31 16:00:00"),
        (["2020-05-08 11-PM", "2020-05-09 12-AM"], "2020-05-08 23:00:00"),
        (["2024-003", "2024-366"], "2024-01-03 00:00:00"),
        (["2020-W53-5", "2021-W01-1"], "2021-01-01 00:00:00"),
        (["1704187800", "1704191400"], "2024-01-02 09:30:00"),
        (["1704187800.0", "1704191400.0"], "2024-01-02 09:30:00"),
        (["1704187800000", "1704191400000"], "2024-01-02 09:30:00"),
        (["1704187800000000", "1704191400000000"], "2024-01-02 09:30:00"),
        (["1704187800000000000", "1704191400000000000"], "2024-01-02 09:30:00"),
    ],
)
def test_forms_that_leave_no_question(cells, first):
    read = times.parse(text(*cells))
    assert utc(read)[0] == first
    assert str(read.utc.dt.tz) == "UTC"
    assert read.utc.notna().all()


def test_days_are_those_written_whatever_the_zone():
    read = times.parse(text("2024-01-02 20:00:00-05:00", "2024-01-03 20:00:00-05:00"))
    assert utc(read) == ["2024-01-03 01:00:00", "2024-01-04 01:00:00"]
    assert [f"{day:%m-%d}" for day in read.days] == ["01-02", "01-03"]
    assert read.has_clock
    assert not times.parse(text("2024-01-02 00:00:00-05:00", "2024-01-03 00:00:00-05:00")).has_clock


def test_typed_columns_keep_their_zone_or_are_taken_as_utc():
    index = pd.date_range("2024-01-02 20:00", periods=2, freq="h", tz="America/New_York")
    read = times.parse(pd.Series(index))
    assert (utc(read)[0], f"{read.days[0]:%d}", read.zone) == (
        "2024-01-03 01:00:00",
        "02",
        "America/New_York as written",
    )
    naive = times.parse(pd.Series(index.tz_localize(None)))
    assert (utc(naive)[0], naive.zone_note) == ("2024-01-02 20:00:00", "times taken as UTC")
    numbers = times.parse(pd.Series([1704187800.0, 1704191400.0]))
    assert utc(numbers)[0] == "2024-01-02 09:30:00"


def test_a_given_zone_applies_to_times_without_one():
    read = times.parse(text("2024-01-02 09:30", "2024-07-02 09:30"), zone=NEW_YORK)
    assert utc(read) == ["2024-01-02 14:30:00", "2024-07-02 13:30:00"]
    assert read.zone == "America/New_York, as given"
    dates = times.parse(text("2024-01-02", "2024-07-02"), zone=NEW_YORK)
    assert utc(dates) == ["2024-01-02 00:00:00", "2024-07-02 00:00:00"]


def test_a_time_that_a_change_of_clocks_skips_or_repeats_is_unreadable():
    read = times.parse(text("2024-03-10 02:30", "2024-03-10 03:30", "2024-11-03 01:30"), zone=NEW_YORK)
    assert utc(read) == [None, "2024-03-10 07:30:00", None]


def test_excel_days_are_only_read_where_they_may_occur():
    read = times.parse(text("45293", "45294.5"), serial_days=True)
    assert utc(read) == ["2024-01-02 00:00:00", "2024-01-03 12:00:00"]
    assert read.notes == ("times in Excel's day numbers",)
    assert utc(times.parse(text("45293", "45294"))) == ["2024-01-02 00:00:00", "2024-01-03 00:00:00"]
    assert times.parse(text("12293", "12294")).problem


def test_day_and_month_are_settled_by_a_day_beyond_twelve_or_by_the_order_of_rows():
    assert utc(times.parse(text("03/04/2024", "13/04/2024")))[0] == "2024-04-03 00:00:00"
    assert utc(times.parse(text("02/01/2024", "03/01/2024", "01/02/2024")))[0] == "2024-01-02 00:00:00"


def test_what_can_be_read_both_ways_gives_both_readings_and_an_answer_settles_it():
    cells = text("01/02/2024", "02/03/2024", "03/04/2024")
    read = times.parse(cells)
    month_first, day_first = read.readings
    assert (month_first.day_first, f"{month_first.first:%m-%d}", f"{month_first.last:%m-%d}") == (
        False,
        "01-02",
        "03-04",
    )
    assert (day_first.day_first, f"{day_first.first:%m-%d}", f"{day_first.last:%m-%d}") == (True, "02-01", "04-03")
    with pytest.raises(
        AmbiguousDatesError, match=r"'01/02/2024'.*month first: 2024-01-02.*day first: 2024-02-01"
    ) as caught:
        times.refuse_unreadable(read, cells, file_name="x.csv")
    assert caught.value.readings == (month_first, day_first)
    assert utc(times.parse(cells, day_first=True))[0] == "2024-02-01 00:00:00"
    assert utc(times.parse(cells, day_first=False))[0] == "2024-01-02 00:00:00"
    assert utc(times.parse(text("2024-02-01"), day_first=True)) == ["2024-02-01 00:00:00"]


def test_the_same_day_both_ways_is_no_question():
    assert utc(times.parse(text("05/05/2024")))[0] == "2024-05-05 00:00:00"


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        (["2024-01-02T09:30:00Z", "2024-01-02 10:30:00"], "some of its times carry a time zone and others do not"),
        (["soon", "later"], "in no known form"),
        (["", ""], "in no known form"),
        (["99999", "99998"], "in no known form"),
        (["2024-003", "2024-12"], "in no known form"),
        (["2024-003", "2024-W02-1"], "in no known form"),
        (["2024-001-1", "2024-002-1"], "in no known form"),
        (["2023-366", "2024-399"], "in no known form"),
    ],
)
def test_a_column_that_cannot_be_read_says_why(cells, problem):
    read = times.parse(text(*cells))
    assert problem in read.problem
    with pytest.raises(UploadError, match=problem):
        times.refuse_unreadable(read, text(*cells), file_name="x.csv")


def test_single_cells_that_do_not_follow_are_left_unread():
    assert utc(times.parse(text("2024-01-02", "soon", "2024-01-04"))) == [
        "2024-01-02 00:00:00",
        None,
        "2024-01-04 00:00:00",
    ]
    assert utc(times.parse(text("1704187800", "x", "1704191400")))[1] is None
    assert utc(times.parse(text("2024-003", "2023-366", "2024-366"))) == [
        "2024-01-03 00:00:00",
        None,
        "2024-12-31 00:00:00",
    ]
    assert utc(times.parse(text("2020-W53-5", "2021-W53-1", "2021-W01-1")))[1] is None


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "x\0y", "/etc/passwd"])
def test_a_zone_that_does_not_exist_is_told(name):
    with pytest.raises(UploadError, match=r"is no time zone\. Name one such as America/New_York"):
        zones.named(name, file_name="x.csv")


def test_no_zone_is_none():
    assert zones.named(None, file_name="x") is None
    assert zones.named("", file_name="x") is None
    assert zones.named("America/New_York", file_name="x") == NEW_YORK
