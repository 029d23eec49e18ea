"""Messages between a program and its examiner: JSON and raw bytes, never a pickle of anything."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

MOST_TOLD_BYTES = 2**24  # of JSON; what a version tells beside its models is some 100 KiB
_SIZE_BYTES = 8


class CutOffError(Exception):
    """The other side is gone, or does not keep to the form."""


def send(stream: BinaryIO, told: Mapping[str, Any], *parts: bytes) -> None:
    """Write one message; raises OSError when nobody reads."""
    text = json.dumps({"told": dict(told), "sizes": [len(part) for part in parts]}, allow_nan=False).encode()
    stream.write(len(text).to_bytes(_SIZE_BYTES, "little"))
    stream.write(text)
    stream.writelines(parts)
    stream.flush()


def receive(stream: BinaryIO, *, most_bytes: int) -> tuple[dict[str, Any], Sequence[bytes]]:
    """Read one message whose parts are at most ``most_bytes`` together; raises CutOffError."""
    size = int.from_bytes(_exactly(stream, _SIZE_BYTES), "little")
    if size > 2 * MOST_TOLD_BYTES:
        raise CutOffError
    message = json.loads(_exactly(stream, size))
    sizes = message["sizes"]
    if not all(type(size) is int and size >= 0 for size in sizes) or sum(sizes) > most_bytes:
        raise CutOffError
    return message["told"], [_exactly(stream, size) for size in sizes]


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise CutOffError
    return data
