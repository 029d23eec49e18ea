"""Finding a key and going back in a real browser: one step of the history a page or key, and a tab that names both."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def find(page: Page, part: str) -> None:
    page.get_by_label("Find a key").click()
    page.keyboard.type(part)
    page.keyboard.press("Enter")


def test_back_returns_the_key_and_the_page_that_were_seen(reading_server, page: Page):
    page.goto(reading_server.url)
    expect(page.get_by_text(re.compile("keys served"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    steps = page.evaluate("history.length")
    find(page, "aap")
    expect(page).to_have_title("AAPL/d1 · Performance · Ensemble Desk")
    expect(page.get_by_text("AAPL/d1 live: 20121231").first).to_be_visible()
    assert page.evaluate("history.length") == steps + 1
    find(page, "gspc")
    expect(page).to_have_title("^GSPC/d1 · Performance · Ensemble Desk")
    expect(page).to_have_url(re.compile(r"/performance\?key=%5EGSPC%2Fd1$"))
    page.get_by_role("link", name="Drift").click()
    expect(page).to_have_title("^GSPC/d1 · Drift · Ensemble Desk")
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    assert page.evaluate("history.length") == steps + 3
    page.go_back()
    expect(page).to_have_title("^GSPC/d1 · Performance · Ensemble Desk")
    page.go_back()
    expect(page).to_have_title("AAPL/d1 · Performance · Ensemble Desk")
    expect(page.get_by_text("AAPL/d1 live: 20121231").first).to_be_visible()
    page.go_back()
    expect(page).to_have_title("Overview · Ensemble Desk")
    expect(page.get_by_text(re.compile("keys served"))).to_be_visible()
    icon = page.locator("link[rel='shortcut icon'], link[rel='icon']").first.get_attribute("href")
    assert icon.startswith(("data:image/svg", "/media", reading_server.url))


@pytest.mark.parametrize("pressed", ["/", "Control+k"])
def test_a_key_of_the_keyboard_leads_to_the_search(reading_server, page: Page, pressed):
    page.goto(f"{reading_server.url}/drift?key=AAPL%2Fd1")
    box = page.get_by_label("Find a key")
    expect(box).to_be_enabled()
    expect(page.get_by_role("heading", name="Drift")).to_be_visible()
    expect(box).not_to_be_focused()
    page.keyboard.press(pressed)
    expect(box).to_be_focused()
    page.keyboard.type("gspc")
    page.keyboard.press("Enter")
    expect(page).to_have_title("^GSPC/d1 · Drift · Ensemble Desk")


def test_what_is_typed_into_a_field_stays_there(reading_server, page: Page):
    page.goto(reading_server.url)
    field = page.get_by_label("Filter")
    field.click()
    page.keyboard.type("a/p")
    expect(field).to_be_focused()
    expect(field).to_have_value("a/p")


def test_on_a_phone_the_menu_makes_room_for_the_page_it_led_to(reading_server, page: Page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(reading_server.url)
    link = page.get_by_test_id("stSidebar").get_by_role("link", name="Drift")
    page.get_by_test_id("stExpandSidebarButton").click()
    expect(link).to_be_in_viewport()
    link.click()
    expect(page.get_by_role("heading", name="Drift", exact=True)).to_be_visible()
    expect(link).not_to_be_in_viewport()
    page.keyboard.press("/")
    expect(page.get_by_label("Find a key")).to_be_focused()
    page.keyboard.type("ibm")
    page.keyboard.press("Enter")
    expect(page).to_have_title("IBM/d1 · Drift · Ensemble Desk")
    expect(link).not_to_be_in_viewport()
