"""Pickles that try to run code, written by hand: each would make a folder at a given path if something of it ran."""

import io
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np

PROTOCOL = b"\x80\x04"
Assemble = Callable[[Path], bytes]


def text(value: object) -> bytes:
    """Write a text of any length onto the stack."""
    data = str(value).encode()
    return b"X" + struct.pack("<I", len(data)) + data


def short(value: str) -> bytes:
    data = value.encode()
    return b"\x8c" + bytes([len(data)]) + data


def named(module: str, name: str) -> bytes:
    """Look a name up as protocols 0 to 3 do."""
    return f"c{module}\n{name}\n".encode()


def stacked(module: str, name: str) -> bytes:
    """Look a name up as protocol 4 does."""
    return short(module) + short(name) + b"\x93"


def call(function: bytes, *arguments: bytes) -> bytes:
    return function + b"(" + b"".join(arguments) + b"tR"


def of(value: Any) -> bytes:
    """Write any harmless value, without the beginning and the end of its pickle; its memo is not used again."""
    return pickle.dumps(value, protocol=3)[2:-1]


def wrap(body: bytes) -> bytes:
    return PROTOCOL + body + b"."


def artifact_with(body: bytes) -> bytes:
    """Write an artifact with something hostile where a model belongs."""
    rest = {"symbol": "AAPL", "timeframe": "d1", "timestamp": "20250121", "weights": {"rf": 1.0}}
    return wrap(of(rest) + short("models") + b"}" + short("rf") + body + b"ss")


class Calls:
    """An object whose pickle is a call."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._reduced = (function, arguments)

    def __reduce__(self) -> Any:
        return self._reduced


def makes(path: Path) -> Calls:
    return Calls(os.mkdir, str(path))


def joblib_file(value: Any, *, compress: Any = 0, protocol: int | None = None) -> bytes:
    """Write a value as joblib does."""
    buffer = io.BytesIO()
    joblib.dump(value, buffer, compress=compress, protocol=protocol)
    return buffer.getvalue()


def _mkdir(path: Path) -> bytes:
    return call(stacked("os", "mkdir"), text(path))


def _source(path: Path) -> bytes:
    return text(f"__import__('os').mkdir({str(path)!r})")


# Each of these makes the folder when pickle.loads reads it; the tests prove that first.
RUNNING: dict[str, Assemble] = {
    "GLOBAL and REDUCE": lambda path: wrap(call(named("os", "mkdir"), text(path))),
    "STACK_GLOBAL and REDUCE": lambda path: wrap(_mkdir(path)),
    "the compiled module behind": lambda path: wrap(call(stacked("posix", "mkdir"), text(path))),
    "names from the memo": lambda path: wrap(
        short("os") + b"\x940" + short("mkdir") + b"\x940" + call(b"h\x00h\x01\x93", text(path))
    ),
    "names among other texts": lambda path: wrap(
        short("os") + b"20" + short("mkdir") + short("numpy") + b"0\x93(" + text(path) + b"tR"
    ),
    "a dotted name through an allowed module": lambda path: wrap(
        call(stacked("joblib.numpy_pickle", "os.mkdir"), text(path))
    ),
    "a long dotted name": lambda path: wrap(
        call(stacked("joblib.numpy_pickle", "pickle.codecs.builtins.eval"), _source(path))
    ),
    "a dotted name through an allowed class": lambda path: wrap(
        call(
            call(
                stacked("joblib.numpy_pickle", "NumpyArrayWrapper.__init__.__globals__.__getitem__"),
                text("__builtins__"),
            )
            + b"0"
            + stacked("os", "mkdir"),
            text(path),
        )
    ),
    "INST": lambda path: wrap(b"(" + text(path) + b"ios\nmkdir\n"),
    "OBJ": lambda path: wrap(b"(" + named("os", "mkdir") + text(path) + b"o"),
    "NEWOBJ": lambda path: wrap(stacked("subprocess", "Popen") + text(path) + b"\x85\x810" + _mkdir(path)),
    "NEWOBJ_EX": lambda path: wrap(stacked("subprocess", "Popen") + text(path) + b"\x85}\x920" + _mkdir(path)),
    "eval": lambda path: wrap(call(named("builtins", "eval"), _source(path))),
    "Python 2's eval": lambda path: b"\x80\x02" + call(named("__builtin__", "eval"), _source(path)) + b".",
    "getattr of an import": lambda path: wrap(
        call(
            call(stacked("builtins", "getattr"), call(stacked("builtins", "__import__"), text("os")), text("mkdir")),
            text(path),
        )
    ),
    "functools.partial": lambda path: wrap(
        call(call(stacked("functools", "partial"), named("os", "mkdir"), text(path)))
    ),
    "the state of a functools.partial": lambda path: wrap(
        call(
            call(stacked("functools", "partial"), named("builtins", "len"))
            + b"("
            + named("os", "mkdir")
            + text(path)
            + b"\x85}Ntb"
        )
    ),
    "operator.methodcaller": lambda path: wrap(
        call(
            call(stacked("operator", "methodcaller"), text("mkdir"), text(path)),
            call(stacked("builtins", "__import__"), text("os")),
        )
    ),
    "a shell": lambda path: wrap(call(named("os", "system"), text(f"mkdir {path}"))),
    "a process": lambda path: wrap(call(named("subprocess", "check_call"), b"](" + text("mkdir") + text(path) + b"e")),
    "numpy's own exec": lambda path: wrap(
        call(stacked("numpy.testing._private.utils", "runstring"), _source(path), b"}")
    ),
    "pickle within pickle": lambda path: wrap(call(stacked("_pickle", "loads"), of(wrap(_mkdir(path))))),
    "deep inside of an artifact": lambda path: artifact_with(_mkdir(path)),
    "a call whose result is thrown away": lambda path: wrap(_mkdir(path) + b"0" + of({"a": 1})),
    "a key of a dict": lambda path: wrap(b"}" + _mkdir(path) + b"K\x01s"),
    "protocol 0": lambda path: pickle.dumps(makes(path), protocol=0),
    "protocol 5 in a frame": lambda path: pickle.dumps({"models": makes(path)}, protocol=5),
    "an array of objects": lambda path: pickle.dumps(np.array([makes(path)], dtype=object), protocol=4),
}

SKLEARN_RF = ("sklearn.ensemble._forest", "RandomForestClassifier")
RECONSTRUCT = stacked("numpy._core.multiarray", "_reconstruct")
FROMBUFFER = stacked("numpy._core.numeric", "_frombuffer")
OBJECT_DTYPE = call(stacked("numpy", "dtype"), text("O8"), b"\x89\x88")
NUMPY_DTYPE = call(stacked("numpy", "dtype"), text("f8"), b"\x89\x88")

# These ask for allowed names only, or for what is no name, and must be refused as well.
CROOKED: dict[str, bytes] = {
    "a state for a class": stacked(*SKLEARN_RF) + b"N}" + text("predict_proba") + b"Ns\x86b",
    "a dict as state for a class": stacked(*SKLEARN_RF) + b"}" + text("predict_proba") + b"Nsb",
    "a state for numpy's class": stacked("numpy", "ndarray") + b"N}" + text("shape") + b"Ns\x86b",
    "a state for a function": stacked("numpy._core.multiarray", "_reconstruct")
    + b"N}"
    + text("__defaults__")
    + b")s\x86b",
    "a state for Python's list": stacked("builtins", "list") + b"N}" + text("append") + b"Ns\x86b",
    "the class of another name": stacked(*SKLEARN_RF)
    + b")\x81N}"
    + text("__class__")
    + stacked("numpy", "ndarray")
    + b"s\x86b",
    "two states": stacked(*SKLEARN_RF) + b")\x81}b}b",
    "items for a class": stacked(*SKLEARN_RF) + b"K\x01K\x02s",
    "items appended to a class": stacked(*SKLEARN_RF) + b"K\x01a",
    "a class as a value": stacked(*SKLEARN_RF),
    "a class of numpy as a value": stacked("numpy", "ndarray"),
    "an estimator made by a call": call(stacked(*SKLEARN_RF), b"K\x01"),
    "an estimator with a state that is no dict": stacked(*SKLEARN_RF) + b")\x81K\x01b",
    "an estimator with a method replaced": stacked(*SKLEARN_RF) + b")\x81}" + text("predict_proba") + b"K\x01sb",
    "an estimator with its class replaced": stacked(*SKLEARN_RF) + b")\x81}" + text("__class__") + b"K\x01sb",
    "an estimator that contains itself": stacked(*SKLEARN_RF) + b")\x81\x94}" + text("a") + b"h\x00sb",
    "a list that contains itself": b"]\x94h\x00a",
    "an instance of an argument class": stacked("numpy", "ndarray") + b")\x81",
    "numpy's array made by a call": call(stacked("numpy", "ndarray"), of((2**40,))),
    "an array of a class of its own": call(
        stacked("numpy._core.multiarray", "_reconstruct"), stacked(*SKLEARN_RF), of((0,)), of(b"b")
    )
    + b")b",
    "bytes of a huge length": call(stacked("builtins", "bytearray"), of(2**40)),
    "bytes unpacked by a codec": call(stacked("_codecs", "encode"), text("x"), text("zlib")),
    "text that is no bytes": call(stacked("_codecs", "encode"), text("\u20ac"), text("latin1")),
    "objects as a scalar": call(stacked("numpy._core.multiarray", "scalar"), OBJECT_DTYPE, of(pickle.dumps(1))),
    "objects made of bytes": call(FROMBUFFER, of(b"\x00" * 8), OBJECT_DTYPE, of((1,)), text("C")),
    "an array larger than its bytes": call(FROMBUFFER, of(b"\x00" * 8), NUMPY_DTYPE, of((2**40,)), text("C")),
    "an array of a negative length": call(FROMBUFFER, of(b"\x00" * 8), NUMPY_DTYPE, of((-1,)), text("C")),
    "a data type by a comma string": call(stacked("numpy", "dtype"), text("f8,O"), b"\x89\x88"),
    "a data type by a dict": call(stacked("numpy", "dtype"), of({"names": ["a"], "formats": ["O"]}), b"\x89\x88"),
    "a data type of a huge item": call(stacked("numpy", "dtype"), text("V99999"), b"\x89\x88"),
    "an object of another base": call(
        stacked("copyreg", "_reconstructor"), stacked(*SKLEARN_RF), stacked("builtins", "list"), b"]"
    ),
    "a persistent object": b"K\x01Q",
    "a persistent object by text": b"Pos.mkdir\n",
    "the extension registry, 1 byte": b"\x82\xf0",
    "the extension registry, 2 bytes": b"\x83\xf0\x00",
    "the extension registry, 4 bytes": b"\x84\xf0\x00\x00\x00",
    "a buffer from outside": b"\x97",
    "a read-only buffer": of(b"abc") + b"\x98",
    "a random generator past its end": call(stacked("numpy.random._pickle", "__bit_generator_ctor"), text("MT19937"))
    + of({"bit_generator": "MT19937"})
    + text("state")
    + b"}"
    + text("key")
    + of([0] * 624)
    + b"s"
    + text("pos")
    + of(2**31 - 1)
    + b"ssb",
    "a random generator of another kind": call(stacked("numpy.random._pickle", "__bit_generator_ctor"), text("SFC64")),
}
