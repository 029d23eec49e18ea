"""From one page to another in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def settle(page: Page, title: str) -> None:
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=60_000)


def test_a_table_row_of_the_overview_leads_on(reading_server, page: Page):
    page.goto(reading_server.url)
    settle(page, "Overview")
    expect(page.get_by_text(re.compile("keys served"))).to_be_visible()
    expect(page.get_by_text(re.compile("source sample")).first).to_be_visible()
    page.get_by_test_id("stMain").get_by_role("link", name="AAPL/d1").first.click()
    settle(page, "Performance")
    expect(page).to_have_url(re.compile(r"/performance\?key=AAPL%2Fd1$"))
    expect(page).to_have_title("AAPL/d1 · Performance · Ensemble Desk")
    page.go_back()
    settle(page, "Overview")


def test_a_prediction_on_recent_bars_shows_its_label(reading_server, page: Page):
    page.goto(f"{reading_server.url}/predict?key=AAPL%2Fd1")
    settle(page, "Predict")
    expect(page.get_by_text(re.compile("^(Bearish|Neutral|Bullish)$")).first).to_be_visible()
