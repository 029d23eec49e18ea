"""Take the pictures of README and docs from the running demo: `make pictures`, or with the folder of trained models.

They are taken as they are: nothing is drawn over. A page that changed shows in the pictures after the next run.
"""

import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

DOCS = Path(__file__).parent
ROOT = DOCS.parent
WIDTH, HEIGHT = 1440, 900
MOST_BYTES = 120_000
QUIET = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


@dataclass(frozen=True, slots=True)
class Picture:
    name: str  # of the file, without its end
    address: str
    scheme: str  # light | dark


PICTURES = (
    Picture("overview-light", "", "light"),
    Picture("performance-light", "performance?key=AAPL%2Fd1&of=Every+version", "light"),
    Picture("predict-dark", "predict?key=AAPL%2Fd1&horizon=1W", "dark"),
    Picture("drift-light", "drift?key=AAPL%2Fd1", "light"),
    Picture("rollback-dark", "rollback?key=AAPL%2Fd1&target=20120928", "dark"),
)


def main() -> None:
    if len(sys.argv) > 1:
        take(Path(sys.argv[1]).resolve())
        return
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder) / "models"
        subprocess.run([sys.executable, "-m", "ensemble_desk", "demo"], cwd=ROOT, env=environment(models), check=True)
        take(models)


def take(models: Path) -> None:
    """Serve these models and write every picture."""
    with served(models) as address, sync_playwright() as playwright:
        program = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        for picture in PICTURES:
            content = smallest(shot(browser, f"{address}/{picture.address}", scheme=picture.scheme))
            (DOCS / f"{picture.name}.webp").write_bytes(content)
            print(f"docs/{picture.name}.webp: {len(content) / 1024:.0f} KiB")  # noqa: T201 - it is a command
        browser.close()


def shot(browser: Browser, address: str, *, scheme: str) -> bytes:
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    for _ in range(2):  # the second visit finds outcomes read, and what the first one dismissed is gone
        page.goto(address)
        settle(page)
        while page.get_by_role("button", name="Got it").count():
            page.get_by_role("button", name="Got it").first.click()
            settle(page)
    content = page.screenshot()
    context.close()
    return content


def settle(page: Page) -> None:
    """Wait until the page has run and its charts are drawn."""
    page.locator("h1").first.wait_for(timeout=120_000)
    page.get_by_test_id("stStatusWidget").wait_for(state="detached", timeout=120_000)
    page.wait_for_timeout(2_500)  # a page may run again once what it reads beside itself is there


def smallest(png: bytes) -> bytes:
    """Bring a picture below the limit, as little worse as that takes."""
    for quality in (85, 75, 65, 50):
        written = io.BytesIO()
        Image.open(io.BytesIO(png)).convert("RGB").save(written, "WEBP", quality=quality, method=6)
        if written.tell() <= MOST_BYTES:
            break
    return written.getvalue()


@contextmanager
def served(models: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--server.headless=true"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(models), stdout=subprocess.DEVNULL)  # noqa: S603
    try:
        wait(f"http://localhost:{port}", process)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):  # noqa: S310 - a local address
                return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    sys.exit("The dashboard did not start, so no picture was taken.")


def environment(models: Path) -> dict[str, str]:
    return os.environ | {"DESK_MODELS_URL": str(models), "DESK_DATABASE_URL": "", "DESK_ACTOR": "ann"}


if __name__ == "__main__":
    main()
