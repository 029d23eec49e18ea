"""The ledger: a file outside of the database, append-only, that tells line by line what the registry decided.

Each line is a JSON object with its number, a kind, what it tells, the hash of the line before and its own hash. A
transaction writes its lines before it commits (fsync), and ``committed`` after it has. Whoever dies in between leaves
lines of which nobody knows; the next writer asks the database, which alone decides, and writes down what it said:
``committed`` or ``abandoned``. A line that was cut off stays, followed by one of the kind ``torn``.
"""

import errno
import hashlib
import json
import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from ensemble_desk.artifacts.store import locking
from ensemble_desk.artifacts.store.locking import flag
from ensemble_desk.errors import LedgerError
from ensemble_desk.registry.ledger_bucket import LedgerBucket

COMMITTED, ABANDONED, TORN = "committed", "abandoned", "torn"
_PATIENCE_SECONDS = 30.0
_BLOCK = 1 << 16
_ORIGIN = hashlib.sha256(b"ledger").hexdigest()


class Head(NamedTuple):
    """A line, by its number and hash; number 0 stands for none."""

    number: int
    hash: str


NONE = Head(0, _ORIGIN)


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it stands there."""

    number: int
    kind: str
    told: Mapping[str, Any]
    previous: str
    hash: str

    @property
    def head(self) -> Head:
        return Head(self.number, self.hash)


@dataclass(frozen=True, slots=True)
class Tail:
    """How a ledger ends.

    Attributes
    ----------
    last : the newest whole line.
    committed : the newest line that a transaction has committed.
    pending : the newest line of a transaction of which nobody has written down what became of it; None: there is none.
    cut : bytes after the last whole line.
    """

    last: Head = NONE
    committed: Head = NONE
    pending: Head | None = None
    cut: bytes = b""


def encoded(values: Mapping[str, Any]) -> bytes:
    """Write as canonical JSON: sorted keys, no spaces, times in UTC to the microsecond."""
    return _CANONICAL.encode(values).encode("utf-8", "surrogatepass")


def next_line(before: Head, kind: str, told: Mapping[str, Any]) -> tuple[Head, bytes]:
    """Make the line that follows another one; gives its number and hash, and its bytes with the line end."""
    body = {"n": before.number + 1, "kind": kind, "told": told, "previous": before.hash}
    own = hashlib.sha256(encoded(body)).hexdigest()
    return Head(before.number + 1, own), encoded(body | {"hash": own}) + b"\n"


def parsed(raw: bytes) -> Line | None:
    """Read a line; None when it is none, or not what its own hash says."""
    try:
        body = json.loads(raw)
        own = body.pop("hash")
        line = Line(body["n"], body["kind"], body["told"], body["previous"], own)
        sound = isinstance(line.told, dict) and hashlib.sha256(encoded(body)).hexdigest() == own
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return line if sound else None


def tail(file: Path) -> Tail:
    """Read how a ledger ends, from its end; a file that is not there has no lines. Raises LedgerError."""
    try:
        with os.fdopen(_open(file, os.O_RDONLY), "rb") as opened:
            return _tail(opened)
    except FileNotFoundError:
        return Tail()
    except OSError as error:
        raise LedgerError(str(file), f"cannot be read ({error.strerror})") from error


def lines(file: Path) -> Iterator[tuple[int, bytes]]:
    """Give the lines of a ledger, each with its place from 1, without its end. Raises LedgerError."""
    try:
        with os.fdopen(_open(file, os.O_RDONLY), "rb") as opened:
            yield from enumerate(opened, start=1)
    except FileNotFoundError:
        return
    except OSError as error:
        raise LedgerError(str(file), f"cannot be read ({error.strerror})") from error


class Writer:
    """The end of a ledger while nobody else may append to it."""

    def __init__(self, files: Sequence[Path], bucket: LedgerBucket | None, end: Tail) -> None:
        self._files, self._bucket = files, bucket
        self.end = end

    def planned(self, added: Sequence[tuple[str, Mapping[str, Any]]]) -> Head:
        """Say which line would be the last one of these."""
        return self._made(added)[0]

    def append(self, added: Sequence[tuple[str, Mapping[str, Any]]], *, durable: bool) -> None:
        """Append lines in one write; ``durable`` waits until a disk holds them. Raises LedgerError."""
        head, data = self._made(added)
        for file in self._files:
            _append(file, data, durable=durable)
        if self._bucket is not None:
            with nullcontext() if durable else suppress(LedgerError):  # else it follows with the next addition
                self._bucket.catch_up(self._files[0])
        self.end = Tail(head, self.end.committed, self.end.pending)

    def _made(self, added: Sequence[tuple[str, Mapping[str, Any]]]) -> tuple[Head, bytes]:
        head, made = self.end.last, []
        if self.end.cut:
            digest = hashlib.sha256(self.end.cut).hexdigest()
            head, line = next_line(head, TORN, {"size_bytes": len(self.end.cut), "sha256": digest})
            made += [b"\n", line]
        for kind, told in added:
            head, line = next_line(head, kind, told)
            made.append(line)
        return head, b"".join(made)

    def settle(self, kind: str, about: Head, *, at: datetime) -> None:
        """Write down what became of the lines up to ``about``."""
        self.append([(kind, {"number": about.number, "of": about.hash, "at": at})], durable=False)
        committed = about if kind == COMMITTED else self.end.committed
        self.end = Tail(self.end.last, committed, None)


@contextmanager
def appending(files: Sequence[Path], *, bucket_url: str = "") -> Iterator[Writer]:
    """Keep every other program from appending, until the end; ``files``: the ledger, and copies of it.

    ``bucket_url`` is where a copy in a bucket is; a transaction waits until that holds its lines, too.

    Raises LedgerError.
    """
    first = files[0]
    descriptor = _locked(first)
    try:
        for copy in files[1:]:
            _catch_up(first, copy)
        bucket = LedgerBucket(bucket_url) if bucket_url else None
        yield Writer(files, bucket, tail(first))
    finally:
        os.close(descriptor)


def _locked(file: Path) -> int:
    until = time.monotonic() + _PATIENCE_SECONDS
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _open(file, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise LedgerError(str(file), f"cannot be written ({error.strerror})") from error
    while True:
        try:
            locking.try_lock(descriptor)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EINTR) and time.monotonic() < until:
                time.sleep(0.002)
                continue
            os.close(descriptor)
            problem = "is held by another program" if error.errno == errno.EWOULDBLOCK else str(error.strerror)
            raise LedgerError(str(file), problem) from error
        return descriptor


def _append(file: Path, data: bytes, *, durable: bool) -> None:
    try:
        descriptor = _open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            before = os.fstat(descriptor).st_size
            try:
                _write(descriptor, data)
                if durable:
                    os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, before)  # a full disk took a part of it; no transaction stands on that part
                raise
        finally:
            os.close(descriptor)
    except OSError as error:
        raise LedgerError(str(file), f"cannot be written ({error.strerror})") from error


def _open(file: Path, flags: int) -> int:
    """Open a regular file; raises OSError for a pipe or a device, whose reading need not end."""
    descriptor = os.open(file, flags | flag("O_NONBLOCK"), 0o644)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "it is no regular file")


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _catch_up(file: Path, copy: Path) -> None:
    """Give a copy what the ledger holds and it does not."""
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        has = copy.stat().st_size if copy.exists() else 0
        with os.fdopen(_open(file, os.O_RDONLY), "rb") as opened:
            opened.seek(has)
            missing = opened.read()
    except OSError as error:
        raise LedgerError(str(copy), f"cannot be written ({error.strerror})") from error
    if missing:
        _append(copy, missing, durable=True)


def _tail(opened: BinaryIO) -> Tail:
    """Read from the end on, more and more, until a line is there that settles a transaction."""
    end = opened.seek(0, os.SEEK_END)
    size = _BLOCK
    while True:
        begin = max(0, end - size)
        opened.seek(begin)
        data = opened.read(end - begin)
        whole, _, cut = (data.partition(b"\n")[2] if begin else data).rpartition(b"\n")
        found, settled = _walked(whole.split(b"\n"))
        if settled or not begin:
            return Tail(found.last, found.committed, found.pending, cut)
        size *= 8


def _walked(raws: Sequence[bytes]) -> tuple[Tail, bool]:
    """Walk back through some lines; True when one of them tells of a commit."""
    last, pending, open_ones = NONE, None, True
    for raw in reversed(raws):
        line = parsed(raw)
        if line is None:
            continue
        last = last if last.number else line.head
        if line.kind == COMMITTED:
            return Tail(last, Head(int(line.told["number"]), str(line.told["of"])), pending), True
        open_ones = open_ones and line.kind != ABANDONED
        if open_ones and pending is None and line.kind != TORN:
            pending = line.head
    return Tail(last, NONE, pending), False


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    message = f"{type(value).__name__} has no place in history"
    raise TypeError(message)


_CANONICAL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain
)
