"""Which code and libraries a preflight ran with: one digest, so that a result is known to be of this code."""

import functools
import hashlib
from importlib import metadata
from pathlib import Path

_LIB = Path(__file__).resolve().parent.parent
_ROOMS = ("market", "ensemble", "artifacts", "registry")
_LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "arch", "prophet")


@functools.lru_cache(maxsize=1)
def digest() -> str:
    """Twelve hex digits that change with any source of these rooms, or with a library that versions are made of."""
    total = hashlib.sha256()
    for path in sorted(path for room in _ROOMS for path in (_LIB / room).rglob("*.py")):
        total.update(path.relative_to(_LIB).as_posix().encode())
        total.update(path.read_bytes())
    for library in _LIBRARIES:
        total.update(f"{library} {_installed(library)}".encode())
    return total.hexdigest()[:12]


def _installed(library: str) -> str:
    found = next(iter(metadata.distributions(name=library)), None)
    return "not installed" if found is None else found.version
