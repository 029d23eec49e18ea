"""The 2 a.m. journey in a real browser: see what is live, go back, have it proven, and nothing undoes it."""

import json
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]

HOLDER = """
import sys
from ensemble_desk.loader import get_production_ensemble_with_trained_weights
from ensemble_desk.market.keys import Key
from ensemble_desk.sources.sample import SampleSource

bars = SampleSource().bars(Key("AAPL", "d1")).frame
ensemble = get_production_ensemble_with_trained_weights("AAPL", "d1")
for _ in sys.stdin:
    print(ensemble.predict(bars)["version"], flush=True)
"""


class Holder:
    """Another process that got the ensemble once and keeps it."""

    def __init__(self, environment):
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER],
            cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.watchdog = threading.Timer(120, self.process.kill)
        self.watchdog.start()

    def serves(self):
        self.process.stdin.write("predict\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def close(self):
        self.watchdog.cancel()
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()


@pytest.fixture
def holder(server):
    process = Holder(server.environment)
    yield process
    process.close()


def choose(page: Page, version: str) -> None:
    page.get_by_role("radiogroup", name="Go back to").get_by_text(version, exact=True).click()


def jobs(server, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "ensemble_desk", *arguments, "--json"],
        cwd=ROOT, env=server.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_from_the_overview_to_a_proven_rollback_in_four_interactions(server, page: Page, holder):
    assert holder.serves() == "20121231"
    page.goto(server.url)
    expect(page.get_by_text(re.compile("keys served"))).to_be_visible()

    page.get_by_role("link", name="Not rehearsed").first.click()  # first interaction: the way back of the first row
    expect(page.get_by_text("AAPL/d1 live: 20121231").first).to_be_visible()
    choose(page, "20120928")  # second
    expect(page.get_by_text(re.compile("Preflight of 20120928 passed"))).to_be_visible()
    button = page.get_by_role("button", name="Roll back AAPL/d1 to 20120928")
    expect(button).to_be_enabled()  # the form stands: until then the first reason on the page is another form's
    page.get_by_label("Reason").first.fill("confidence collapsed after the retrain")  # third
    button.click()  # fourth

    expect(page.get_by_text(re.compile("The loader now serves 20120928"))).to_be_visible()
    assert holder.serves() == "20120928"
    row = jobs(server, "registry", "production", "AAPL", "d1")
    assert (row["version"], row["mode"]) == ("20120928", "pinned")
    assert row["reason"] == "confidence collapsed after the retrain"

    trained = jobs(server, "train", "--symbol", "AAPL", "--timeframe", "d1", "--as-of", "2013-02-28")
    assert "20130228" in json.dumps(trained)
    assert holder.serves() == "20120928"
    page.reload()
    expect(page.get_by_text(re.compile("20130228 waits")).first).to_be_visible()
    assert jobs(server, "registry", "verify") == []


def test_an_empty_reason_changes_nothing(reading_server, page: Page):
    page.goto(f"{reading_server.url}/rollback?key=AAPL%2Fd1")
    choose(page, "20120928")
    page.get_by_role("button", name="Roll back AAPL/d1 to 20120928").click()
    expect(page.get_by_text("To roll back takes a reason.")).to_be_visible()
    assert jobs(reading_server, "registry", "production", "AAPL", "d1")["version"] == "20121231"
