"""A file through a real browser: refused in words, read, predicted, and a batch of it downloaded."""

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from ensemble_desk.market.keys import Key
from ensemble_desk.sources.sample import SampleSource

pytestmark = pytest.mark.browser


def test_a_file_is_predicted_after_a_bad_one_and_its_batch_downloaded(server, page: Page, tmp_path):
    good, bad = tmp_path / "aapl.csv", tmp_path / "page.csv"
    SampleSource().bars(Key("AAPL", "d1")).tail(400).frame.to_csv(good)
    bad.write_text("<!DOCTYPE html><html><body>Sign in</body></html>")
    page.goto(f"{server.url}/predict?key=AAPL%2Fd1&bars=Upload&part=Batch")
    expect(page.get_by_text("Bars need a time column")).to_be_visible()
    page.locator("input[type=file]").set_input_files(bad)
    expect(page.get_by_text("page.csv was not used")).to_be_visible()
    page.locator("input[type=file]").set_input_files(good)
    expect(page.get_by_text("Recognised 400 bars")).to_be_visible()
    page.get_by_role("button", name="Forecast them").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download all as CSV").click()
    table = pd.read_csv(download.value.path())
    assert len(table) == 250
    assert table["label"].isin(["BEARISH", "NEUTRAL", "BULLISH"]).all()
    assert table["version"].nunique() == table["sha256"].nunique() == 1
