"""Copies of a bucket's objects on this machine, by digest: verified whenever they are read, bounded in size."""

import logging
import os
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ensemble_desk.artifacts import digests

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class KeptObjects:
    """A folder of contents named by their SHA-256; the least recently used go first when there are too many bytes.

    Attributes
    ----------
    folder : need not exist.
    most_bytes : what all of them may take; 0 keeps none.
    """

    folder: Path
    most_bytes: int
    _size_bytes: int = -1  # unknown
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __reduce__(self) -> tuple[type["KeptObjects"], tuple[Path, int]]:
        return KeptObjects, (self.folder, self.most_bytes)  # another process has a lock of its own

    def get(self, sha256: str) -> bytes | None:
        """Give the content with this digest; None when it is not here, or a damaged copy was (which is removed)."""
        file = self.folder / sha256
        try:
            data = file.read_bytes()
        except OSError:
            return None
        is_whole = digests.of(data) == sha256
        with suppress(OSError):
            if is_whole:
                os.utime(file)
            else:
                file.unlink()
        return data if is_whole else None

    def put(self, data: bytes) -> None:
        """Keep a content; a folder that cannot be written keeps nothing and stops nobody."""
        if len(data) > self.most_bytes:
            return
        with self._lock:
            try:
                self._write(self.folder / digests.of(data), data)
            except OSError as error:
                _log.warning("%s keeps no copies of the bucket's objects: %s", self.folder, error.strerror)

    def _write(self, file: Path, data: bytes) -> None:
        if file.exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._size_bytes < 0 or self._size_bytes + len(data) > self.most_bytes:
            self._size_bytes = self._make_room(self.most_bytes - len(data))
        descriptor, draft = tempfile.mkstemp(dir=self.folder, prefix=".")
        try:
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(data)
            Path(draft).replace(file)
        except BaseException:
            with suppress(OSError):
                Path(draft).unlink()
            raise
        self._size_bytes += len(data)

    def _make_room(self, most_bytes: int) -> int:
        """Remove what was used least recently, until no more than this is left; gives how much that is."""
        kept = []
        with os.scandir(self.folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    kept.append((status.st_mtime_ns, status.st_size, entry.path))
        size = sum(one for _, one, _ in kept)
        for _, one, path in sorted(kept):
            if size <= most_bytes:
                break
            with suppress(FileNotFoundError):
                Path(path).unlink()
            size -= one
        return size
