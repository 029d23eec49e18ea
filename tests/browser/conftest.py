"""A real server on a copy of the trained folder, and a real Chromium in front of it."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Server:
    url: str
    folder: Path
    environment: dict[str, str]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            pytest.fail(f"the server stopped: {log.read_text('utf-8')[-2000:]}")
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1) as answer:  # noqa: S310 - a local address
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the server did not become healthy: {log.read_text('utf-8')[-2000:]}")


LOGS: list[Path] = []  # of the servers that run


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Beside what the browser saw stands what the servers wrote."""
    report = yield
    if report.failed:
        report.sections += [(f"log of {log.parent.name}", log.read_text("utf-8")[-6000:]) for log in LOGS]
    return report


@contextmanager
def serving(
    folder: Path, *, address: str = "localhost", options: Sequence[str] = (), port: int | None = None, **settings: str
) -> Iterator[Server]:
    port, log = port or free_port(), folder.parent / "server.log"
    environment = os.environ | {"DESK_MODELS_URL": str(folder), "DESK_DATABASE_URL": ""} | settings
    command = [
        sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port),
        "--server.address", address, "--server.headless", "true", *options,
    ]  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        LOGS.append(log)
        try:
            server = Server(f"http://localhost:{port}", folder, environment)
            wait_until_healthy(server.url, process, log)
            yield server
        finally:
            LOGS.remove(log)
            process.terminate()
            process.wait(timeout=20)


@pytest.fixture
def server(trained_folder: Path, tmp_path: Path) -> Iterator[Server]:
    """A fresh server nobody has visited, on its own copy of the trained folder."""
    folder = tmp_path / "trained_models"
    shutil.copytree(trained_folder, folder)
    with serving(folder) as running:
        yield running


@pytest.fixture(scope="session")
def reading_server(trained_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that change nothing."""
    folder = tmp_path_factory.mktemp("read") / "trained_models"
    shutil.copytree(trained_folder, folder)
    with serving(folder) as running:
        yield running


expect.set_options(timeout=60_000)  # a cold server on a busy machine imports for a while


def expect_may_act(page: Page, *, may: bool) -> None:
    """On the page Rollback: everybody reads, and its buttons work for who may act."""
    button = page.get_by_role("button", name="Rehearse now")
    if may:
        expect(button).to_be_enabled()
    else:
        expect(button).to_be_disabled()


def chromium_path() -> str | None:
    return os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = chromium_path()
        if path is None and not Path(playwright.chromium.executable_path).exists():
            message = "no Chromium: install the package chromium, or run `playwright install chromium`"
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)
        launched = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 1100})
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()
