"""Every honest format loads to the same content; the digest is checked over the exact bytes that are unpickled."""

import bz2
import collections
import datetime as dt
import decimal
import fractions
import gzip
import io
import lzma
import pathlib
import pickle
import subprocess
import sys
import uuid
import zlib

import joblib
import lz4.frame
import numpy as np
import pandas as pd
import pytest
from tests.artifacts.conftest import MAX_BYTES, rows
from tests.artifacts.safe_loading.hostile_pickles import joblib_file

from ensemble_desk.artifacts import digests
from ensemble_desk.artifacts.safe_loading import loading
from ensemble_desk.errors import (
    ArtifactCorruptError,
    ArtifactTooLargeError,
    IncompatibleArtifactError,
    TamperedArtifactError,
    UnsafeArtifactError,
)

NAME = "AAPL_d1_20250121.pkl"


def load(data: bytes, **keywords):
    return loading.load(data, name=NAME, **({"max_bytes": MAX_BYTES} | keywords))


def same(loaded, artifact) -> None:
    features, _ = rows()
    assert list(loaded) == list(artifact)
    assert {name: value for name, value in loaded.items() if name != "models"} == {
        name: value for name, value in artifact.items() if name != "models"
    }
    for name, model in artifact["models"].items():
        assert np.array_equal(loaded["models"][name].predict_proba(features), model.predict_proba(features))
        assert type(loaded["models"][name]) is type(model)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_pickles_of_every_protocol(plain, protocol):
    same(load(pickle.dumps(plain, protocol=protocol)), plain)


def test_pickles_of_the_pickler_in_python(plain):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        buffer = io.BytesIO()
        pickle._Pickler(buffer, protocol).dump(plain)
        same(load(buffer.getvalue()), plain)


@pytest.mark.parametrize("protocol", [None, 2, 3, 4, 5])
@pytest.mark.parametrize(
    "compress", [0, 3, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3), ("lz4", 3)], ids=str
)
def test_joblib_files_of_every_codec(plain, compress, protocol):
    same(load(joblib_file(plain, compress=compress, protocol=protocol)), plain)


def test_joblib_files_written_to_disk(plain, tmp_path):
    joblib.dump(plain, tmp_path / "file")  # aligned for memory maps, unlike those written to a stream
    same(load((tmp_path / "file").read_bytes()), plain)


@pytest.mark.parametrize(
    "pack",
    [
        gzip.compress,
        zlib.compress,
        bz2.compress,
        lzma.compress,
        lz4.frame.compress,
        lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
        lambda data: lz4.frame.compress(data, content_checksum=True, block_size=lz4.frame.BLOCKSIZE_MAX4MB),
        lambda data: gzip.compress(data[:1000]) + gzip.compress(data[1000:]),
        lambda data: zlib.compress(data, 0),
        lambda data: zlib.compress(data, 9),
    ],
    ids=["gzip", "zlib", "bz2", "xz", "lz4", "lzma", "lz4 with checksum", "gzip in two members", "stored", "hardest"],
)
def test_compressed_plain_pickles(plain, pack):
    same(load(pack(pickle.dumps(plain))), plain)


def test_arrays_of_every_kind_come_back(plain):
    arrays = {
        "c": np.arange(12.0).reshape(3, 4),
        "f": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        "strided": np.arange(12)[::3],
        "transposed": np.arange(24).reshape(2, 3, 4).transpose(1, 2, 0),
        "big endian": np.arange(3, dtype=">i4"),
        "small": np.arange(3, dtype=np.int8),
        "flags": np.array([True, False]),
        "texts": np.array(["a", "längst"]),
        "objects": np.array(["a", "b"], dtype=object),
        "nothing": np.zeros((0, 3)),
        "single": np.array(3.5),
        "scalar": np.float32(2.5),
        "word": np.str_("word"),
    }
    for protocol in range(6):
        for data in (pickle.dumps(plain | arrays, protocol=protocol), joblib_file(plain | arrays)):
            loaded = load(data)
            for name, array in arrays.items():
                assert np.array_equal(loaded[name], array), name
                assert getattr(loaded[name], "dtype", None) == array.dtype or name == "big endian"
                assert loaded[name].shape == array.shape
                assert type(loaded[name]) is type(array)


def test_containers_and_dates_of_other_programs_come_back(plain):
    extra = {
        "ordered": collections.OrderedDict(b=1, a=2),
        "defaulted": collections.defaultdict(dict, a={"x": 1}),
        "set": {1, 2},
        "frozen": frozenset({"a"}),
        "when": dt.datetime(2025, 1, 21, 22, 15, 1, 5, tzinfo=dt.UTC),
        "far": dt.datetime(2025, 1, 21, tzinfo=dt.timezone(dt.timedelta(hours=-5))),
        "naive": dt.datetime(2025, 1, 21, 22),  # noqa: DTZ001 - other programs write such
        "day": dt.date(2025, 1, 21),
        "span": dt.timedelta(days=-1, seconds=5, microseconds=7),
        "pair": (1, [2, (3,)]),
        "by number": {np.int64(1): "a", np.str_("b"): 2},
    }
    for protocol in range(6):
        loaded = load(pickle.dumps(plain | extra, protocol=protocol))
        assert {name: loaded[name] for name in extra} == extra
        assert type(loaded["ordered"]) is type(loaded["defaulted"]) is dict
        assert [type(key) for key in loaded["by number"]] == [int, str]


def test_what_was_shared_stays_shared(plain):
    shared = {"a": [1]}
    loaded = load(pickle.dumps(plain | {"one": shared, "two": shared}))
    assert loaded["one"] is loaded["two"]


def test_the_digest_is_checked_before_anything_is_read(plain):
    data = pickle.dumps(plain)
    same(load(data, expected_sha256=digests.of(data)), plain)
    with pytest.raises(TamperedArtifactError) as caught:
        load(b"not even a pickle", expected_sha256=digests.of(data))
    assert (caught.value.name, caught.value.expected) == (NAME, digests.of(data))
    assert caught.value.actual == digests.of(b"not even a pickle")


@pytest.mark.parametrize("flip", [0, 1000, -1])
def test_one_changed_bit_is_tampering(plain, flip):
    data = bytearray(pickle.dumps(plain))
    expected = digests.of(bytes(data))
    data[flip] ^= 1
    with pytest.raises(TamperedArtifactError):
        load(bytes(data), expected_sha256=expected)


def test_a_file_at_the_limit_loads_and_one_above_is_too_large(plain):
    data = pickle.dumps(plain)
    same(load(data, max_bytes=len(data)), plain)
    with pytest.raises(ArtifactTooLargeError):
        load(data, max_bytes=len(data) - 1)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, bz2.compress, lzma.compress, lz4.frame.compress])
def test_the_limit_holds_for_what_is_unpacked(plain, pack):
    data = pickle.dumps(plain | {"extra": [0.0] * 10_000})
    same(load(pack(data), max_bytes=len(data)), plain | {"extra": [0.0] * 10_000})
    with pytest.raises(ArtifactTooLargeError):
        load(pack(data), max_bytes=len(data) - 1)


def test_a_pickle_of_something_else_is_told_apart_from_a_damaged_one():
    with pytest.raises(IncompatibleArtifactError, match="list"):
        load(pickle.dumps([1, 2]))
    with pytest.raises(ArtifactCorruptError):
        load(b"PK\x03\x04 a zip file")
    with pytest.raises(ArtifactCorruptError):
        load(b"")


@pytest.mark.parametrize("behind", [b"behind", b"\n", b"\0" * 512, pickle.dumps({"models": {}})])
def test_bytes_behind_the_pickle_are_refused_and_said(plain, behind):
    for data in (pickle.dumps(plain), joblib_file(plain)):
        with pytest.raises(ArtifactCorruptError, match=f"{len(behind):,} bytes stand behind"):
            load(data + behind)


def test_a_verbose_flag_is_dropped_and_said(plain):
    plain["models"]["rf"].verbose = 10**9
    loaded = loading.load_with_notes(pickle.dumps(plain), name=NAME, max_bytes=MAX_BYTES)
    assert loaded.content["models"]["rf"].verbose == 0
    assert loaded.warnings == ("the verbose flag of RandomForestClassifier was dropped",)


def test_importing_the_room_imports_no_heavy_library():
    code = (
        "import sys; from ensemble_desk.artifacts.safe_loading import audit, checks, loading;"
        "from ensemble_desk.artifacts.store import folder;"
        "print([name for name in ('sklearn', 'scipy', 'joblib', 'lz4') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


PLAIN = {
    "a path": (pathlib.PosixPath("data/aapl.csv"), "data/aapl.csv"),
    "a path of Windows": (pathlib.PureWindowsPath("C:/data/aapl.csv"), "C:\\data\\aapl.csv"),
    "a UUID": (uuid.UUID(int=2**128 - 5), "ffffffff-ffff-ffff-ffff-fffffffffffb"),
    "a decimal": (decimal.Decimal("0.5512"), 0.5512),
    "a fraction": (fractions.Fraction(3, 8), 0.375),
    "a timestamp": (pd.Timestamp("2025-01-21 15:30:01.5"), dt.datetime.fromisoformat("2025-01-21T15:30:01.5")),
    "a timestamp with a zone": (pd.Timestamp("2025-01-21T15:30Z"), dt.datetime(2025, 1, 21, 15, 30, tzinfo=dt.UTC)),
}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", PLAIN)
def test_values_of_the_standard_library_become_texts_and_numbers(plain, value, protocol):
    given, expected = PLAIN[value]
    loaded = load(pickle.dumps(plain | {"source": given}, protocol=protocol))["source"]
    assert (type(loaded), loaded) == (type(expected), expected)


def test_a_timestamp_in_another_unit(plain):
    coarse = pd.Timestamp("2025-01-21").as_unit("s")
    assert load(pickle.dumps(plain | {"timestamp": coarse}))["timestamp"] == dt.datetime.fromisoformat("2025-01-21")


@pytest.mark.parametrize(
    "hostile",
    [
        b"cpathlib\nPosixPath\n(I1\ntR.",
        b"cdecimal\nDecimal\n(S'1e9999999999'\ntR.",
        b"cdecimal\nDecimal\n(S'no'\ntR.",
        b"cfractions\nFraction\n(S'1/0'\ntR.",
        b"cfractions\nFraction\n(I1\nI0\ntR.",
        b"cuuid\nUUID\n(S'x'\ntR.",
        b"cpandas._libs.tslibs.timestamps\n_unpickle_timestamp\n(L99999999999999999999L\nNNI7\ntR.",
    ],
)
def test_crooked_values_are_refused(hostile):
    with pytest.raises((ArtifactCorruptError, UnsafeArtifactError, IncompatibleArtifactError)):
        load(hostile)


def test_other_values_are_refused_in_plain_words(plain):
    with pytest.raises(IncompatibleArtifactError, match=r"a collections\.deque, which is not plain data"):
        load(pickle.dumps(plain | {"source": collections.deque([1])}))
