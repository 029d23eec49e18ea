"""The dashboard as people run it, in a process of its own, and a visitor that speaks Streamlit's own protocol to it."""

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parent.parent
_FINISHED = {ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY}
_MOST_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running dashboard."""

    port: int
    process: psutil.Process

    def rss_bytes(self) -> int:
        """Memory of the server and of what it started."""
        total = 0
        for process in (self.process, *self.process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += int(process.memory_info().rss)
        return total


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Start the dashboard on a models folder and wait until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = os.environ | {"DESK_MODELS_URL": str(folder), "DESK_DATABASE_URL": "", "DESK_BARS_SOURCE": "sample"}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    log = folder.parent / "server.log"
    with log.open("wb") as output:
        started = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait_until_healthy(port, started, log)
            yield Server(port, psutil.Process(started.pid))
        finally:
            started.terminate()
            started.wait(timeout=30)


def _wait_until_healthy(port: int, started: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _MOST_SECONDS
    while time.monotonic() < until and started.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1) as answer:
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(log.read_text("utf-8", "replace")[-2_000:])


@dataclass(slots=True)
class Visit:
    """What one run of a page came to: seconds until its last message, its size, and every error it showed."""

    page: str
    seconds: float
    n_bytes: int = 0
    errors: list[str] = field(default_factory=list)


class Visitor:
    """One browser tab: a websocket, and the pages that the navigation named."""

    def __init__(self, port: int) -> None:
        self._url = f"ws://localhost:{port}/_stcore/stream"
        self._socket: ClientConnection | None = None
        self._pages: dict[str, str] = {}
        self.auto_reruns: dict[str, float] = {}

    async def __aenter__(self) -> Self:
        self._socket = await connect(self._url, subprotocols=["streamlit"], max_size=None, compression=None)  # type: ignore[list-item]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._socket is not None:
            await self._socket.close()

    async def open(self, page: str, query: str = "", fragment: str = "") -> Visit:
        """Ask for a page (or one fragment of it) the way a browser does, and wait for the end of its script."""
        asked = BackMsg()
        asked.rerun_script.query_string = query
        asked.rerun_script.page_name = page
        asked.rerun_script.page_script_hash = self._pages.get(page, "")
        asked.rerun_script.context_info.timezone = "UTC"
        asked.rerun_script.context_info.url = "http://localhost/"
        if fragment:
            asked.rerun_script.fragment_id = fragment
            asked.rerun_script.is_auto_rerun = True
        else:
            self.auto_reruns.clear()
        visit = Visit(page, 0.0)
        began = time.perf_counter()
        assert self._socket is not None  # noqa: S101 - used inside its context only
        await self._socket.send(asked.SerializeToString())
        async with asyncio.timeout(_MOST_SECONDS):
            while not self._read(await self._socket.recv(), visit):
                pass
        visit.seconds = time.perf_counter() - began
        return visit

    def _read(self, data: Any, visit: Visit) -> bool:
        """Take one message in; True when the run has ended."""
        visit.n_bytes += len(data)
        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if kind == "navigation":
            self._pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
        elif kind == "auto_rerun":
            self.auto_reruns[message.auto_rerun.fragment_id] = message.auto_rerun.interval
        elif kind == "delta":
            visit.errors += _errors(message)
        elif kind == "page_not_found":
            visit.errors.append(f"page {visit.page} not found")
        elif kind == "script_finished":
            return message.script_finished in _FINISHED
        return False


def _errors(message: ForwardMsg) -> list[str]:
    element = message.delta.new_element
    kind = element.WhichOneof("type")
    if kind == "exception":
        return [element.exception.message]
    if kind == "alert" and element.alert.format == element.alert.ERROR:
        return [element.alert.body]
    return []
