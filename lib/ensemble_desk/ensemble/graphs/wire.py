"""Protocol Buffers as they lie in a file (https://protobuf.dev/programming-guides/encoding), read within bounds."""

from collections.abc import Iterator

_VARINT, _EIGHT_BYTES, _COUNTED, _FOUR_BYTES = 0, 1, 2, 5
_MOST_VARINT_BYTES = 10
_FIXED = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}
_NUMBERS = range(1, 2**29)  # what is more, other readers cut off to another number


class WireError(ValueError):
    """The bytes are no message."""


def fields(data: memoryview) -> Iterator[tuple[int, int | bytes | memoryview]]:
    """Give every field of a message: its number, and a whole number, a view, or ``bytes`` of a fraction.

    Other readers pass over a field whose kind is not the one they know of its number, so nothing here takes one for
    another.

    Raises
    ------
    WireError
        When the bytes break off or hold what no message does.
    """
    at = 0
    while at < len(data):
        head, at = _varint(data, at)
        number, kind = head >> 3, head & 7
        if number not in _NUMBERS:
            message = "it holds a field of no known number"
            raise WireError(message)
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if kind == _COUNTED:
            size, at = _varint(data, at)
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            message = "it holds a field of no known kind"
            raise WireError(message)
        if size > len(data) - at:
            message = "it breaks off"
            raise WireError(message)
        yield number, data[at : at + size] if kind == _COUNTED else bytes(data[at : at + size])
        at += size


def whole_numbers(held: int | bytes | memoryview) -> Iterator[int]:
    """Give the signed whole numbers of a repeated field: one, or many packed into bytes."""
    if isinstance(held, int):
        yield _signed(held)
        return
    packed, at = inner(held), 0
    while at < len(packed):
        value, at = _varint(packed, at)
        yield _signed(value)


def text(held: int | bytes | memoryview) -> str:
    """Give a text; raises WireError for a field that holds none."""
    return str(inner(held), "utf-8", "replace")


def inner(held: int | bytes | memoryview) -> memoryview:
    """Give the bytes of a field; raises WireError for a field that holds a number."""
    if not isinstance(held, memoryview):
        message = "a part of it is a number where bytes belong"
        raise WireError(message)
    return held


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for position in range(_MOST_VARINT_BYTES):
        if at + position >= len(data):
            break
        byte = data[at + position]
        value |= (byte & 127) << (7 * position)
        if byte < 128:  # noqa: PLR2004 - the highest bit says that more follow
            return value, at + position + 1
    message = "a number in it breaks off"
    raise WireError(message)


def _signed(value: int) -> int:
    value &= 2**64 - 1
    return value - 2**64 if value >= 2**63 else value
