"""Tables of FlatBuffers (https://flatbuffers.dev/internals), read within bounds: no offset leads outside."""

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.artifacts.safe_loading.allow_list.recipes import MalformedError

_OFFSET_BYTES = 4
_READINGS = 4  # how often all bytes may be read: lists and texts can be shared, and so unfold without end


class Budget:
    """How many bytes of lists and texts may still be read of one buffer."""

    def __init__(self, n_bytes: int) -> None:
        self._left = n_bytes

    def take(self, n_bytes: int) -> None:
        self._left -= n_bytes
        if self._left < 0:
            raise MalformedError(problem="the lists in a booster hold more than the booster")


class Table:
    """One table at a position of the buffer; its fields are asked for by their number in the schema."""

    def __init__(self, data: bytes, at: int, budget: Budget) -> None:
        self._data, self._at, self._budget = data, at, budget
        self._fields = at - _unpack("<i", data, at)
        self._size = _unpack("<H", data, self._fields)

    def scalar(self, field: int, kind: str, default: Any) -> Any:
        """Give a number in the notation of `struct`, such as ``<d``."""
        at = self._position(field)
        return default if at is None else _unpack(kind, self._data, at)

    def text(self, field: int) -> str:
        """Give a text, '' when it is left out."""
        at = self._position(field)
        return "" if at is None else self._text(at)

    def numbers(self, field: int, kind: Any) -> NDArray[Any]:
        """Give a vector of numbers; empty when it is left out."""
        at = self._position(field)
        if at is None:
            return np.zeros(0, dtype=kind)
        begin, count = self._vector(at, np.dtype(kind).itemsize)
        return np.frombuffer(self._data, kind, count, begin)

    def table(self, field: int) -> "Table | None":
        at = self._position(field)
        return None if at is None else Table(self._data, self._followed(at), self._budget)

    def tables(self, field: int) -> list["Table"]:
        """Give a vector of tables."""
        at = self._position(field)
        if at is None:
            return []
        begin, count = self._vector(at, _OFFSET_BYTES)
        places = range(begin, begin + count * _OFFSET_BYTES, _OFFSET_BYTES)
        return [Table(self._data, self._followed(place), self._budget) for place in places]

    def length(self, field: int) -> int:
        """Give how many items a vector of anything has."""
        at = self._position(field)
        return 0 if at is None else self._vector(at, 1)[1]

    def _position(self, field: int) -> int | None:
        entry = 4 + 2 * field
        if entry + 2 > self._size:
            return None
        offset = _unpack("<H", self._data, self._fields + entry)
        return self._at + offset if offset else None

    def _followed(self, at: int) -> int:
        return at + int(_unpack("<I", self._data, at))

    def _vector(self, at: int, item_bytes: int) -> tuple[int, int]:
        begin = self._followed(at)
        count = int(_unpack("<I", self._data, begin))
        begin += _OFFSET_BYTES
        if count * item_bytes > len(self._data) - begin:
            raise MalformedError(problem="a list in a booster is longer than the booster")
        self._budget.take(count * item_bytes)
        return begin, count

    def _text(self, at: int) -> str:
        begin, count = self._vector(at, 1)
        return self._data[begin : begin + count].decode()


def root(data: bytes) -> Table:
    """Give the table that a buffer begins with; an offset outside raises MalformedError, as everywhere here."""
    return Table(data, _unpack("<I", data, 0), Budget(_READINGS * len(data)))


def _unpack(kind: str, data: bytes, at: int) -> Any:
    if not 0 <= at <= len(data) - struct.calcsize(kind):
        raise MalformedError(problem="an offset in a booster leads outside of it")
    return struct.unpack_from(kind, data, at)[0]
