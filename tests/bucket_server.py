"""A real server of buckets (SeaweedFS) for tests, and a way to it that can be cut."""

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import SystemRandom

LOCKED = (
    b'<ObjectLockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><ObjectLockEnabled>Enabled'
    b"</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>1</Days></DefaultRetention></Rule>"
    b"</ObjectLockConfiguration>"
)
IDENTITIES = {
    "identities": [
        {
            "name": "desk",
            "credentials": [{"accessKey": "desk-key", "secretKey": "desk-secret-0123456789"}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        },
        {
            "name": "reader",
            "credentials": [{"accessKey": "reader-key", "secretKey": "reader-secret-0123456789"}],
            "actions": ["Read", "List"],
        },
        {"name": "anonymous", "actions": ["Admin"]},
    ]
}


@dataclass
class BucketServer:
    """The running server; `environment` is what a program needs to use it."""

    port: int
    n_given: int = 0
    _there: set[str] = field(default_factory=set)
    _names: threading.Lock = field(default_factory=threading.Lock)

    def environment(self, who: str = "desk", *, port: int | None = None, secret: str | None = None) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port or self.port}",
            "AWS_ACCESS_KEY_ID": f"{who}-key",
            "AWS_SECRET_ACCESS_KEY": secret or f"{who}-secret-0123456789",
            "AWS_REGION": "us-east-1",
        }

    def new_bucket(self, *, locked: bool = False) -> str:
        """Give an address of its own below a bucket; each bucket of this server takes room for itself."""
        name = "locked" if locked else "models"
        with self._names:
            self.n_given += 1
            if name not in self._there:
                self._put(name, {"x-amz-bucket-object-lock-enabled": "true"} if locked else {})
                if locked:
                    self._put(f"{name}?object-lock", {}, LOCKED)
                self._there.add(name)
        return f"s3://{name}/desk-{self.n_given}"

    def _put(self, path: str, headers: dict[str, str], data: bytes | None = None) -> None:
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}/{path}", method="PUT", headers=headers, data=data)
        with urllib.request.urlopen(asked, timeout=10):  # noqa: S310 - the same
            pass


@contextlib.contextmanager
def running(folder: Path) -> Iterator[BucketServer]:
    """Start a server on ports that are free; its log stays in the folder."""
    s3, master, volume, filer = _free_ports(4)
    (folder / "data").mkdir()
    (folder / "s3.json").write_text(json.dumps(IDENTITIES))
    options = {
        "-ip": "127.0.0.1",
        "-ip.bind": "127.0.0.1",
        "-dir": folder / "data",
        "-volume.max": 50,
        "-master.volumeSizeLimitMB": 64,
        "-s3.port": s3,
        "-s3.port.iceberg": 0,
        "-s3.port.lance": 0,
        "-s3.config": folder / "s3.json",
        "-master.port": master,
        "-volume.port": volume,
        "-filer.port": filer,
    }
    weed = Path(sys.executable).with_name("weed")  # of the installation that runs the tests
    command = [weed, f"-logdir={folder}", "server", "-s3", *(f"{name}={value}" for name, value in options.items())]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            server = BucketServer(s3)
            _wait(server, process, folder / "log")
            yield server
        finally:
            process.kill()  # asked nicely it takes ten seconds, and nothing of it is kept
            process.wait(timeout=20)


@contextlib.contextmanager
def way_to(port: int) -> Iterator["Way"]:
    """A port of its own that leads to another one."""
    way = Way(port)
    way.open()
    try:
        yield way
    finally:
        way.cut()


class Way:
    """Passes connections on until it is cut; then nobody listens, and connections there were are closed."""

    def __init__(self, target: int) -> None:
        self._target, self.port = target, _free_ports(1)[0]
        self._sockets: list[socket.socket] = []
        self._listening: socket.socket | None = None

    def open(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def cut(self) -> None:
        if self._listening is not None:
            self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
        self._listening = None
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._sockets.clear()

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listening.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                self._sockets += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=_pass_on, args=(source, sink), daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def _wait(server: BucketServer, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            server._put("models", {})
            server._there.add("models")
        except (OSError, urllib.error.URLError):
            if process.poll() is not None or time.monotonic() > until:
                raise AssertionError(log.read_text(errors="replace")[-4000:]) from None
            time.sleep(0.2)
        else:
            return


def _free_ports(n: int) -> list[int]:
    """Ports that are free, also ten thousand further, where the server talks to itself."""
    found: list[int] = []
    while len(found) < n:
        port = SystemRandom().randrange(21_000, 31_000)
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            for one in (port, port + 10_000):
                held.enter_context(contextlib.closing(socket.create_server(("127.0.0.1", one))))
            if port not in found:
                found.append(port)
    return found
