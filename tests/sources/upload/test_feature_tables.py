"""A table of ready features keeps its names and numbers; what is text stays text."""

import io

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.errors import InvalidFeaturesError, UploadError
from ensemble_desk.market import features
from ensemble_desk.market.features import FEATURE_NAMES
from ensemble_desk.sources.upload import reading as upload


@pytest.fixture
def ready(daily):
    return features.compute(daily)


def read(data):
    return upload.read_table(data if isinstance(data, bytes) else data.encode(), file_name="f.csv", max_bytes=10**7)


def test_features_are_read_back_exactly_with_their_times(ready):
    pd.testing.assert_frame_equal(read(ready.to_csv()), ready)
    buffer = io.BytesIO()
    ready.to_parquet(buffer)
    pd.testing.assert_frame_equal(read(buffer.getvalue()), ready)


def test_features_without_times_are_numbered(ready):
    found = read(ready.to_csv(index=False))
    assert found.index.equals(pd.RangeIndex(len(ready)))
    np.testing.assert_allclose(found, ready, rtol=1e-15)


def test_bars_beside_features_get_our_names_and_features_keep_theirs(daily, ready):
    both = daily.rename(columns=str.title).join(ready, how="inner").assign(c=1.0)
    found = read(both.to_csv(index_label="Date"))
    assert {*FEATURE_NAMES, "open", "high", "low", "close", "volume", "c"} == set(found.columns)
    pd.testing.assert_series_equal(found["close"], daily["close"].loc[ready.index])


def test_text_stays_and_gaps_are_missing_so_that_the_features_check_names_them(ready):
    table = ready.astype(object)
    table.iloc[2, table.columns.get_loc("macd")] = None
    found = read(table.assign(month="June").to_csv())
    assert found["month"].tolist() == ["June"] * len(ready)
    assert found["macd"].isna().sum() == 1
    with pytest.raises(InvalidFeaturesError, match="the first is row 3"):
        features.require(found, ["macd"], version="a version")


def test_a_decimal_comma_is_read():
    assert read("a;b\n1,5;2\n").to_numpy().tolist() == [[1.5, 2.0]]


def test_dates_that_cannot_be_told_are_refused():
    with pytest.raises(UploadError, match="no known form"):
        read("date,rsi_14\nsoon,50\n")


def test_gaps_in_the_first_rows_leave_the_names_and_the_rows_where_they_are():
    days = range(1, 31)
    rows = [f"{day:02d}.01.2004,{day / 7:.4f},{day if day > 5 else ''},{day if day > 8 else ''}" for day in days]
    table = read("\n".join(["Date,own_1,own_5,own_20", *rows]))
    assert list(table.columns) == ["own_1", "own_5", "own_20"]
    assert (len(table), int(table["own_20"].isna().sum())) == (30, 8)
