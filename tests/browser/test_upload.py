"""A file through a real browser: refused in words, read, predicted, and a batch of it downloaded."""

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from ensemble_desk.market.keys import Key
from ensemble_desk.sources.sample import SampleSource

pytestmark = pytest.mark.browser


def test_a_file_is_predicted_after_a_bad_one_and_its_batch_downloaded(reading_server, page: Page, tmp_path):
    good, bad = tmp_path / "aapl.csv", tmp_path / "page.csv"
    SampleSource().bars(Key("AAPL", "d1")).tail(400).frame.to_csv(good)
    bad.write_text("<!DOCTYPE html><html><body>Sign in</body></html>")
    page.goto(f"{reading_server.url}/predict?key=AAPL%2Fd1&bars=Upload&part=Batch")
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


def test_a_kibot_file_and_a_korean_export_need_one_answer_and_the_next_of_that_shape_none(server, page: Page, tmp_path):
    bars = SampleSource().bars(Key("AAPL", "d1")).tail(400).frame.round(2)

    def written(name, head, row, codec="utf-8", n_bars=400):
        file = tmp_path / name
        text = head + "".join(row(day, *bar) for day, *bar in bars.tail(n_bars).itertuples())
        file.write_bytes(text.encode(codec))
        return file

    kibot = written("kibot.txt", "", lambda day, *bar: f"{day:%m/%d/%Y},{','.join(map(str, bar))}\n")
    names = "일자,종가,대비,시가,고가,저가,체결수량,거래대금\n"

    def korean(day, *bar):
        o, high, low, close, volume = bar
        return f'"{day:%Y/%m/%d}","{close}","0.1","{o}","{high}","{low}","{volume:.0f}","{volume * close:.0f}"\n'

    first = written("krx.csv", names, korean, "euc-kr")
    second = written("krx2.csv", names, korean, "euc-kr", n_bars=300)
    page.goto(f"{server.url}/predict?key=AAPL%2Fd1&bars=Upload")
    upload = page.locator("input[type=file]")
    upload.set_input_files(kibot)
    expect(page.get_by_text("Recognised 400 bars")).to_be_visible()
    expect(page.get_by_test_id("stMetric").first).to_be_visible()
    upload.set_input_files(first)
    question = page.get_by_role("radiogroup").filter(has_text="The volume is 체결수량")
    question.get_by_text("The volume is 체결수량").click()
    expect(page.get_by_text("Recognised 400 bars")).to_be_visible()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("The next file of this shape asks nothing")).to_be_visible()
    upload.set_input_files(second)
    expect(page.get_by_text("Recognised 300 bars")).to_be_visible()
    expect(question).to_have_count(0)
