"""Every page in both themes and on screens of three widths: accessible, still, quiet, and asking no other host.

One visit of each page shows it in all of them. The pictures are left in build/screens, for whoever wants to look.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from tests.browser.conftest import ROOT, serving

from ensemble_desk.forecasting import outcomes, replay
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import daily
from ensemble_desk.registry import opening
from ensemble_desk.settings import Settings

pytestmark = pytest.mark.browser

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
SCREENS = ROOT / "build" / "screens"
WIDTHS, HEIGHT = {1440: True, 1024: False, 390: True}, 1000  # whether axe looks as well
PAGES = {
    "overview": "",
    "versions": "versions",
    "version": "versions?view=One+version&key=AAPL%2Fd1",
    "comparison": "versions?view=Compare+two&key=AAPL%2Fd1",
    "timeline": "versions?view=Timeline&key=AAPL%2Fd1",
    "performance": "performance?key=AAPL%2Fd1",
    "validated": "performance?key=AAPL%2Fd1&told=As+validated",
    "predict": "predict?key=AAPL%2Fd1",
    "drift": "drift?key=AAPL%2Fd1",
    "rollback": "rollback?key=AAPL%2Fd1&target=20120928",
    "training runs": "training_runs",
    "activity": "activity",
    "move": "move?id=1",
}
ASK_AXE = """
async options => (await axe.run(options)).violations.flatMap(rule => rule.nodes.map(node => {
  const message = [...node.any, ...node.all, ...node.none].map(one => one.message)[0] || '';
  return `${rule.id} (${rule.impact}): ${node.target}: ${node.html.slice(0, 200)} ${message.slice(0, 160)}`;
}))
"""
SMALL_HELP = """
[...document.querySelectorAll('[data-testid=stTooltipHoverTarget] > button:not([data-testid])')].filter(one => {
  const {width, height} = one.getBoundingClientRect();
  return width && (width < 24 || height < 24) || !one.ariaLabel;
}).map(one => `help without a name, or smaller than 24 pixels: ${one.outerHTML.slice(0, 200)}`)
"""
# Streamlit asks below the page's own path first, and above it once that is not there.
PROBED = re.compile(r"/_stcore/(health|host-config)$")
MOST_SHIFTED = 0.05  # of a page's own parts while it loads; 0.1 is what browsers' makers call good
WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) {
    const ours = entry.sources.filter(source => source.node && source.node.closest
        && source.node.closest('[data-testid=stMainBlockContainer]') && source.previousRect.x === source.currentRect.x);
    if (ours.length && !entry.hadRecentInput) window.shifts.push(entry.value);
  }
}).observe({type: 'layout-shift', buffered: true});
"""


@pytest.fixture(scope="module")
def measured(trained_folder, tmp_path_factory) -> Iterator[str]:
    """A server on versions of which two keys have had their later bars replayed and scored."""
    folder = tmp_path_factory.mktemp("measured") / "trained_models"
    shutil.copytree(trained_folder, folder)
    with opening.open_registry(Settings(models_url=str(folder), database_url="")) as registry:
        for key in (Key("AAPL", "d1"), Key("IBM", "d1")):
            replay.run(registry, key)
        outcomes.mature(registry)
        daily.record(registry)
    with serving(folder) as server:
        yield server.url


@pytest.fixture(scope="module")
def visit(browser: Browser) -> Iterator["Visit"]:
    visitor = Visit(browser)
    yield visitor
    visitor.context.close()


class Visit:
    """One visitor whose browser's requests and complaints are written down."""

    def __init__(self, browser: Browser):
        self.context = browser.new_context(viewport={"width": 1440, "height": HEIGHT})
        self.context.set_default_timeout(60_000)
        self.context.add_init_script(WATCH_SHIFTS)
        self.hosts: set[str] = set()
        self.complaints: list[str] = []
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        self.page.on("websocket", lambda socket: self.hosts.add(urlsplit(socket.url).netloc))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._said)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not PROBED.search(message.location.get("url", "")):
            self.complaints.append(f"{message.text} ({message.location.get('url')})")

    def settle(self) -> None:
        expect(self.page.locator("h1").first).to_be_visible()
        expect(self.page.get_by_test_id("stStatusWidget")).to_have_count(0)
        expect(self.page.get_by_test_id("stSkeleton")).to_have_count(0)
        self.page.wait_for_timeout(300)


def violations(page: Page, **options: object) -> list[str]:
    """What axe finds at any impact."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: list[str] = page.evaluate(ASK_AXE, {"resultTypes": ["violations"], **options})
    return found


def whole_height(page: Page) -> int:
    return int(page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight"))


def look(page: Page, name: str) -> list[str]:
    """Show the page in all themes and widths, keep the pictures, and tell what is wrong."""
    wrong = []
    for width, is_looked_at in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.wait_for_timeout(250)
        page.set_viewport_size({"width": width, "height": max(HEIGHT, whole_height(page))})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(250)
            page.screenshot(path=SCREENS / f"{name}-{width}-{scheme}.png")
            wrong += [f"{width} {scheme}: {told}" for told in page.evaluate(SMALL_HELP)]
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                wrong.append(f"{width} {scheme}: scrolls sideways")
            if is_looked_at:  # a theme changes nothing but colours
                options = {"runOnly": ["color-contrast"]} if scheme == "dark" else {}
                wrong += [f"{width} {scheme}: {told}" for told in violations(page, **options)]
    page.set_viewport_size({"width": 1440, "height": HEIGHT})
    page.emulate_media(color_scheme="light")
    return wrong


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_still_and_asks_nobody_else(measured, visit, name):
    SCREENS.mkdir(parents=True, exist_ok=True)
    visit.complaints.clear()
    visit.page.goto(f"{measured}/{PAGES[name]}")
    visit.settle()
    expect(visit.page.get_by_test_id("stException")).to_have_count(0)
    shifted = sum(visit.page.evaluate("window.shifts"))
    assert look(visit.page, name) == []
    assert shifted <= MOST_SHIFTED
    assert visit.hosts <= {urlsplit(measured).netloc, ""}  # without a host: what the page holds itself
    assert visit.complaints == []


def test_a_result_is_said_in_a_region_that_was_there_before(measured, visit):
    visit.page.goto(f"{measured}/predict?key=AAPL%2Fd1")
    region = visit.page.get_by_role("status").filter(has_text="AAPL/d1 20121231 says")
    expect(region).to_be_attached()
    region.evaluate("region => { region.dataset.known = 'yes' }")
    visit.page.get_by_role("combobox", name="Version").click()
    visit.page.get_by_role("option", name="20120928").click()
    expect(visit.page.locator("[data-known=yes]")).to_contain_text("AAPL/d1 20120928 says")


def test_a_lost_server_is_told_in_our_words(trained_folder, tmp_path, browser: Browser):
    folder = tmp_path / "trained_models"
    shutil.copytree(trained_folder, folder)
    with serving(folder) as server:
        page = browser.new_context().new_page()
        page.goto(server.url)
        expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
        expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_contain_text("The dashboard's server does not answer")
    expect(page.get_by_text("streamlit run")).not_to_be_visible()
    page.context.close()
