"""A text of two million bars: how long our reader takes beside a bare parser, and how much memory beside the file."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
from benchmarks import results, timing
from benchmarks.fixtures import QUICK, Bench
from benchmarks.results import Row
from pyarrow import csv

from ensemble_desk.market.keys import Key
from ensemble_desk.sources.upload import reading

KEY = Key("AAPL", "m1")
MOST_TIMES, MOST_MEMORY = 3.0, 4.0
_MOST_BYTES = 2**30
_READ = """
import sys
from pathlib import Path
from ensemble_desk.market.keys import Key
from ensemble_desk.sources.upload import reading

rows = [f"2024-01-02 09:{minute}:00,1.25,2.5,1.0,1.75,10" for minute in range(30, 60)]
small = "\\n".join(["time,open,high,low,close,volume", *rows]).replace("1.75", "1.5", 1).encode()
read = lambda data: reading.read_bars(data, file_name="bars.csv", key=Key("AAPL", "m1"), max_bytes=2**30)
read(small)  # so that the libraries are there
def told(what):  # getrusage would tell of the program that began this one as well
    return int(Path("/proc/self/status").read_text().partition(what)[2].split()[0]) * 1024
before = told("VmRSS:")
read(Path(sys.argv[1]).read_bytes())
print(told("VmHWM:") - before)
"""


def large_file(bench: Bench) -> list[Row]:
    """Read the same bytes with pyarrow alone, and with everything that a file of bars is asked."""
    n_rows = 50_000 if bench.scale == QUICK else 2_000_000
    data = text(n_rows)
    file = bench.folder / "bars.csv"
    file.write_bytes(data)
    ours, bare = timing.in_turns(
        lambda: reading.read_bars(data, file_name="bars.csv", key=KEY, max_bytes=_MOST_BYTES),
        lambda: csv.read_csv(pa.BufferReader(data)),
        repeats=min(bench.scale.repeats, 3),
    )
    done = subprocess.run([sys.executable, "-c", _READ, str(file)], capture_output=True, text=True, check=True)
    what = f"reading {n_rows:,} bars ({len(data) / 2**20:,.0f} MiB of text)"
    held = int(done.stdout) / len(data)
    return [
        results.no_slower(what, "pyarrow.csv.read_csv alone", ours, bare, target=MOST_TIMES, same="the same bytes"),
        Row(f"{what}: memory, the file in it too", "the size of the file", held, "×", "at most", MOST_MEMORY),
    ]


def text(n_rows: int) -> bytes:
    """Bars a minute apart along a smooth curve, as text."""
    at = np.arange(n_rows)
    close = 100 + np.cumsum(np.sin(at / 50) / 100)
    opened = np.r_[close[0], close[:-1]]
    times = pd.date_range("2010-01-04", periods=n_rows, freq="1min").strftime("%Y-%m-%d %H:%M:%S")
    prices = {"open": opened, "high": np.maximum(opened, close) + 0.05, "low": np.minimum(opened, close) - 0.05}
    rounded = {name: values.round(2) for name, values in {**prices, "close": close}.items()}
    table = pa.table({"time": pa.array(times, pa.string()), **rounded, "volume": at % 5_000 + 100})
    written = pa.BufferOutputStream()
    csv.write_csv(table, written, csv.WriteOptions(quoting_style="none"))
    return bytes(written.getvalue().to_pybytes())
