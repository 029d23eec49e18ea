"""No call of a hostile pickle ever runs: not one, in no format, at no depth; and nothing of this process changes."""

import bz2
import copyreg
import gzip
import importlib
import lzma
import pickle
import sys
import tracemalloc
import zlib

import lz4.frame
import numpy as np
import pytest
import sklearn.ensemble._forest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from tests.artifacts.conftest import MAX_BYTES, rows
from tests.artifacts.safe_loading import hostile_pickles as hostile

from ensemble_desk.artifacts.safe_loading import audit, loading
from ensemble_desk.artifacts.safe_loading.allow_list.names import ALLOWED
from ensemble_desk.errors import ArtifactCorruptError, ArtifactError, IncompatibleArtifactError, UnsafeArtifactError

MOVED = {"sklearn.ensemble._gb_losses": "ensemble_desk.artifacts.safe_loading.allow_list.families.older_estimators"}
CODECS = {
    "as it is": lambda data: data,
    "gzip": gzip.compress,
    "lz4": lz4.frame.compress,
    "zlib": zlib.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
}
JOBLIB = [0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3), ("lz4", 3)]
_seen: list[str] = []
_watching: list[bool] = []


def _watch(event: str, _arguments: object) -> None:
    if _watching:
        _seen.append(event)


sys.addaudithook(_watch)


def load(data: bytes):
    """Load a file, and check with the interpreter's own audit that nothing is looked up, started, opened or made."""
    _seen.clear()
    _watching.append(True)
    try:
        return loading.load(data, name="AAPL_d1_20250121.pkl", max_bytes=MAX_BYTES)
    finally:
        _watching.clear()
        told = {
            "pickle",
            "exec",
            "compile",
            "import",
            "open",
            "os",
            "subprocess",
            "socket",
            "shutil",
            "ctypes",
            "marshal",
        }
        assert not [event for event in _seen if event.split(".")[0] in told]


@pytest.fixture(scope="module", autouse=True)
def _libraries_are_imported(fitted):
    """scikit-learn is imported on first use; here before the watch begins."""
    for module, _ in ALLOWED:
        if module.startswith("sklearn."):
            importlib.import_module(MOVED.get(module, module))
    for model in (*fitted.values(), HistGradientBoostingClassifier(max_iter=2).fit(*rows())):
        state = {"models": {"m": model}, "weights": {"m": 1.0}}
        loading.load(pickle.dumps(state), name="x", max_bytes=MAX_BYTES)


def refused(data: bytes) -> ArtifactError:
    with pytest.raises(ArtifactError) as caught:
        load(data)
    assert caught.value.__cause__ is not None or isinstance(caught.value, IncompatibleArtifactError)
    return caught.value


@pytest.mark.parametrize("name", hostile.RUNNING)
def test_the_hostile_pickles_would_run(name, canary):
    data = hostile.RUNNING[name](canary)
    try:
        pickle.loads(data)
    except Exception as error:  # noqa: BLE001 - what it leaves on the stack does not matter
        assert canary.exists(), error  # noqa: PT017 - that it ran matters
    assert canary.exists()


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("name", hostile.RUNNING)
def test_none_of_their_calls_runs(name, codec, canary):
    data = CODECS[codec](hostile.RUNNING[name](canary))
    error = refused(data)
    assert isinstance(error, UnsafeArtifactError)
    assert error.name == "AAPL_d1_20250121.pkl"
    assert "nothing in it was run" in str(error)
    assert not canary.exists()


@pytest.mark.parametrize("name", hostile.RUNNING)
def test_the_audit_names_what_they_ask_for_without_running_it(name, canary):
    data = hostile.RUNNING[name](canary)
    surface = audit.code_surface(data, name="x", max_bytes=MAX_BYTES)
    assert not canary.exists()
    assert [asked for asked in surface if tuple(asked.split(" ", 1)) not in ALLOWED]


@pytest.mark.parametrize("compress", JOBLIB, ids=str)
@pytest.mark.parametrize("protocol", [None, 2, 3, 5])
def test_objects_smuggled_in_joblib_s_arrays_do_not_run(compress, protocol, canary):
    smuggled = {"models": {"rf": np.array([hostile.makes(canary)], dtype=object)}, "weights": {"rf": 1.0}}
    data = hostile.joblib_file(smuggled, compress=compress, protocol=protocol)
    error = refused(data)
    assert isinstance(error, UnsafeArtifactError)
    assert error.asked_for in ("posix.mkdir", "os.mkdir")
    assert not canary.exists()
    assert "posix mkdir" in audit.code_surface(data, name="x", max_bytes=MAX_BYTES)
    assert not canary.exists()


@pytest.mark.parametrize("compress", JOBLIB, ids=str)
def test_calls_in_joblib_files_do_not_run(compress, canary):
    data = hostile.joblib_file({"before": np.arange(3.0), "models": hostile.makes(canary)}, compress=compress)
    assert isinstance(refused(data), UnsafeArtifactError)
    assert not canary.exists()


def test_an_object_type_does_not_lead_out_of_joblib_s_wrapper(canary):
    honest = hostile.joblib_file({"a": np.array(["x"], dtype=object)})
    position = honest.index(b"\x80\x05", 2)  # the pickle that joblib reads with pickle's own loader
    for nested in (hostile.wrap(hostile.call(hostile.stacked("os", "mkdir"), hostile.text(canary))), b"\x80\x05."):
        refused(honest[:position] + nested + honest[position:])
        assert not canary.exists()


@pytest.mark.parametrize("name", hostile.CROOKED)
@pytest.mark.parametrize("place", ["alone", "as a model", "beside the models", "in a joblib file"])
def test_allowed_names_used_crookedly_are_refused(name, place):
    body = hostile.CROOKED[name]
    if place == "as a model":
        data = hostile.artifact_with(body)
    elif place == "beside the models":
        good = hostile.of({"models": {"m": {"a": 1}}, "weights": {"m": 1.0}})
        data = hostile.wrap(good + hostile.short("extra") + body + b"s")
    elif place == "in a joblib file":
        wrapper = hostile.stacked("joblib.numpy_pickle", "NumpyArrayWrapper") + b"0"
        data = hostile.wrap(wrapper + hostile.text("joblib.numpy_pickle") + b"0" + body)
    else:
        data = hostile.wrap(body)
    refused(data)


def test_no_class_or_function_of_this_process_is_changed():
    kinds = (RandomForestClassifier, np.ndarray, np.dtype, sklearn.ensemble._forest.ForestClassifier)
    before = [dict(vars(kind)) for kind in kinds]
    defaults = np._core.numeric._frombuffer.__defaults__
    stand_ins = {name: dict(vars(kind)) for name, kind in ALLOWED.items()}
    for body in hostile.CROOKED.values():
        for data in (hostile.wrap(body), hostile.artifact_with(body)):
            refused(data)
    assert [dict(vars(kind)) for kind in kinds] == before
    assert np._core.numeric._frombuffer.__defaults__ == defaults
    assert {name: dict(vars(kind)) for name, kind in ALLOWED.items()} == stand_ins


def test_the_extension_registry_is_never_asked(canary):
    copyreg.add_extension("os", "mkdir", 0xF0)
    try:
        data = hostile.wrap(hostile.call(b"\x82\xf0", hostile.text(canary)))
        pickle.loads(data)  # which also fills the cache that bypasses every find_class
        canary.rmdir()
        assert isinstance(refused(data), UnsafeArtifactError)
        assert isinstance(refused(hostile.joblib_file({"a": np.arange(2)})[:-1] + data[2:]), UnsafeArtifactError)
    finally:
        copyreg.remove_extension("os", "mkdir", 0xF0)
        copyreg.clear_extension_cache()
    assert not canary.exists()


def test_the_shared_data_types_of_numpy_stay_as_they_are():
    swapped = (3, ">", None, None, None, -1, -1, 0)
    dtype = hostile.call(hostile.stacked("numpy", "dtype"), hostile.text("f8")) + hostile.of(swapped) + b"b"
    array = hostile.call(
        hostile.stacked("numpy._core.numeric", "_frombuffer"),
        hostile.of(np.array([1.5], ">f8").tobytes()),
        dtype,
        hostile.of((1,)),
        hostile.text("C"),
    )
    state = hostile.of({"models": {"m": {"a": 1}}, "weights": {"m": 1.0}})
    loaded = load(hostile.wrap(state + hostile.short("extra") + array + b"s"))
    assert loaded["extra"].tolist() == [1.5]
    assert np.dtype("f8").isnative
    assert np.array([1.5]).tobytes() == np.float64(1.5).tobytes()


def test_a_structure_cannot_pass_objects_off_as_numbers():
    flags_without_objects = 0
    inner = hostile.call(hostile.stacked("numpy", "dtype"), hostile.text("O8"), b"\x89\x88")
    state = b"(" + hostile.of(3) + hostile.text("|") + b"N" + hostile.of(("a",))
    state += b"}" + hostile.text("a") + inner + b"K\x00\x86s" + hostile.of(8) + hostile.of(1)
    state += hostile.of(flags_without_objects) + b"tb"
    dtype = hostile.call(hostile.stacked("numpy", "dtype"), hostile.text("V8"), b"\x89\x88") + state
    array = hostile.call(
        hostile.stacked("numpy._core.numeric", "_frombuffer"),
        hostile.of(b"\x41" * 8),  # an address
        dtype,
        hostile.of((1,)),
        hostile.text("C"),
    )
    assert isinstance(refused(hostile.wrap(array)), UnsafeArtifactError)


@pytest.mark.parametrize("place", ["of an array", "of an older array", "alone"])
def test_a_data_type_that_contains_itself_is_refused(place):
    dtype = hostile.call(hostile.stacked("numpy", "dtype"), hostile.text("V8"), b"\x89\x88") + b"q\xc8"
    dtype += b"(" + hostile.of(3) + hostile.text("|") + b"N" + hostile.of(("a",))
    dtype += b"}" + hostile.text("a") + b"h\xc8K\x00\x86s" + hostile.of(8) + hostile.of(1) + hostile.of(0) + b"tb"
    body = {
        "of an array": hostile.call(
            hostile.FROMBUFFER, hostile.of(b"A" * 8), dtype, hostile.of((1,)), hostile.text("C")
        ),
        "of an older array": hostile.call(
            hostile.stacked("numpy._core.multiarray", "_reconstruct"),
            hostile.stacked("numpy", "ndarray"),
            hostile.of((0,)),
            hostile.of(b"b"),
        )
        + (b"(" + hostile.of(1) + hostile.of((1,)) + dtype + b"\x89" + hostile.of(b"A" * 8) + b"tb"),
        "alone": dtype,
    }[place]
    assert isinstance(refused(hostile.artifact_with(body)), ArtifactCorruptError)


@pytest.mark.parametrize("reader", ["plain", "joblib"])
def test_bytes_cannot_be_moved_away_from_under_an_array(reader):
    size = 2**20  # grown, these would move to other memory, and a write would go to memory that is free
    begin = b"" if reader == "plain" else hostile.stacked("joblib.numpy_pickle", "NumpyArrayWrapper") + b"0"
    buffer = b"\x96" + size.to_bytes(8, "little") + b"\0" * size + b"q\xc80"
    array = hostile.call(hostile.FROMBUFFER, b"h\xc8", hostile.NUMPY_DTYPE, hostile.of((size // 8,)), hostile.text("C"))
    grow = b"h\xc8(" + hostile.of(1) * 1000 + b"e0"
    write = hostile.of(5) + hostile.of(1.5) + b"s"
    with pytest.raises(ArtifactError) as caught:
        load(b"\x80\x05" + begin + buffer + array + grow + write + b".")
    assert isinstance(caught.value.__cause__, AttributeError)  # the readers make no bytes that could grow
    with pytest.raises(ArtifactError) as caught:
        load(b"\x80\x05" + begin + buffer + array + write + b".")
    assert isinstance(caught.value.__cause__, AttributeError)  # an array is no list that items are noted down in
    with pytest.raises(IncompatibleArtifactError, match="ndarray"):
        load(b"\x80\x05" + begin + buffer + array + b".")


def peak_bytes(work):
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shared", ["bytearray", "bytes"])
def test_the_same_bytes_under_many_arrays_do_not_fill_the_memory(plain, shared):
    size = 2**20
    if shared == "bytearray":
        begin = b"\x96" + size.to_bytes(8, "little") + b"\0" * size + b"q\xc80"
        one = hostile.call(
            hostile.FROMBUFFER, b"h\xc8", hostile.NUMPY_DTYPE, hostile.of((size // 8,)), hostile.text("C")
        )
    else:
        begin = b"B" + size.to_bytes(4, "little") + b"\0" * size + b"q\xc80"
        made = hostile.call(
            hostile.RECONSTRUCT, hostile.stacked("numpy", "ndarray"), hostile.of((0,)), hostile.of(b"b")
        )
        one = made + b"(K\x01" + hostile.of((size // 8,)) + hostile.NUMPY_DTYPE + b"\x89h\xc8tb"
    data = b"\x80\x05" + begin + b"](" + one * 300 + b"e."
    found = []
    assert peak_bytes(lambda: found.append(refused(data))) < 8 * size
    assert "more than the file" in str(found[0])


def test_what_only_looks_dangerous_is_a_text(plain, canary):
    plain["code_revision"] = f"__import__('os').mkdir({str(canary)!r})"
    plain["note"] = "cos\nsystem\n(S'x'\ntR."
    loaded = load(pickle.dumps(plain))
    assert loaded["note"] == plain["note"]
    features, _ = rows()
    loaded["models"]["rf"].predict_proba(features)
    assert not canary.exists()


def test_every_name_of_the_list_is_exact_and_none_is_dotted():
    for module, name in ALLOWED:
        assert "." not in name
        assert "*" not in module + name
    risky = {"os", "posix", "sys", "subprocess", "operator", "functools", "importlib", "runpy", "types", "pickle"}
    held = {(module, name) for module, name in ALLOWED if module.split(".")[0] in risky}
    assert held == {("functools", "partial")}  # of one function that checks an array, and of no other
    functions = {"eval", "exec", "getattr", "setattr", "open", "compile", "__import__", "map", "apply", "type"}
    assert not {name for _, name in ALLOWED} & functions


NO_DICTS = sorted(f"{module} {name}" for module, name in ALLOWED if module != "collections" and name != "Bunch")


@pytest.mark.parametrize("kind", NO_DICTS)
def test_every_allowed_name_withstands_arguments_that_it_never_has(kind):
    module, name = kind.split(" ")
    found = hostile.stacked(module, name)
    arguments = [b"", hostile.of(2**40), hostile.of("x" * 100), hostile.of([[]]), found, hostile.of(-1) + found]
    for argument in arguments:
        for state in (b"", hostile.of({"x": 1}) + b"b", hostile.of((1, 2, 3)) + b"b", b"Nb", found + b"b"):
            for made in (hostile.call(found, argument), found + b"(" + argument + b"t\x81"):
                refused(hostile.artifact_with(made + state))


def test_noise_is_refused_with_an_error_of_its_own():
    for seed in range(300):
        refused(np.random.default_rng(seed).bytes(500))


def test_the_reader_keeps_errors_of_hostile_bytes_in_its_own_kind():
    for data in (b"", b".", b"\x80", b"\x80\x05", b"\x80\x09.", b"\x80\x04.", b"I1\n.", b"garbage"):
        assert isinstance(refused(data), ArtifactCorruptError | IncompatibleArtifactError)
