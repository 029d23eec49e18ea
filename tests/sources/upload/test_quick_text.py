"""A plain text read in blocks on several cores is what the careful reader makes of it, whatever stands in it."""

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.errors import DeskError
from ensemble_desk.market.keys import Key
from ensemble_desk.sources.upload.files import quick_text

MINUTES = Key("AAPL", "m15")
N_ROWS, AT = 3_000, 2_500
ODD = {
    "nothing": lambda rows: rows,
    "a price with a separator": lambda rows: _put(rows, 4, '"1,234.5"'),
    "a price in words": lambda rows: _put(rows, 1, "n/a"),
    "a blank price": lambda rows: _put(rows, 2, ""),
    "a volume with decimals": lambda rows: _put(rows, 5, "12.5"),
    "a volume below nothing": lambda rows: _put(rows, 5, "-0"),
    "a volume in short": lambda rows: _put(rows, 5, "1.2K"),
    "a blank volume": lambda rows: _put(rows, 5, "-"),
    "a date of another form": lambda rows: _put(rows, 0, "2015/01/07 03:11"),
    "a date with a zone": lambda rows: _put(rows, 0, "2015-01-07T03:11:00Z"),
    "a blank date": lambda rows: _put(rows, 0, ""),
    "no date": lambda rows: _put(rows, 0, "total"),
    "a blank line": lambda rows: [*rows[:AT], "", *rows[AT:]],
    "blank lines at the end": lambda rows: [*rows, "", ""],
    "names once more": lambda rows: [*rows[:AT], "time,open,high,low,close,volume", *rows[AT:]],
    "a line of separators": lambda rows: [*rows[:AT], ",,,,,", *rows[AT:]],
    "a cell too many": lambda rows: _put(rows, 5, "7,8"),
    "a line said twice": lambda rows: [*rows[:AT], rows[AT], *rows[AT:]],
    "a footer": lambda rows: [*rows, "Downloaded on a day"],
    "a price of nothing": lambda rows: _put(rows, 3, "0"),
    "newest first": lambda rows: rows[::-1],
}


def _put(rows, column, cell):
    parted = rows[AT].split(",")
    parted[column] = cell
    return [*rows[:AT], ",".join(parted), *rows[AT + 1 :]]


@pytest.fixture(scope="module")
def rows():
    close = (100 + np.sin(np.arange(N_ROWS) / 50)).round(2)
    times = pd.date_range("2015-01-05 09:30", periods=N_ROWS, freq="15min").strftime("%Y-%m-%d %H:%M:%S")
    bars = zip(times, close, np.arange(N_ROWS) % 700, strict=True)
    return [f"{at},{c},{c + 1:.2f},{c - 1:.2f},{c + 0.25:.2f},{volume}" for at, c, volume in bars]


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_what_is_read_in_blocks_is_what_is_read_line_by_line(recognise, monkeypatch, rows, odd, end):
    monkeypatch.setattr(quick_text, "_BLOCK_BYTES", 2**14)
    text = end.join(["time,open,high,low,close,volume", *odd(rows), ""])
    quickly, carefully = (_told(recognise, text.encode(encoding)) for encoding in ("utf-8", "utf-16"))
    assert quickly == carefully


def _told(recognise, data):
    """The bars to the last bit and all that is said; the careful reader takes whatever is in UTF-16."""
    try:
        found = recognise(data, key=MINUTES)
    except DeskError as error:
        return str(error)
    return found.bars.digest(), [fact for fact in found.facts if fact.value != "UTF-16"]


def test_several_cores_read_the_blocks_of_a_text(recognise, monkeypatch, rows):
    read, kept = [], quick_text._read
    monkeypatch.setattr(quick_text, "_BLOCK_BYTES", 2**14)
    monkeypatch.setattr(quick_text, "_read", lambda *block: read.append(block[1:3]) or kept(*block))
    text = "\n".join(["time,open,high,low,close,volume", *rows])
    assert len(recognise(text, key=MINUTES).bars) == N_ROWS
    ends = sorted(read)
    assert len(ends) > 5
    assert [end for _, end in ends[:-1]] == [start for start, _ in ends[1:]]
    assert ends[-1][1] == len(text)
