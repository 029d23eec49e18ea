"""Two people at once: a page tells of moves made elsewhere, and what is being typed stays."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]


def desk(server, *arguments: str) -> None:
    command = [sys.executable, "-m", "ensemble_desk", *arguments]
    subprocess.run(command, cwd=ROOT, env=server.environment, capture_output=True, text=True, check=True)


def test_a_move_made_elsewhere_is_told_and_what_is_typed_stays(server, page: Page):
    page.goto(f"{server.url}/rollback?key=AAPL%2Fd1&target=20120629")
    expect(page.get_by_text(re.compile("Preflight of 20120629 passed"))).to_be_visible()
    reason = page.get_by_label("Reason").first
    reason.fill("half a sent")

    desk(server, "registry", "rollback", "AAPL", "d1", "--actor", "ann", "--reason", "drift")
    told = page.get_by_text(re.compile(r"ann rolled AAPL/d1 back from 20121231 to 20120928 \d+ s ago"))
    expect(told.first).to_be_visible()
    expect(reason).to_have_value("half a sent")

    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("AAPL/d1 live: 20120928").first).to_be_visible()
    expect(reason).to_have_value("half a sent")

    page.get_by_role("link", name="The last move, with its proof").click()
    expect(page).to_have_url(re.compile(r"/move\?id=\d+"))
    expect(page.get_by_text(re.compile("The loader serves 20120928 now"))).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Undo: 20121231 serves again").click()
    expect(page.get_by_text(re.compile("The loader serves 20121231 now"))).to_be_visible()

    page.get_by_role("link", name="All activity").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("rolled AAPL/d1 back from 20121231 to 20120928"))).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert "rolled AAPL/d1 back from 20121231 to 20120928,drift," in Path(download.value.path()).read_text("utf-8")
    move = page.get_by_role("link", name=re.compile("^Move ")).first
    move.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What it changed besides")).to_be_visible()
    page.go_back()
    expect(move).to_be_visible()
