"""Numpy's part of the allow-list: data types, arrays and scalars, made only from pieces that fit each other.

Numpy's own ``__setstate__`` trusts a file with the flags and offsets of a data type and lets an array be refilled while
others look at its memory. Neither is ever called: everything goes through public constructors that check.
"""

import math
import re
import sys
from typing import Any, Literal

import numpy as np
from numpy import ndarray
from numpy.typing import NDArray

from ensemble_desk.artifacts.safe_loading.allow_list.recipes import (
    UNSET,
    Builder,
    MalformedError,
    Recipe,
    RefusedError,
    Sealed,
    dict_of,
    expect,
    is_token,
    stateless,
)
from ensemble_desk.artifacts.safe_loading.allow_list.unhashed import Pairs
from ensemble_desk.errors import extras
from ensemble_desk.errors.base import shown

JOBLIB_ARRAY = "joblib.numpy_pickle.NumpyArrayWrapper"
DTYPE = "numpy.dtype"
NDARRAY = frozenset({"numpy.ndarray", "numpy.memmap"})

_PLAIN_TYPE = re.compile(r"[<>|=]?(?:b1|[iu][1248]|f[248]|c8|c16|O8?|[SUV][0-9]{1,5})")
_FOREIGN_ORDER = ">" if sys.byteorder == "little" else "<"
_DTYPE_KIND = type(np.dtype)
_MOST_DIMENSIONS = 8
_MOST_ITEM_BYTES = 2**16
_MOST_FIELDS = 64
_MOST_NUMBER_BYTES = 16
_POINTER_BYTES = 2  # the shortest way to write an object that is shared


def dtype(_builder: Builder | None, given: Recipe) -> np.dtype[Any]:
    """Make a data type: a plain one, or a structure of plain ones."""
    name = given.args[0] if given.args else None
    if type(name) is not str or not _PLAIN_TYPE.fullmatch(name):
        raise RefusedError(asked_for=f"the data type {shown(name)}")
    made = np.dtype(name)
    expect(made.itemsize > 0, "a data type", name)
    if given.state is not UNSET:
        made = _with_state(made, given.state)
    expect(made.itemsize <= _MOST_ITEM_BYTES, "a data type", name)
    return made


def frombuffer(_cls: type, data: Any, kind: Any, shape: Any, order: Any, axes: Any = None) -> NDArray[Any]:
    """Make an array that looks at bytes of the file, as pickle protocol 5 stores them; done while the file is read."""
    made = _shaped(data, early_dtype(kind), shape, "F" if order == "F" else "C")
    if axes is None:
        return made
    expect(type(order) is str and order == "K" and type(axes) is tuple, "an array", "axes")
    expect(len(axes) == made.ndim and all(type(axis) is int for axis in axes), "an array", "axes")
    expect(sorted(axes) == list(range(made.ndim)), "an array", "axes")
    return made.transpose(axes)


def early_dtype(given: Any) -> np.dtype[Any]:
    """Make a data type, which is made of nothing but data types: also while the file is still being read."""
    made: Any = getattr(given, "built", None)
    if type(type(made)) is _DTYPE_KIND:  # quicker than asking isinstance
        return made  # type: ignore[no-any-return]
    if type(type(given)) is not Sealed or given.asked_for != DTYPE or made is not UNSET:
        raise MalformedError(problem="an array has no data type")
    given.built = None  # until it is made: it must not contain itself
    given.built = new = dtype(None, given)
    return new


def reconstruct(builder: Builder, given: Recipe) -> NDArray[Any]:
    """Make an array the way older protocols store it: an empty one whose state holds everything."""
    found = _look(builder, given)
    builder.copying(found.nbytes)
    return found if found.dtype.hasobject else found.copy(order="K")


def view(builder: Builder, given: Any) -> Any:
    """Give an array to read from, without the copy that others could write to: for those who copy it themselves."""
    kind = type(given)
    if kind is ndarray:
        return given
    return _look(builder, given) if type(kind) is Sealed and kind.build is reconstruct else builder.value(given)


def data(given: Any, known: np.dtype[Any], shape: tuple[int, ...], size: int) -> bytes | None:
    """Give the bytes of an array for those who copy them; None unless they are told plainly, and as many.

    What it spares is an array that looks at them: a forest has a thousand.
    """
    kind = type(given)
    if type(kind) is not Sealed or kind.build is not reconstruct:
        return None
    _, told, inside, fortran, inner = given.state
    if (
        type(inner) is bytes
        and len(inner) == size
        and not fortran
        and getattr(inside, "built", None) is known
        and told == shape
        and getattr(given.args[0], "asked_for", None) in NDARRAY
    ):
        return inner
    return None


def view_again(builder: Builder, given: Any) -> Any:
    """Give a small array to read from, the last one where it is told alike: each tree of a forest holds its own."""
    kind = type(given)
    if type(kind) is not Sealed or kind.build is not reconstruct:
        return view(builder, given)
    known, state, seen = builder.last_seen
    if given.args[0] is known and type(given.state) is tuple and given.state == state:
        return seen
    seen, state = _look(builder, given), given.state
    if (type(state[0]), type(state[3]), type(state[4])) == (int, bool, bytes):  # nothing that takes long to compare
        builder.last_seen = (given.args[0], state, seen)
    return seen


def _look(builder: Builder, given: Recipe) -> NDArray[Any]:
    """Look at the bytes of an array as an older protocol stores it; written for speed, a forest has a thousand."""
    kind, _, _ = given.args
    if not (type(kind) is Sealed and kind.asked_for in NDARRAY):
        raise MalformedError(problem="an array contradicts itself")
    _, shape, inside, fortran, data = given.state
    known = early_dtype(inside)
    if type(data) is bytes and not fortran and not known.hasobject:  # as in `_shaped`, spared a call
        made: NDArray[Any] = ndarray(shape, known, data)
        if made.nbytes == len(data) and made.shape == shape:
            return made
    if known.hasobject:
        return _of_objects(builder, data, shape, fortran=bool(fortran))
    return _shaped(builder.value(data), known, shape, "F" if fortran else "C")


def scalar(builder: Builder, given: Recipe) -> Any:
    """Make a numpy number or text."""
    args = stateless(given)
    expect(len(args) == 2, "a number")  # noqa: PLR2004 - type and data
    known, data = early_dtype(args[0]), args[1]
    if type(data) is not bytes:
        data = builder.value(data)
    if known.hasobject or known.names:
        raise RefusedError(asked_for=f"a scalar of {known}")
    expect(type(data) is bytes and len(data) == known.itemsize > 0, "a number")
    builder.copying(len(data) if len(data) > _MOST_NUMBER_BYTES else 0)
    return np.frombuffer(data, dtype=known)[0]


def joblib_array(builder: Builder, given: Recipe) -> Any:
    """Hand over the array that was read from behind its wrapper."""
    expect(given.state is not UNSET and len(given.args) == 1, "an array", "joblib")
    found = given.args[0]
    return found if type(found) is np.ndarray else builder.value(found)


def announced(state: Any) -> tuple[tuple[int, ...], str, np.dtype[Any]]:
    """Read shape, order and data type out of the wrapper that joblib writes before an array."""
    expect(type(state) is dict and is_token(state.get("subclass"), *NDARRAY), "an array", "joblib")
    expect(state.get("order") in ("C", "F"), "an array", "order")
    return _shape(state.get("shape")), state["order"], early_dtype(state.get("dtype"))


def n_bytes(shape: tuple[int, ...], known: np.dtype[Any]) -> int:
    return math.prod(shape) * known.itemsize


def _with_state(made: np.dtype[Any], state: Any) -> np.dtype[Any]:
    expect(type(state) is tuple and len(state) in (8, 9), "a data type")
    _, byte_order, subarray, names, fields, n_item_bytes = state[:6]
    if subarray is not None or (len(state) == 9 and state[8] is not None):  # noqa: PLR2004 - metadata comes last
        raise RefusedError(asked_for="a data type with a shape or metadata of its own")
    expect(type(byte_order) is str and byte_order in ("<", ">", "|", "="), "a data type", "byte order")
    if names is None:
        expect(fields is None, "a data type", "fields")
        return made.newbyteorder(byte_order) if byte_order == _FOREIGN_ORDER else made
    expect(made.kind == "V" and type(names) is tuple and type(fields) is Pairs, "a data type", "fields")
    expect(len(names) <= _MOST_FIELDS and len(fields) <= 2 * _MOST_FIELDS, "a data type", "fields")
    expect(all(type(name) is str for name in names) and type(n_item_bytes) is int, "a data type", "fields")
    fields = dict_of(fields)
    expect(set(names) == set(fields) and n_item_bytes == made.itemsize, "a data type", "fields")
    parts = [fields[name] for name in names]
    expect(all(type(part) is tuple and len(part) in (2, 3) for part in parts), "a data type", "fields")
    formats = [early_dtype(part[0]) for part in parts]
    if any(kind.hasobject or kind.names for kind in formats):
        raise RefusedError(asked_for="a data type with objects inside")
    offsets = [part[1] for part in parts]
    expect(all(type(offset) is int and offset >= 0 for offset in offsets), "a data type", "offsets")
    ends = [offset + kind.itemsize for offset, kind in zip(offsets, formats, strict=True)]
    expect(max(ends, default=0) <= made.itemsize, "a data type", "offsets")
    structure = {"names": list(names), "formats": formats, "offsets": offsets, "itemsize": made.itemsize}
    return _canonical(np.dtype(structure))  # type: ignore[call-overload]


def _canonical(structure: np.dtype[Any]) -> np.dtype[Any]:
    """Give scikit-learn's own object for its nodes: so comparing a thousand trees with it takes no time."""
    with extras.needed():
        from sklearn.tree import _tree

    return _tree.NODE_DTYPE if structure == _tree.NODE_DTYPE else structure


def _shape(given: Any) -> tuple[int, ...]:
    expect(type(given) is tuple and len(given) <= _MOST_DIMENSIONS, "an array", "shape")
    expect(all(type(length) is int and 0 <= length < 2**40 for length in given), "an array", "shape")
    shape: tuple[int, ...] = given
    return shape


def _shaped(data: bytes, known: np.dtype[Any], shape: Any, order: Literal["C", "F"]) -> NDArray[Any]:
    """Look at bytes as an array that takes up all of them; written for speed, a forest has thousands.

    Nothing can write to it, and the bytes cannot be moved away from under it: the readers make none that can change.
    """
    if known.hasobject:
        raise RefusedError(asked_for="an array of objects made of bytes")
    if type(data) is bytes:
        made = ndarray(shape, known, data, 0, None, order)
        if made.nbytes == len(data) and made.shape == shape:  # numpy takes -1 for a length to find out
            return made
    raise MalformedError(problem="an array contradicts itself")


def _of_objects(builder: Builder, given: Any, shape: Any, *, fortran: bool) -> NDArray[Any]:
    expect(type(given) is list and len(given) == math.prod(_shape(shape)), "an array", "size")
    builder.copying(_POINTER_BYTES * len(given))
    made = np.empty(len(given), dtype=object)
    for position, item in enumerate(builder.value(given)):
        made[position] = item
    return made.reshape(shape, order="F" if fortran else "C")
