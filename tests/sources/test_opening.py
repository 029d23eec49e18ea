"""Opening a source imports and connects to nothing before it is asked for bars."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import ensemble_desk.loader
from ensemble_desk.settings import Settings
from ensemble_desk.sources import opening, upload
opening.open_source(Settings(bars_source={source!r}, database_url="postgresql://nowhere.invalid/x"))
heavy = ("bokeh", "bokeh_sampledata", "curl_cffi", "exchange_calendars", "openpyxl", "pandera", "yfinance")
print([name for name in heavy if name in sys.modules])
"""


@pytest.mark.parametrize("source", ["sample", "database", "yahoo"])
def test_the_loader_and_an_opened_source_import_no_vendor_library(source):
    program = PROGRAM.format(source=source)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
