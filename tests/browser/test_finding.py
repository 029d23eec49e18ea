"""Finding a key and going back in a real browser: one step of the history a page or key, and a tab that names both."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def find(page: Page, part: str) -> None:
    page.get_by_label("Find a key").click()
    page.keyboard.type(part)
    page.keyboard.press("Enter")


def test_back_returns_the_key_and_the_page_that_were_seen(server, page: Page):
    page.goto(server.url)
    expect(page.get_by_text(re.compile("keys served"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    find(page, "aap")
    expect(page).to_have_title("AAPL/d1 · Performance · Ensemble Desk")
    expect(page.get_by_text("AAPL/d1 live: 20121231").first).to_be_visible()
    steps = page.evaluate("history.length")
    find(page, "gspc")
    expect(page).to_have_title("^GSPC/d1 · Performance · Ensemble Desk")
    expect(page).to_have_url(re.compile(r"/performance\?key=%5EGSPC%2Fd1$"))
    page.get_by_role("link", name="Drift").click()
    expect(page).to_have_title("^GSPC/d1 · Drift · Ensemble Desk")
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    assert page.evaluate("history.length") == steps + 2
    page.go_back()
    expect(page).to_have_title("^GSPC/d1 · Performance · Ensemble Desk")
    page.go_back()
    expect(page).to_have_title("AAPL/d1 · Performance · Ensemble Desk")
    expect(page.get_by_text("AAPL/d1 live: 20121231").first).to_be_visible()
    icon = page.locator("link[rel='shortcut icon'], link[rel='icon']").first.get_attribute("href")
    assert icon.startswith(("data:image/svg", "/media", server.url))
