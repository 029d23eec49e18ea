"""Bytes cut off, flipped or blown up end in an artifact error; what still loads is safe to predict with."""

import bz2
import contextlib
import gzip
import lzma
import os
import pickle
import resource
import struct
import zlib

import lz4.frame
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.artifacts.conftest import MAX_BYTES, rows
from tests.artifacts.safe_loading import hostile_pickles as hostile

from ensemble_desk.artifacts.safe_loading import audit, loading, opcodes
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import MalformedError, RefusedError
from ensemble_desk.errors import ArtifactCorruptError, ArtifactError, ArtifactTooLargeError

PACK = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lz4": lz4.frame.compress,
}


def load(data: bytes):
    return loading.load(data, name="x", max_bytes=MAX_BYTES)


@pytest.fixture(scope="module")
def written(fitted) -> dict[str, bytes]:
    content = {
        "symbol": "AAPL",
        "timeframe": "d1",
        "timestamp": "20250121",
        "models": dict(fitted),
        "weights": {"rf": 0.5, "gb": 0.5},
        "note": ["text", 1.5, None],
    }
    pickles = {f"protocol {protocol}": pickle.dumps(content, protocol=protocol) for protocol in (0, 2, 4, 5)}
    return (
        pickles
        | {
            "joblib": hostile.joblib_file(content),
            "joblib zlib": hostile.joblib_file(content, compress=3),
        }
        | {name: pack(pickles["protocol 5"]) for name, pack in PACK.items()}
    )


FORMATS = ["protocol 0", "protocol 2", "protocol 4", "protocol 5", "joblib", "joblib zlib", *PACK]


@pytest.mark.parametrize("name", FORMATS)
def test_cut_off_anywhere_it_is_corrupt(written, name):
    data = written[name]
    for length in sorted({*range(0, len(data), max(1, len(data) // 150)), *range(60), len(data) - 1}):
        with pytest.raises(ArtifactCorruptError):
            load(data[:length])


@pytest.mark.parametrize("name", FORMATS)
def test_with_any_byte_changed_it_is_refused_or_safe(written, name):
    data = written[name]
    features, _ = rows(20)
    random = np.random.default_rng(5)
    survived = 0
    for position in random.integers(0, len(data), 150):
        changed = bytearray(data)
        changed[position] ^= int(random.integers(1, 256))
        try:
            loaded = load(bytes(changed))
        except ArtifactError:
            continue
        for model in loaded["models"].values():
            with contextlib.suppress(ValueError, TypeError, AttributeError, KeyError, IndexError):
                model.predict_proba(features)
        survived += 1
    assert survived < 150


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=6)), min_size=1, max_size=4))
def test_spliced_at_will_it_is_refused_or_safe(written, edits):
    data = bytearray(written["protocol 4"])
    for place, splice in edits:
        position = int(place * len(data))
        data[position : position + len(splice)] = splice
    with contextlib.suppress(ArtifactError):
        load(bytes(data))
    with contextlib.suppress(ArtifactError):
        audit.code_surface(bytes(data), name="x", max_bytes=MAX_BYTES)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
@example(b"\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00B\x01" + struct.pack("<I", 1) + b"xN.")
@example(b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00N.")
@example(b"(((((((((((t.")
@example(b"\x80\x05\x8c\xff.")
def test_any_bytes_end_in_a_typed_error(data):
    for start in (b"", b"\x80\x04", b"\x80\x05\x95"):
        with pytest.raises(ArtifactError):
            load(start + data)


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(max_size=300),
        lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=30,
    ),
    st.integers(0, 5),
)
def test_the_walk_over_instructions_ends_where_pickle_ends(value, protocol):
    data = pickle.dumps(value, protocol=protocol)
    assert opcodes.rewrite(data + b"behind")[1] == len(data)
    assert opcodes.rewrite(b"before" + data, 6)[1] == len(data) + 6
    for length in {0, 1, len(data) // 2, len(data) - 1}:
        with pytest.raises(MalformedError):
            opcodes.rewrite(data[:length])


def test_an_instruction_does_not_cross_the_end_of_its_frame():
    # The reader in C drops the rest of a frame when an instruction needs more than is left of it,
    # so whoever counts bytes only sees other instructions than are carried out.
    inside = b"B\x08\x00\x00"
    data = b"\x80\x04\x95" + struct.pack("<Q", len(inside)) + inside + b"\x00" + b"K\x01.....N."
    with pytest.raises(MalformedError):
        opcodes.rewrite(data)
    with pytest.raises(ArtifactCorruptError):
        load(data)


def test_a_frame_does_not_begin_within_another():
    inner = b"\x95" + struct.pack("<Q", 4) + b"NN0."
    with pytest.raises(MalformedError):
        opcodes.rewrite(b"\x80\x04\x95" + struct.pack("<Q", len(inner)) + inner)


@pytest.mark.parametrize(
    "opcode", [b"P\n", b"Q", b"\x82\x01", b"\x83\x01\x00", b"\x84\x01\x00\x00\x00", b"\x97", b"\x98"]
)
def test_instructions_that_reach_outside_are_refused(opcode):
    with pytest.raises(RefusedError):
        opcodes.rewrite(b"\x80\x04N" + opcode + b".")


HUGE = 2**62
BOMBS = {
    "memo position": b"\x80\x02]r\xff\xff\xff\x3f.",
    "memo position as text": b"]p1073741823\n.",
    "memo position of many digits": b"]p" + b"9" * 5000 + b"\n.",
    "memo position below zero": b"]p-1\n.",
    "bytes": b"\x80\x04\x8e" + struct.pack("<Q", HUGE) + b".",
    "bytes of four bytes' length": b"\x80\x03B\xff\xff\xff\xff.",
    "bytearray": b"\x80\x05\x96" + struct.pack("<Q", 2**36) + b".",
    "text": b"\x80\x04\x8d" + struct.pack("<Q", HUGE) + b".",
    "string": b"\x80\x02T\xff\xff\xff\x7f.",
    "integer": b"\x80\x02\x8b\xff\xff\xff\x7f.",
    "frame": b"\x80\x04\x95" + struct.pack("<Q", HUGE) + b"N.",
    "digits": b"L" + b"9" * 100_000 + b"L\n.",
}


def in_little_memory(work) -> tuple[bool, int]:
    """Do work in a process that may take 256 MiB more than now; tells whether it ended well, and the KiB it took."""
    ready = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with open("/proc/self/statm") as file:  # noqa: PTH123 - a file of the system
                now = int(file.read().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (now + 2**28, now + 2**28))
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            work()
            took = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            os.write(ready[1], struct.pack("<Q", took))
        finally:
            os._exit(0)
    os.close(ready[1])
    _, status = os.waitpid(child, 0)
    told = os.read(ready[0], 8)
    os.close(ready[0])
    return (os.WIFEXITED(status) and len(told) == 8, struct.unpack("<Q", told)[0] if len(told) == 8 else 0)


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("behind", [b"", b"joblib.numpy_pickle"])
def test_a_small_file_cannot_ask_for_much_memory(name, behind):
    def work():
        with pytest.raises(ArtifactError):
            load(BOMBS[name] + behind)

    came_to_its_end, kilobytes = in_little_memory(work)
    assert came_to_its_end
    assert kilobytes < 40_000


@pytest.mark.parametrize(
    "pack",
    [
        lambda data: zlib.compress(data, 9),
        gzip.compress,
        bz2.compress,
        lzma.compress,
        lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
        lz4.frame.compress,
        lambda data: gzip.compress(data[: len(data) // 8]) * 8,
    ],
    ids=["zlib", "gzip", "bz2", "xz", "lzma", "lz4", "gzip in many members"],
)
def test_a_small_file_cannot_unpack_to_a_large_one(pack):
    bomb = pack(b"\0" * 2**26)

    def work():
        with pytest.raises(ArtifactTooLargeError):
            load(bomb)

    came_to_its_end, kilobytes = in_little_memory(work)
    assert came_to_its_end
    assert kilobytes < 4 * MAX_BYTES / 1024


def test_a_header_cannot_ask_for_a_large_dictionary():
    packed = bytearray(lzma.compress(b"\0" * 1000, format=lzma.FORMAT_ALONE))
    packed[1:5] = b"\xff\xff\xff\xff"
    with pytest.raises(ArtifactCorruptError):
        load(bytes(packed))


@pytest.mark.parametrize("opening", [b"]", b"(", b"}(K\x01", b")"])
@pytest.mark.parametrize("place", ["plain", "joblib"])
def test_deep_nesting_is_corrupt_not_fatal(opening, place):
    close = {b"]": b"a", b"(": b"t", b"}(K\x01": b"u", b")": b"\x85"}[opening]
    depth = 100_000
    body = b")" + close * depth if opening == b")" else opening * depth + b"N" + close * depth
    data = b"\x80\x04" + body + b"." + (b"joblib.numpy_pickle" if place == "joblib" else b"")
    with pytest.raises(ArtifactError):
        load(data)


def test_shared_parts_are_made_once_however_often_they_appear():
    levels = b"".join(b"]\x94(" + b"h%c" % level * 100 + b"e" for level in range(40))
    with pytest.raises(ArtifactError):
        load(b"\x80\x04]\x94" + levels + b".")
    wide = pickle.dumps({"models": {"m": {"a": 1}}, "weights": {"m": 1.0}})
    assert load(wide)["weights"] == {"m": 1.0}
