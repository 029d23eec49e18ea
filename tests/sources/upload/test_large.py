"""A large file streams through: what is held grows with the bars, not with the text."""

import subprocess
import sys

import pytest

from ensemble_desk.errors import UploadError
from ensemble_desk.sources.upload.cells import table as cells

ROWS = 300_000
PROGRAM = """
import io, threading, time
import numpy as np, pandas as pd
from ensemble_desk.market.keys import Key
from ensemble_desk.sources.upload import reading

rows = {rows}
index = pd.date_range("2000-01-01", periods=rows, freq="15min", tz="UTC", name="time")
close = 100 + np.sin(np.arange(rows) / 50)
columns = {{"open": close, "high": close + 1, "low": close - 1, "close": close + 0.25, "volume": close * 100}}
frame = pd.DataFrame(columns, index).round(4).assign(note="indicator of no interest, long enough to weigh something")
buffer = io.BytesIO()
{write}
data = buffer.getvalue()
expected = frame.drop(columns="note")
del buffer, frame, close, columns


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


most, done, before = 0, False, resident()


def watch():
    global most
    while not done:
        most = max(most, resident())
        time.sleep(0.005)


watcher = threading.Thread(target=watch)
watcher.start()
found = reading.read_bars(data, file_name="large", key=Key("AAPL", "m15"), max_bytes=2**28)
done = True
watcher.join()
pd.testing.assert_frame_equal(found.frame, expected, check_exact=True, check_freq=False)
print(len(data), most - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads its own size from /proc")
@pytest.mark.parametrize(
    ("write", "bytes_per_bar"),
    [("frame.to_csv(buffer)", 600), ("frame.to_parquet(buffer)", 600)],
    ids=["CSV", "Parquet"],
)
def test_three_hundred_thousand_bars_take_little_more_memory_than_the_bars(write, bytes_per_bar):
    program = PROGRAM.format(rows=ROWS, write=write)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr
    _, grown = map(int, done.stdout.split())
    assert grown < ROWS * bytes_per_bar


@pytest.mark.parametrize("form", ["CSV", "Parquet"])
def test_more_rows_than_the_limit_are_refused_with_the_limit_named(daily, recognise, monkeypatch, form, tmp_path):
    monkeypatch.setattr(cells, "MOST_ROWS", 299)
    monkeypatch.setattr(cells, "_FEWEST_CHUNK_ROWS", 50)
    monkeypatch.setattr(cells, "_CHUNK_CELLS", 100)
    if form == "Parquet":
        daily.to_parquet(tmp_path / "bars")
        data = (tmp_path / "bars").read_bytes()
    else:
        data = daily.to_csv()
    with pytest.raises(UploadError, match=r"rows; at most 299 are read\. Upload fewer rows"):
        recognise(data)
    monkeypatch.setattr(cells, "MOST_ROWS", 300)
    assert len(recognise(data).bars) == 300
