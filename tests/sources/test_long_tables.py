"""A table of many symbols is parted by them: more rows than one key may have, as they stand, each to its owner."""

import io

import pandas as pd
import pytest

from ensemble_desk.errors import UploadError
from ensemble_desk.sources.upload import reading
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.sources.upload.cells import table as cells

NAMES = ("AAPL", "BRK.B", "MSFT")


@pytest.fixture
def long(daily):
    return pd.concat([daily.tail(120).assign(symbol=name) for name in NAMES]).sort_index(kind="stable").reset_index()


def parted(data):
    columns, parts = reading.by_ticker(data, file_name="long", max_bytes=2**24, answers=Answers())
    texts = {}
    for owner, lines in parts:
        texts[owner] = texts.get(owner, ",".join(columns).encode() + b"\n") + lines
    return texts


def stored(frame, form):
    buffer = io.BytesIO()
    {"csv": lambda: frame.to_csv(buffer, index=False), "parquet": lambda: frame.to_parquet(buffer)}.get(
        form, lambda: frame.to_feather(buffer)
    )()
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["csv", "parquet", "feather"])
def test_the_bars_of_each_symbol_are_those_of_the_table(long, daily, recognise, monkeypatch, form):
    monkeypatch.setattr(cells, "MOST_ROWS", 150)  # of one key; all together have more
    texts = parted(stored(long, form))
    assert tuple(texts) == NAMES
    for text in texts.values():
        pd.testing.assert_frame_equal(recognise(text).bars.frame, daily.tail(120), check_exact=True, check_freq=False)


def test_cells_over_several_lines_and_rows_of_nobody_go_where_they_belong(long, daily, recognise):
    odd = long.assign(note="two\nlines", symbol=long["symbol"].where(long["symbol"] != "MSFT", None))
    texts = parted(stored(odd, "parquet"))
    assert tuple(texts) == NAMES[:2]
    assert len(recognise(texts["AAPL"]).bars) == 120


def test_days_of_a_zone_stay_the_days_they_were(long, recognise):
    tokyo = long.assign(time=long["time"].dt.tz_localize(None).dt.tz_localize("Asia/Tokyo"))
    found = recognise(parted(stored(tokyo, "parquet"))["AAPL"])
    assert found.bars.last == long["time"].max()


def test_more_rows_than_may_be_parted_are_refused(long, monkeypatch):
    monkeypatch.setattr(reading, "_MOST_LONG_ROWS", 300)
    with pytest.raises(UploadError, match=r"it holds 360 rows; at most 300 are read"):
        parted(stored(long, "parquet"))
