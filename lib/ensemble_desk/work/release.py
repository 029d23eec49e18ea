"""Which release a process runs: version, sources and Python, so that two of them can be told apart."""

import functools
import hashlib
import platform
import socket
from importlib import metadata
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


@functools.cache
def here() -> str:
    """Name what this process runs; two processes with the same name do the same to the same data."""
    sources = hashlib.sha256()
    for file in sorted(_PACKAGE.rglob("*.py")):
        sources.update(file.relative_to(_PACKAGE).as_posix().encode() + file.read_bytes())
    found = next(iter(metadata.distributions(name="ensemble-desk")), None)
    version = "not installed" if found is None else found.version
    return f"{version} ({sources.hexdigest()[:8]}, Python {platform.python_version()})"


def here_and_host() -> tuple[str, str]:
    return here(), socket.gethostname()
