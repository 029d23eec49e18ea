"""Universal Binary JSON as XGBoost writes it (https://ubjson.org), read within bounds: nothing gets larger than it."""

import struct
from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list.recipes import MalformedError

_NUMBERS = {"i": ">i1", "U": ">u1", "I": ">i2", "l": ">i4", "L": ">i8", "d": ">f4", "D": ">f8"}
_TYPES = {mark: np.dtype(name) for mark, name in _NUMBERS.items()}
_PACKED = {"i": ">b", "U": ">B", "I": ">h", "l": ">i", "L": ">q", "d": ">f", "D": ">d"}
_CONSTANTS = {"Z": None, "T": True, "F": False}
_WHOLE = frozenset("iUIlL")
_DEEPEST = 64


def read(data: bytes) -> Any:
    """Read one value, which must take up all the bytes; typed arrays become arrays of numpy that look at the bytes.

    Raises
    ------
    MalformedError
        For anything that is not well-formed, breaks off, or is nested too deeply.
    """
    reader = _Reader(data)
    found = reader.value(reader.mark(), depth=0)
    if reader.at != len(data):
        raise MalformedError(problem="a booster is followed by other bytes")
    return found


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self.at = data, 0

    def mark(self) -> str:
        return chr(self._take(1)[0])

    def value(self, mark: str, *, depth: int) -> Any:
        if depth > _DEEPEST:
            raise MalformedError(problem="a booster is nested too deeply")
        if mark in _CONSTANTS:
            return _CONSTANTS[mark]
        if mark in _PACKED:
            return self._number(mark)
        if mark == "S":
            return self._text()
        if mark == "[":
            return self._array(depth)
        if mark == "{":
            return self._object(depth)
        raise MalformedError(problem=f"a booster holds the unknown mark {mark!r}")

    def _take(self, n_bytes: int) -> bytes:
        taken = self._data[self.at : self.at + n_bytes] if n_bytes >= 0 else b""
        if n_bytes < 0 or len(taken) != n_bytes:
            raise MalformedError(problem="a booster breaks off")
        self.at += n_bytes
        return taken

    def _number(self, mark: str) -> Any:
        return struct.unpack(_PACKED[mark], self._take(_TYPES[mark].itemsize))[0]

    def _count(self) -> int:
        mark = self.mark()
        if mark not in _WHOLE:
            raise MalformedError(problem="a length in a booster is no whole number")
        found = int(self._number(mark))
        if not 0 <= found <= len(self._data):
            raise MalformedError(problem="a length in a booster is more than the booster")
        return found

    def _text(self) -> str:
        return self._take(self._count()).decode()

    def _array(self, depth: int) -> Any:
        mark = self.mark()
        if mark == "$":
            kind = _TYPES.get(self.mark())
            if kind is None or self.mark() != "#":
                raise MalformedError(problem="an array in a booster is of no known type")
            count = self._count()
            return np.frombuffer(self._take(count * kind.itemsize), kind)
        if mark == "#":
            return [self.value(self.mark(), depth=depth + 1) for _ in range(self._count())]
        items = []
        while mark != "]":
            items.append(self.value(mark, depth=depth + 1))
            mark = self.mark()
        return items

    def _object(self, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        count = -1
        if self._data[self.at : self.at + 1] == b"#":
            self.at += 1
            count = self._count()
        while count and self._data[self.at : self.at + 1] != b"}":
            name = self._text()
            made[name] = self.value(self.mark(), depth=depth + 1)
            count -= 1
        if count < 0:
            self._take(1)
        return made
