"""Unpickle into recipes: an exact allow-list of names, and not one call outside of this package.

Two readers do the same work: the one in C for plain pickles, after `opcodes.rewrite`; the one in Python for joblib's
uncompressed files, where raw arrays lie between the instructions. Neither makes a dict or a set: see `unhashed`.
"""

import io
import itertools
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
from ensemble_desk.artifacts.safe_loading.allow_list.unhashed import FrozenMembers, Members, Pair, Pairs

_MOST_SLOW_BYTES = 2**21  # a forest of 400 trees has 36 KiB beside its arrays
_LARGE_BYTES = 8
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
        rewritten, end = opcodes.rewrite(data)
        made = _Reader(rewritten, find_in_plain).load()
    except MalformedError:  # perhaps because of raw arrays; the other reader checks each instruction by itself
        if _WRAPPER[0].encode() not in data:
            raise
    except _IsJoblibError:
        pass
    else:
        return _whole(made, n_behind=len(data) - end)
    reader = _JoblibReader(data, find)
    made = reader.load()
    return _whole(made, n_behind=reader.n_left())


def _whole(made: Any, *, n_behind: int) -> Any:
    if n_behind:
        raise MalformedError(problem=f"{n_behind:,} bytes stand behind the end of its pickle, which nobody would read")
    return made


def _refusing(asked_for: str) -> Callable[[Any], None]:
    def refuse(_reader: Any) -> None:
        raise RefusedError(asked_for=asked_for)

    return refuse


class _Counted:
    """A file to read instructions from, as many bytes of them as are read in a few seconds."""

    def __init__(self, stream: io.BytesIO) -> None:
        self._stream, self._left = stream, _MOST_SLOW_BYTES

    def read(self, size: int) -> bytes:
        return self._counted(self._stream.read(size))

    def readline(self) -> bytes:
        return self._counted(self._stream.readline())

    def _counted(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise MalformedError(problem="beside its arrays it holds more than an uncompressed joblib file may")
        return data


class _OneFrame:
    """A file to read a pickle from in three reads, as the frame that a pickler would have put around it.

    Without one the reader in C asks for each instruction by a call of its own.
    """

    def __init__(self, data: bytes) -> None:
        self._parts = iter((b"\x95", len(data).to_bytes(8, "little"), data))

    def read(self, _size: int) -> bytes:
        return next(self._parts, b"")

    def readline(self) -> bytes:
        return b""


class _IsJoblibError(Exception):
    """The file is one of joblib's: raw arrays lie between its instructions."""


class _Reader(pickle.Unpickler):
    """Plain pickles; the bytes come from `opcodes.rewrite`."""

    def __init__(self, rewritten: bytes, find: Find) -> None:
        super().__init__(_OneFrame(rewritten), buffers=itertools.starmap(Pairs, itertools.repeat(())))
        self._find = find

    def find_class(self, module: str, name: str) -> Any:
        return self._find(module, name)

    def persistent_load(self, pid: Any) -> Any:
        """Answer an instruction that `opcodes` wrote for a dict or a set."""
        if pid is None:
            return Members()
        if type(pid) is list:
            return Pairs(pid)
        return Pair(pid) if len(pid) == opcodes.PAIR else FrozenMembers(pid[0])


class _JoblibReader(_PythonUnpickler):  # type: ignore[misc]
    """joblib's uncompressed files: after the wrapper of an array its raw bytes follow in the file.

    Where those lie shows only while it is read, so each instruction is checked when its turn comes.
    """

    dispatch: ClassVar = dict(_PythonUnpickler.dispatch)

    def __init__(self, data: bytes, find: Find) -> None:
        self._data, self._stream = data, io.BytesIO(data)
        super().__init__(_Counted(self._stream))
        self._find = find
        self._large_numbers = 0

    def n_left(self) -> int:
        return len(self._data) - self._stream.tell()

    def find_class(self, module: str, name: str) -> Any:
        return self._find(module, name)

    def load_build(self) -> None:
        super().load_build()
        made = self.stack[-1]
        if isinstance(made, Recipe) and is_token(type(made), arrays.JOBLIB_ARRAY):
            made.args = (self._array(state_of(made)),)

    dispatch[pickle.BUILD[0]] = load_build

    def load_empty_dictionary(self) -> None:
        self.append(Pairs())

    def load_dict(self) -> None:
        self.append(Pairs(self.pop_mark()))

    def load_setitem(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self.stack[-1].extend([Pair((key, value))])

    def load_setitems(self) -> None:
        items = self.pop_mark()
        self.stack[-1].extend(items)

    def load_empty_set(self) -> None:
        self.append(Members())

    def load_frozenset(self) -> None:
        self.append(FrozenMembers(self.pop_mark()))

    dispatch[pickle.EMPTY_DICT[0]], dispatch[pickle.DICT[0]] = load_empty_dictionary, load_dict
    dispatch[pickle.SETITEM[0]], dispatch[pickle.SETITEMS[0]] = load_setitem, load_setitems
    dispatch[pickle.EMPTY_SET[0]], dispatch[pickle.FROZENSET[0]] = load_empty_set, load_frozenset
    dispatch[pickle.ADDITEMS[0]] = load_setitems

    def load_long1(self) -> None:
        self._load_long(self.read(1)[0])

    def load_long4(self) -> None:
        self._load_long(int.from_bytes(self.read(4), "little"))

    def _load_long(self, length: int) -> None:
        self._count_large(length)
        self.append(int.from_bytes(self.read(length), "little", signed=True))

    dispatch[pickle.LONG1[0]], dispatch[pickle.LONG4[0]] = load_long1, load_long4

    def load_line_of_digits(self) -> None:
        """Read a number of protocols 0 and 1, which joblib never writes in its uncompressed files."""
        raise MalformedError(problem="it holds a number written in digits")

    dispatch[pickle.LONG[0]] = dispatch[pickle.INT[0]] = load_line_of_digits

    def load_bytearray8(self) -> None:
        size = int.from_bytes(self.read(8), "little")
        data = self.read(min(size, len(self._data)))
        if len(data) != size:
            raise MalformedError(problem="its pickle breaks off")
        self.append(bytes(data))

    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8

    dispatch.update({opcode: _refusing(what) for opcode, what in opcodes.REFUSED.items()})

    def _count_large(self, n_bytes: int) -> None:
        self._large_numbers += n_bytes >= _LARGE_BYTES
        if n_bytes > opcodes.MOST_NUMBER_BYTES or self._large_numbers > opcodes.MOST_LARGE_NUMBERS:
            raise MalformedError(problem="it holds a number of too many digits, or too many of them")

    def _find_in_nested(self, module: str, name: str) -> Any:
        if (module, name) == _WRAPPER:
            raise RefusedError(asked_for="raw arrays inside of an array of objects")
        return self._find(module, name)

    def _array(self, state: Any) -> Any:
        """Read the array that a wrapper announces, from where the file stands."""
        shape, order, dtype = arrays.announced(state)
        if dtype.hasobject:  # its elements follow as a pickle of their own
            start = self._stream.tell()
            rewritten, end = opcodes.rewrite(self._data, start)
            nested = _Reader(rewritten, self._find_in_nested).load()
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
