"""Unpickle into recipes: an exact allow-list of names, and not one call outside of this package.

Two readers do the same work: the one in C for plain pickles, after `opcodes.check`; the one in Python for joblib's
uncompressed files, where raw arrays lie between the instructions.
"""

import io
import pickle
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ensemble_desk.artifacts.safe_loading import opcodes
from ensemble_desk.artifacts.safe_loading.allow_list import arrays
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import (
    MalformedError,
    Recipe,
    RefusedError,
    is_token,
    state_of,
)

_WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")
Names = Mapping[tuple[str, str], type]
Find = Callable[[str, str], type]
if TYPE_CHECKING:
    _PythonUnpickler: Any
else:
    _PythonUnpickler = pickle._Unpickler  # noqa: SLF001 - joblib reads with it too; it has no public name


def parse(data: bytes, *, allowed: Names) -> Any:
    """Read a pickle or an uncompressed joblib file into builtin values and recipes."""

    def find(module: str, name: str) -> type:
        found = allowed.get((module, name))
        if found is None:
            raise RefusedError(asked_for=f"{module}.{name}")
        return found

    return parse_with(data, find=find)


def parse_with(data: bytes, *, find: Find) -> Any:
    """Read like `parse`, with a function that answers every name of code in the file."""

    def find_in_plain(module: str, name: str) -> type:
        if (module, name) == _WRAPPER:
            raise _IsJoblibError
        return find(module, name)

    try:
        opcodes.check(data)
        return _Reader(io.BytesIO(data), find_in_plain).load()
    except MalformedError:
        if _WRAPPER[0].encode() not in data:
            raise
    except _IsJoblibError:
        pass
    return _JoblibReader(data, find).load()


class _IsJoblibError(Exception):
    """The file is one of joblib's: raw arrays lie between its instructions."""


class _Reader(pickle.Unpickler):
    """Plain pickles; the bytes have passed `opcodes.check`."""

    def __init__(self, stream: io.BytesIO, find: Find) -> None:
        super().__init__(stream)
        self._find = find

    def find_class(self, module: str, name: str) -> Any:
        return self._find(module, name)

    def persistent_load(self, pid: Any) -> Any:
        raise RefusedError(asked_for=f"the persistent object {pid!r}")


class _JoblibReader(_PythonUnpickler):  # type: ignore[misc]
    """joblib's uncompressed files: after the wrapper of an array its raw bytes follow in the file."""

    dispatch: ClassVar = dict(_PythonUnpickler.dispatch)

    def __init__(self, data: bytes, find: Find) -> None:
        self._data, self._stream = data, io.BytesIO(data)
        super().__init__(self._stream)
        self._find = find

    def find_class(self, module: str, name: str) -> Any:
        return self._find(module, name)

    def persistent_load(self, pid: Any) -> Any:
        raise RefusedError(asked_for=f"the persistent object {pid!r}")

    def get_extension(self, code: int) -> Any:
        raise RefusedError(asked_for=f"name {code} of the extension registry")

    def load_build(self) -> None:
        super().load_build()
        made = self.stack[-1]
        if isinstance(made, Recipe) and is_token(type(made), arrays.JOBLIB_ARRAY):
            made.args = (self._array(state_of(made)),)

    dispatch[pickle.BUILD[0]] = load_build

    def load_bytearray8(self) -> None:
        size = int.from_bytes(self.read(8), "little")
        data = self.read(min(size, len(self._data)))
        if len(data) != size:
            raise MalformedError(problem="its pickle breaks off")
        self.append(bytearray(data))

    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8

    def load_buffer(self) -> None:
        raise RefusedError(asked_for="a buffer outside of the file")

    dispatch[pickle.NEXT_BUFFER[0]] = load_buffer
    dispatch[pickle.READONLY_BUFFER[0]] = load_buffer

    def _find_in_nested(self, module: str, name: str) -> Any:
        if (module, name) == _WRAPPER:
            raise RefusedError(asked_for="raw arrays inside of an array of objects")
        return self._find(module, name)

    def _array(self, state: Any) -> Any:
        """Read the array that a wrapper announces, from where the file stands."""
        shape, order, dtype = arrays.announced(state)
        if dtype.hasobject:  # its elements follow as a pickle of their own
            start = self._stream.tell()
            end = opcodes.check(self._data, start)
            nested = _Reader(io.BytesIO(self._data[start:end]), self._find_in_nested).load()
            self._stream.seek(end)
            return nested
        if state.get("numpy_array_alignment_bytes") is not None:
            padding = self._stream.read(1)
            self._stream.read(padding[0] if padding else 0)
        n_bytes = arrays.n_bytes(shape, dtype)
        raw = bytearray(self._stream.read(min(n_bytes, len(self._data))))
        if len(raw) != n_bytes:
            raise MalformedError(problem="an array breaks off")
        array = np.frombuffer(raw, dtype=dtype).reshape(shape, order="F" if order == "F" else "C")
        return array if dtype.isnative else array.astype(dtype.newbyteorder("="))
