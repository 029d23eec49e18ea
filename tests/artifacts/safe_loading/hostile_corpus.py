"""Files that would run, end, hang or fill whoever unpickles them carelessly; some 250 of them, each of a kind."""

import bz2
import gzip
import lzma
import pickle
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import lz4.frame
import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from tests.artifacts.safe_loading import hostile_pickles as hostile
from tests.artifacts.safe_loading.hostile_pickles import call, of, short, stacked, text

P = 2**61 - 1  # integers that differ by a multiple of it have the same hash
SET, FROZEN = stacked("builtins", "set"), stacked("builtins", "frozenset")
ENCODE, BYTES, BYTEARRAY = (
    stacked("_codecs", "encode"),
    stacked("builtins", "bytes"),
    stacked("builtins", "bytearray"),
)
SCALAR = stacked("numpy._core.multiarray", "scalar")
ORDERED = stacked("collections", "OrderedDict")
GENERATOR = stacked("numpy.random._pickle", "__bit_generator_ctor")
STATE = stacked("numpy.random._pickle", "__randomstate_ctor")
LOSS = stacked("sklearn._loss.loss", "HalfMultinomialLoss")
SIZES = (200, 5_000, 200_000)
_MEMO = 60  # the first place in the memo that the artifact around does not use


def _tuples(depth: int) -> bytes:
    return b")" + b"\x85" * depth


def _doubled(depth: int, *, close: bytes = b"\x86") -> bytes:
    """A tuple of the same tuple twice, and so on: a few bytes that stand for 2**depth."""
    first = b")q" + bytes([_MEMO])
    return first + b"".join(b"0h%ch%c%bq%c" % (at, at, close, at + 1) for at in range(_MEMO, _MEMO + depth))


def _shared_lists(depth: int, width: int) -> bytes:
    levels = range(_MEMO, _MEMO + depth)
    return b"]q%c" % _MEMO + b"".join(b"0](" + b"h%c" % at * width + b"eq%c" % (at + 1) for at in levels)


def _number(value: int) -> bytes:
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def _colliding(n: int) -> bytes:
    return b"".join(_number(P * k) for k in range(1, n + 1))


def bodies() -> Iterator[tuple[str, bytes]]:
    """Give what stands where a value belongs, by name."""
    yield from _keys()
    yield from _nested()
    yield from _many()
    yield from _texts()
    yield from _instructions()


def _keys() -> Iterator[tuple[str, bytes]]:
    for depth in SIZES:
        yield f"a key of {depth} tuples", b"}" + _tuples(depth) + b"Ns"
        yield f"a set of {depth} tuples", b"\x8f(" + _tuples(depth) + b"\x90"
        yield f"a frozen set of {depth} tuples", b"(" + _tuples(depth) + b"\x91"
        yield f"a set, called, of {depth} tuples", call(SET, b"](" + _tuples(depth) + b"e")
        yield f"an ordered dict with a key of {depth} tuples", call(ORDERED) + b"(" + _tuples(depth) + b"Nu"
        yield f"an ordered dict of pairs, {depth} tuples", call(ORDERED, b"](](" + _tuples(depth) + b"Nee")
    for depth in (30, 60, 120):
        yield f"a key shared {depth} times", b"}" + _doubled(depth) + b"Ns"
        yield f"a member shared {depth} times", b"\x8f(" + _doubled(depth) + b"\x90"
        yield f"a frozen member shared {depth} times", b"(" + _doubled(depth) + b"\x91"
        yield f"a called set shared {depth} times", call(FROZEN, b"](" + _doubled(depth) + b"e")
        yield f"a dict of marks shared {depth} times", b"(" + _doubled(depth) + b"Nd"
    for n in (3_000, 30_000, 100_000):
        yield f"{n} keys that collide", b"}(" + b"".join(_number(P * k) + b"N" for k in range(1, n + 1)) + b"u"
        yield f"{n} members that collide", b"\x8f(" + _colliding(n) + b"\x90"
        yield f"{n} digits that collide", b"}(" + b"".join(b"I%d\nN" % (P * k) for k in range(1, n + 1)) + b"u"
        yield f"{n} long keys that collide", b"(" + b"".join(b"L%dL\nN" % (P * k) for k in range(1, n + 1)) + b"d"
    complex_type = call(stacked("numpy", "dtype"), text("c16"), b"\x89\x88")
    for n in (2_000, 20_000):
        same = b"".join(call(SCALAR, b"h\xc8", b"C\x10" + struct.pack("<2d", -1000003.0 * k, k)) for k in range(n))
        yield f"{n} complex members that collide", complex_type + b"q\xc80](" + same + b"e"
    yield "a key that is an estimator", b"}" + stacked(*hostile.SKLEARN_RF) + b")\x81Ns"
    yield "a key that is an array", b"}" + _array() + b"Ns"
    yield "an array as its own key", _array() + b"q\xc80}h\xc8Ns"


def _array() -> bytes:
    return call(hostile.FROMBUFFER, of(b"\0" * 8), hostile.NUMPY_DTYPE, of((1,)), text("C"))


def _nested() -> Iterator[tuple[str, bytes]]:
    for depth in SIZES:
        for name, opening, closing in (
            ("lists", b"]", b"a"),
            ("dicts", b"}K\x01", b"s"),
            ("marks", b"(", b"t"),
            ("sets", SET + b"](", b"e\x85R"),
            ("bytes", BYTES, b"\x85R"),
            ("ordered dicts", call(ORDERED) + b"K\x01", b"s"),
            ("random states", STATE, b"\x85R"),
            ("forests", stacked(*hostile.SKLEARN_RF) + b")\x81}" + short("a"), b"sb"),
            ("states", stacked(*hostile.SKLEARN_RF) + b")\x81", b"b"),
        ):
            yield f"{depth} {name} in each other", opening * depth + b"N" + closing * depth
    for depth in (40, 100):
        for width in (2, 100):
            yield f"lists shared {width} times, {depth} deep", _shared_lists(depth, width)
        yield f"a random generator named by a tuple shared {depth} times", call(GENERATOR, _doubled(depth))
        yield f"a data type named by a tuple shared {depth} times", call(stacked("numpy", "dtype"), _doubled(depth))
        yield f"axes shared {depth} times", _twice_compared(depth)


def _twice_compared(depth: int) -> bytes:
    axes = _doubled(depth) + b"\x85" + _doubled(depth) + b"\x85\x86"
    return call(hostile.FROMBUFFER, of(b"\0" * 8), hostile.NUMPY_DTYPE, of((1, 1)), text("K"), axes)


def _many() -> Iterator[tuple[str, bytes]]:
    size = 2**20
    shared = b"X" + struct.pack("<I", size) + b"x" * size + b"q\xc80"
    raw = b"B" + struct.pack("<I", size) + b"\0" * size + b"q\xc80"
    for n in (300, 20_000):
        yield f"{n} encodings of one text", shared + b"](" + (ENCODE + b"(h\xc8" + text("latin1") + b"tR") * n + b"e"
        yield f"{n} bytes of one text", shared + b"](" + (BYTES + b"(h\xc8" + text("latin1") + b"tR") * n + b"e"
        yield f"{n} bytearrays", shared + b"](" + (BYTEARRAY + b"(h\xc8" + text("latin1") + b"tR") * n + b"e"
        many = b"](" + b"K\x01" * 20_000 + b"eq\xc80"
        yield f"{n} sets of one list", many + b"](" + (SET + b"h\xc8\x85R") * n + b"e"
        pair = b"](" + (b"K\x01N\x86") * 20_000 + b"eq\xc80"
        yield f"{n} ordered dicts of one list", pair + b"](" + (ORDERED + b"h\xc8\x85R") * n + b"e"
        yield f"{n} references to one list", many + b"](" + b"h\xc8" * n + b"e"
        yield f"{n} references to one text", shared + b"](" + b"h\xc8" * n + b"e"
        view = b"](" + (hostile.FROMBUFFER + b"(h\xc8" + hostile.NUMPY_DTYPE + of((size // 8,)) + b"X\1\0\0\0CtR") * n
        yield f"{n} views of the same bytes", raw + view + b"e"
        yield f"{n} random states", STATE + b"q\xc80](" + b"h\xc8)R" * n + b"e"
        yield f"{n} random generators", GENERATOR + b"q\xc80](" + (b"h\xc8" + text("MT19937") + b"\x85R") * n + b"e"
        yield f"{n} losses", LOSS + b"q\xc80](" + (b"h\xc8)\x81}" + short("n_classes") + b"M\x00\x04sb") * n + b"e"
        wide = call(stacked("numpy", "dtype"), text("S65535"), b"\x89\x88") + b"q\xc80B\xff\xff\0\0" + b"x" * 65535
        yield f"{n} scalars of 64 KiB", wide + b"q\xc90](" + (SCALAR + b"(h\xc8h\xc9tR") * n + b"e"
    for n in (10**6, 3 * 10**6):
        for name, one in (("lists", b"]"), ("dicts", b"}"), ("sets", b"\x8f"), ("nothings", b"N"), ("empties", b")")):
            yield f"{n} {name}", b"](" + one * n + b"e"
    yield "the same three million times", b"](" + b"N" + b"2" * (3 * 10**6) + b"e"


def _texts() -> Iterator[tuple[str, bytes]]:
    long = 2**22
    yield "a long name", text("m" * long) + text("n" * long) + b"\x93"
    yield "a long data type", call(stacked("numpy", "dtype"), text("f" * long))
    yield "a long generator", call(GENERATOR, text("M" * long))
    yield "a long number", b"\x8b" + struct.pack("<I", long) + b"\x7f" * long
    yield "a number of many digits", b"L" + b"9" * long + b"L\n"
    yield "a long line", b"c" + b"m" * long + b"\n" + b"n" * long + b"\n"


def _instructions() -> Iterator[tuple[str, bytes]]:
    """Give one malformed instruction each, beside the name that leads to the reader of joblib's files."""
    wrapper = text("joblib.numpy_pickle") + b"0"
    for name, body in (
        ("a persistent object", _doubled(100) + b"Q"),
        ("a line as a persistent object", b"P" + b"x" * 100 + b"\n"),
        ("the extension registry", b"\x82\x01"),
        ("a buffer", b"\x97"),
        ("a memo of 64 GB", b"]r\xff\xff\xff\x3f"),
        ("bytes of 2**62", b"\x8e" + struct.pack("<Q", 2**62)),
        ("a frame of 2**62", b"\x95" + struct.pack("<Q", 2**62)),
        ("an unknown instruction", b"\xfe"),
        ("a key of tuples", b"}" + _tuples(200_000) + b"Ns"),
        ("a key shared", b"}" + _doubled(100) + b"Ns"),
        ("keys that collide", b"}(" + b"".join(_number(P * k) + b"N" for k in range(1, 50_000)) + b"u"),
        ("very many lists", b"](" + b"]" * 10**7 + b"e"),
        ("duplicates", b"N" + b"2" * 1000),
    ):
        yield f"beside joblib's name {name}", wrapper + body + b"\xfe"
        yield f"in a joblib file {name}", hostile.stacked("joblib.numpy_pickle", "NumpyArrayWrapper") + b"0" + body


def estimators() -> Iterator[tuple[str, bytes]]:
    """Give artifacts of real estimators, each with one thing that lies."""
    features = np.random.default_rng(1).normal(size=(60, 3))
    classes = np.arange(60) % 3
    huge = 10**9

    def forest(**changes: Any) -> Any:
        made = RandomForestClassifier(4, max_depth=3, random_state=1).fit(features, classes)
        vars(made).update(changes)
        return made

    def dummy(**changes: Any) -> Any:
        made = DummyClassifier().fit(features, classes)
        vars(made).update(changes)
        return made

    def boosting(**changes: Any) -> Any:
        made = GradientBoostingClassifier(n_estimators=2, max_depth=2).fit(features, classes)
        vars(made).update(changes)
        return made

    trees, shared = forest().estimators_, {"a": [1.0] * 1_000}
    deep = forest()
    state = deep.estimators_[0].tree_.__getstate__()
    deep.estimators_[0].tree_.__setstate__(state | {"max_depth": huge})
    yield from {
        "outputs without end": _artifact(m=dummy(n_outputs_=huge)),
        "classes of a dummy without end": _artifact(m=dummy(n_classes_=huge)),
        "a dummy that draws": _artifact(m=dummy(_strategy="stratified", n_outputs_=huge)),
        "classes without end": _artifact(m=forest(n_classes_=huge)),
        "classes as an array": _artifact(m=forest(n_classes_=np.array([huge]))),
        "outputs of a forest": _artifact(m=forest(n_outputs_=huge)),
        "features without end": _artifact(m=forest(n_features_in_=huge)),
        "one tree twenty thousand times": _artifact(m=forest(estimators_=[trees[0]] * 20_000)),
        "trees shared by two forests": _artifact(m=forest(estimators_=trees), n=forest(estimators_=trees)),
        "sixty forests of the same list": _artifact(**{f"m{i}": forest(estimators_=trees) for i in range(60)}),
        "a depth without end": _artifact(m=deep),
        "one stage many times": _artifact(m=boosting(estimators_=np.repeat(boosting().estimators_[:1], 5_000, axis=0))),
        "jobs without end": _artifact(m=forest(n_jobs=huge), verbose=forest(verbose=huge)),
        "a thousand names of one state": _artifact(**{str(name): shared for name in range(1_000)}),
        "one array many times": _artifact(m={"a": [np.zeros(10**5)] * 20_000}),
        "rows of a sample without end": _artifact(m=forest(), sample_features=[[0.0, 0.0, 0.0]] * 300_000),
        "a format that is a list without end": _artifact(m={"a": 1}, schema_version=_unfolding()),
        "a symbol that is a list without end": _artifact(m={"a": 1}, symbol=_unfolding()),
        "a weight of a long name": _artifact(m={"a": 1}, weights={"w" * 2**22: 1.0}),
        "a name of four megabytes": _artifact(m={"k" * 2**22: [1] * 1_000}),
    }.items()


def _artifact(*, weights: Any = None, **told: Any) -> bytes:
    beside = {name: told.pop(name) for name in ("schema_version", "symbol", "sample_features") if name in told}
    content = {"symbol": "AAPL", "timeframe": "d1", "timestamp": "20250121", **beside}
    return pickle.dumps(content | {"models": told, "weights": weights or dict.fromkeys(told, 1.0)})


def _unfolding() -> list[Any]:
    found: list[Any] = []
    for _ in range(60):
        found = [found, found]
    return found


def files() -> Iterator[tuple[str, bytes]]:
    """Give every file of the corpus by name: each body in an artifact, some packed, and files broken as a whole."""
    small = {}
    for name, body in bodies():
        data = hostile.artifact_with(body)
        if len(data) < 2**20:
            small[name] = data
        yield name, data if len(data) < 2**22 else zlib.compress(data, 1)
    for number, (name, data) in enumerate(small.items()):
        if number % 3 == 0:
            yield f"{name}, packed", (gzip.compress, bz2.compress, lzma.compress, lz4.frame.compress)[number % 4](data)
    yield from estimators()
    deep = hostile.wrap(b"}" + _tuples(10**6) + b"Ns")
    yield "a thousand bytes that unfold to a key of a million tuples", zlib.compress(deep, 9)
    yield "a few bytes shared without end", hostile.wrap(b"}" + _doubled(90) + b"Ns")
    yield "a hundred thousand empty members", gzip.compress(b"") * 100_000
    yield "many members of zeros", gzip.compress(b"\0" * 2**20) * 70
    yield "zeros in xz", lzma.compress(b"\0" * 2**27)
    yield "zeros in bz2", bz2.compress(b"\0" * 2**27)
    yield "two pickles", hostile.wrap(of({"models": {"m": {"a": 1}}, "weights": {"m": 1.0}})) * 2
    yield "nothing", b""
