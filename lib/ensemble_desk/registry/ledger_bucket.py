"""A copy of the ledger in a bucket: each addition is one object that is created and never changed.

An object is named by the byte of the ledger that it begins at. Where the bucket has an object lock, nobody can take a
line back. Only the holder of the ledger's own lock appends, so two objects never begin at the same byte.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ensemble_desk.artifacts.store.bucket import Bucket, Object
from ensemble_desk.errors import LedgerError, StoreError

_DIGITS = 20


@dataclass(slots=True)
class LedgerBucket:
    """The copy at an address; `size_bytes` is how much of the ledger it holds."""

    url: str
    size_bytes: int = 0

    def catch_up(self, ledger: Path) -> None:
        """Append what the ledger holds and the copy does not. Raises LedgerError."""
        objects = self._objects()
        self.size_bytes = int(objects[-1].name) + objects[-1].size_bytes if objects else 0
        try:
            with ledger.open("rb") as opened:
                opened.seek(self.size_bytes)
                missing = opened.read()
                is_shorter = ledger.stat().st_size < self.size_bytes
        except OSError as error:
            raise LedgerError(str(ledger), f"cannot be read ({error.strerror})") from error
        if is_shorter:
            raise LedgerError(self.url, f"holds more than {ledger}, which was cut. Run: desk registry verify")
        if missing:
            self.append(missing)

    def append(self, data: bytes) -> None:
        """Add bytes at the end. Raises LedgerError."""
        try:
            Bucket(self.url).create(f"{self.size_bytes:0{_DIGITS}d}", data)
        except FileExistsError as error:
            raise LedgerError(self.url, "is written by another ledger as well") from error
        except StoreError as error:
            raise LedgerError(self.url, error.problem) from error
        self.size_bytes += len(data)

    def lines(self) -> Iterator[bytes]:
        """Give every line, with its end. Raises LedgerError."""
        bucket = Bucket(self.url)
        try:
            whole = b"".join(bucket.read(one.name) or b"" for one in self._objects())
        except StoreError as error:
            raise LedgerError(self.url, error.problem) from error
        yield from whole.splitlines(keepends=True)

    def fetch(self, ledger: Path) -> None:
        """Write the ledger anew from the copy, where it is not there. Raises LedgerError."""
        lines = list(self.lines())
        if ledger.exists() or not lines:
            return
        try:
            ledger.parent.mkdir(parents=True, exist_ok=True)
            with ledger.open("xb") as opened:
                opened.writelines(lines)
        except OSError as error:
            raise LedgerError(str(ledger), f"cannot be written ({error.strerror})") from error

    def set_aside(self, stamp: str) -> None:
        """Keep what is there under another name, so that a ledger can begin anew. Raises LedgerError."""
        bucket = Bucket(self.url)
        try:
            for one in self._objects():
                bucket.create(f"before-{stamp}/{one.name}", bucket.read(one.name) or b"")
                bucket.delete(one.name)
        except StoreError as error:
            raise LedgerError(self.url, error.problem) from error

    def _objects(self) -> list[Object]:
        try:
            return [one for one in Bucket(self.url).all() if one.name.isdecimal() and len(one.name) == _DIGITS]
        except StoreError as error:
            raise LedgerError(self.url, error.problem) from error
