"""Which code and libraries did something: one digest, so that a result is known to be of this code."""

import functools
import hashlib
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[2]
_JUDGING = ("market", "ensemble", "artifacts", "registry")
_LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "arch", "prophet")


def digest() -> str:
    """The digest of what a preflight runs with: code, and libraries that versions are made of."""
    return of(_JUDGING, _LIBRARIES)


@functools.cache
def of(rooms: Sequence[str], libraries: Sequence[str] = ()) -> str:
    """Twelve hex digits that change with any source of these rooms, under version control or not, or with a library."""
    total = hashlib.sha256()
    for path in sorted(path for room in rooms for path in (_PACKAGE / room).rglob("*.py")):
        total.update(path.relative_to(_PACKAGE).as_posix().encode())
        total.update(path.read_bytes())
    for library in libraries:
        total.update(f"{library} {_installed(library)}".encode())
    return total.hexdigest()[:12]


def _installed(library: str) -> str:
    found = next(iter(metadata.distributions(name=library)), None)
    return "not installed" if found is None else found.version
