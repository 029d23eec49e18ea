"""The bar contract takes good bars unchanged and names each row that is not."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensemble_desk.errors import InvalidBarsError, TooFewBarsError
from ensemble_desk.market import bars
from ensemble_desk.market.bars import Bars
from ensemble_desk.market.keys import Key


@pytest.fixture
def five(daily):
    return daily.head(5).copy()


def broken(frame, row, **cells):
    for name, value in cells.items():
        frame.iloc[row, frame.columns.get_loc(name)] = value
    return frame


def test_good_bars_come_back_equal(daily):
    pd.testing.assert_frame_equal(bars.check(daily), daily)


def test_columns_are_ordered_others_left_out_and_numbers_made_floats(five):
    mixed = five.assign(volume=five["volume"].astype("int64"), name="x")[["name", *reversed(bars.COLUMNS)]]
    checked = bars.check(mixed)
    assert tuple(checked.columns) == bars.COLUMNS
    assert set(checked.dtypes) == {np.dtype("float64")}
    assert checked.index.name == "time"


def test_other_time_zones_become_utc_and_the_given_frame_is_left_alone(five):
    local = five.tz_convert("America/New_York").rename_axis("Date")
    checked = bars.check(local)
    pd.testing.assert_frame_equal(checked, five)
    checked.iloc[0, 0] = 1.0
    assert local.index.name == "Date"
    assert local.iloc[0, 0] == five.iloc[0, 0]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"close": np.nan}, "close is missing"),
        ({"high": np.inf}, "high is inf"),
        ({"open": -1.0}, "open -1 is not positive"),
        ({"low": 0.0}, "low 0 is not positive"),
        ({"volume": -1.0}, "volume -1 is negative"),
        ({"volume": 1e19}, "volume 1e+19 is too large to be true"),
        ({"high": 1.0}, "high 1 is below low"),
        ({"high": 4.0, "low": 4.0, "close": 5.0}, "high 4 is below open or close"),
        ({"high": 9.0, "low": 8.0, "open": 8.5, "close": 7.0}, "low 8 is above open or close"),
    ],
)
def test_a_bar_that_cannot_be_is_named_by_its_date(five, cells, said):
    with pytest.raises(InvalidBarsError) as caught:
        bars.check(broken(five, 2, **cells), subject="AAPL.csv")
    assert str(caught.value).startswith("AAPL.csv cannot be used: 2000-03-03: ")
    assert said in str(caught.value)
    assert len(caught.value.problems) == 1


def test_no_volume_and_no_range_are_allowed(five):
    price = five["close"].iloc[1]
    bars.check(broken(five, 1, volume=0.0, open=price, high=price, low=price))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.drop(columns=["low", "volume"]), "column low, volume is missing"),
        (lambda f: pd.concat([f, f[["close"]]], axis=1), "column close occurs more than once"),
        (lambda f: f.assign(close=f["close"].astype(str)), "column close holds no numbers"),
        (lambda f: f.assign(close=f["close"] > 0), "column close holds no numbers"),
        (lambda f: f.assign(close=f["close"] + 1j), "column close holds no numbers"),
        (lambda f: f.tz_localize(None), "no time zone"),
        (lambda f: f.reset_index(drop=True), "the index holds no times"),
        (lambda f: f.set_axis([*f.index[:-1], pd.NaT]), "missing times"),
        (lambda f: f.head(0), "there are no bars"),
        (lambda f: f[::-1], "newest to oldest"),
        (lambda f: f.iloc[[0, 1, 1, 2]], "2000-03-02: its time occurs more than once"),
        (lambda f: f.iloc[[0, 2, 1, 3]], "2000-03-02: it comes after a later bar"),
    ],
)
def test_a_table_of_another_shape_is_refused(five, change, said):
    with pytest.raises(InvalidBarsError, match=said):
        bars.check(change(five))


def test_nullable_columns_are_read_and_their_gaps_found(five):
    nullable = five.astype({"volume": "Float64"})
    pd.testing.assert_frame_equal(bars.check(nullable), five)
    nullable.loc[five.index[0], "volume"] = pd.NA
    with pytest.raises(InvalidBarsError, match="volume is missing"):
        bars.check(nullable)


def test_at_most_ten_rows_are_named(daily):
    with pytest.raises(InvalidBarsError) as caught:
        bars.check(daily.assign(close=np.nan))
    assert len(caught.value.problems) == 11
    assert caught.value.problems[-1] == f"and {len(daily) - 10} more"


@given(
    st.lists(st.sampled_from([-1.0, 0.0, 1e-13, 1.0, 2.0, 3.0, 1e19, np.nan, np.inf, -np.inf]), min_size=5, max_size=5)
)
def test_a_row_is_wrong_exactly_when_there_is_a_complaint(row):
    values = np.array(row)
    assert bool(bars.wrong_values(values[None, :])[0]) == bool(bars.value_complaint(values))


def test_bars_tell_their_ends_and_are_cut_by_time(daily):
    whole = Bars(Key("AAPL", "d1"), daily, "sample", adjusted=True)
    as_of = datetime(2012, 12, 25, 12, tzinfo=UTC)  # no session
    early = whole.until(as_of)
    assert early.first == datetime(2000, 3, 1, tzinfo=UTC) == whole.first
    assert early.last == datetime(2012, 12, 24, tzinfo=UTC)
    assert (early.key, early.source, early.adjusted) == (whole.key, "sample", True)
    assert len(whole.until(whole.last)) == len(whole)
    assert whole.until(whole.last - timedelta(microseconds=1)).last < whole.last
    assert len(whole.tail(7)) == 7
    assert whole.tail(7).last == whole.last


def test_bars_before_the_first_are_none_and_have_no_ends(daily):
    none = Bars(Key("AAPL", "d1"), daily, "sample", adjusted=True).until(datetime(1999, 1, 1, tzinfo=UTC))
    assert len(none) == 0
    with pytest.raises(TooFewBarsError, match="AAPL/d1 has 0 bars"):
        none.last  # noqa: B018, the property raises
