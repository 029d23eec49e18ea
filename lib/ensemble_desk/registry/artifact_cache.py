"""Loaded versions in memory, by digest, bounded in size; safe to share between threads."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

_OVERHEAD = 2  # loaded, a version takes 0.8 to 1.0 times its file (measured); a compressed one takes more


class ArtifactCache:
    """The most recently used versions; one that does not fit at all is loaded each time."""

    def __init__(self, *, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[int, Mapping[str, Any]]] = OrderedDict()
        self._size_bytes = 0
        self._loading: dict[str, threading.Lock] = {}

    @property
    def size_bytes(self) -> int:
        """Memory that the kept versions are counted as."""
        return self._size_bytes

    def get(self, digest: str, load: Callable[[], tuple[int, Mapping[str, Any]]]) -> Mapping[str, Any]:
        """Give the version with this digest; ``load`` gives its file size and content, once for threads at a time."""
        found = self._find(digest)
        if found is not None:
            return found
        with self._lock:
            turn = self._loading.setdefault(digest, threading.Lock())
        try:
            with turn:
                found = self._find(digest)
                if found is not None:
                    return found
                size_bytes, content = load()
                self._keep(digest, size_bytes * _OVERHEAD, content)
                return content
        finally:
            with self._lock:
                self._loading.pop(digest, None)

    def forget(self, *digests: str | None) -> None:
        """Drop a version that must not be served any more, by the digests of its artifact and its serving form."""
        with self._lock:
            for digest in digests:
                size_bytes, _ = self._kept.pop(digest or "", (0, {}))
                self._size_bytes -= size_bytes

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._size_bytes = 0

    def _find(self, digest: str) -> Mapping[str, Any] | None:
        with self._lock:
            if digest not in self._kept:
                return None
            self._kept.move_to_end(digest)
            return self._kept[digest][1]

    def _keep(self, digest: str, size_bytes: int, content: Mapping[str, Any]) -> None:
        with self._lock:
            if size_bytes > self._max_bytes:
                return
            replaced, _ = self._kept.pop(digest, (0, {}))
            self._size_bytes -= replaced
            self._kept[digest] = (size_bytes, content)
            self._size_bytes += size_bytes
            while self._size_bytes > self._max_bytes:
                _, (dropped, _) = self._kept.popitem(last=False)
                self._size_bytes -= dropped
