"""What an artifact must hold to serve: ours and plain ones, each refusal with its reason."""

import copy
import datetime as dt
import pickle

import numpy as np
import pytest
from tests.artifacts.conftest import MAX_BYTES, NOW

from ensemble_desk.artifacts import manifest
from ensemble_desk.artifacts.format import SCHEMA_VERSION
from ensemble_desk.artifacts.safe_loading import checks, loading, plainness
from ensemble_desk.errors import IncompatibleArtifactError
from ensemble_desk.market.keys import Key

KEY = Key("AAPL", "d1")


@pytest.fixture
def ours(content):
    return content | {"schema_version": SCHEMA_VERSION}


def problem(content, *, version="20250121"):
    with pytest.raises(IncompatibleArtifactError) as caught:
        checks.validate(content, key=KEY, version=version)
    assert caught.value.name == f"AAPL_d1_{version}.pkl"
    return caught.value.problem


def test_ours_and_plain_artifacts_are_accepted(ours, plain):
    checks.validate(ours, key=KEY, version="20250121")
    checks.validate(plain, key=KEY, version="20250121")
    assert checks.is_ours(ours)
    assert not checks.is_ours(plain)


@pytest.mark.parametrize(
    "missing",
    ["symbol", "timeframe", "timestamp", "ensemble_accuracy", "performances", "model_predictions_sample"],
)
def test_a_plain_artifact_may_lack_what_is_not_needed_to_serve(plain, missing):
    del plain[missing]
    checks.validate(plain, key=KEY, version="20250121")


@pytest.mark.parametrize("missing", ["models", "weights"])
def test_models_and_weights_are_needed(plain, missing):
    del plain[missing]
    assert missing in problem(plain)


@pytest.mark.parametrize("content", [[1], 3, None, "text", (), {1: 2}])
def test_what_is_no_version_at_all(content):
    assert "not the dict of a version" in problem(content)


@pytest.mark.parametrize("number", [SCHEMA_VERSION + 1, 99])
def test_a_newer_format_says_to_upgrade(ours, number):
    told = problem(ours | {"schema_version": number})
    assert "upgrade" in told
    assert str(number) in told


@pytest.mark.parametrize("number", [0, -1, "1", None, 1.0, True])
def test_an_unknown_format_is_refused(ours, number):
    assert "format" in problem(ours | {"schema_version": number})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"models": {}}, "no models"),
        ({"models": []}, "no models"),
        ({"models": {"": {}}}, "no name"),
        ({"models": {1: {}}}, "no name"),
        ({"models": {"rf": 3}, "weights": {"rf": 1.0}}, "not a fitted classifier"),
        ({"models": {"m": {"draw": len}}, "weights": {"m": 1.0}}, "the state of m"),
        ({"models": {"m": {"inner": {"model": b"bytes"}}}, "weights": {"m": 1.0}}, "a bytes"),
        ({"weights": {}}, "no weights"),
        ({"weights": [0.5, 0.5]}, "its weights are a list"),
        ({"weights": {"rf": -0.1, "gb": 1.1}}, "negative"),
        ({"weights": {"rf": float("nan"), "gb": 1.0}}, "negative or no number"),
        ({"weights": {"rf": float("inf"), "gb": 1.0}}, "negative or no number"),
        ({"weights": {"rf": "0.5", "gb": 1.0}}, "negative or no number"),
        ({"weights": {"rf": True, "gb": 1.0}}, "negative or no number"),
        ({"weights": {"rf": 0, "gb": 0.0}}, "zero"),
        ({"weights": {"rf": 0.5, "lstm": 0.5}}, "lstm"),
        ({"performances": [1]}, "performances"),
        ({"ensemble_accuracy": "high"}, "ensemble_accuracy"),
        ({"temperature": 0}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"classes": ["DOWN", "UP"]}, "classes"),
        ({"classes": ["BULLISH", "NEUTRAL", "BEARISH"]}, "classes"),
        ({"feature_names": ["a", "a"]}, "feature_names"),
        ({"feature_names": "abcd"}, "feature_names"),
        ({"feature_names": ["a", "b"]}, "wants 4 features"),
        ({"label": {"horizon_bars": 0}}, "label"),
        ({"label": {"horizon_bars": 1, "rule": "magic"}}, "label"),
        ({"label": {"horizon_bars": 1, "price": "__class__"}}, "label"),
        ({"label": {"horizon_bars": "1"}}, "label"),
        ({"label": {"unknown": 1}}, "label"),
        ({"label": {"horizon_bars": 1, "multiplier": float("nan")}}, "label"),
        ({"horizon": 3}, "horizon"),
        ({"code_revision": 3}, "code_revision"),
        ({"extra": object()}, "a object"),
        ({"extra": b"x"}, "a bytes"),
        ({"extra": np.array([object()])}, "an array of object"),
        ({"extra": 10**400}, "too many digits"),
        ({"extra": [10**400] * 10}, "too many digits"),
        ({"extra": "half a pair \ud800"}, "cannot be stored"),
        ({"extra": {"a\0b": 1}}, "cannot be stored"),
    ],
)
def test_each_thing_that_cannot_serve_is_told(ours, changes, told):
    assert told in problem(ours | changes)


@pytest.mark.parametrize(
    "told",
    [
        {"symbol": "MSFT"},
        {"timeframe": "w1"},
        {"timestamp": "20250122"},
        {"timestamp": 20250122},
    ],
)
def test_a_file_that_says_it_is_another_version_is_refused(ours, plain, told):
    assert problem(ours | told)
    assert "unlike its name" in problem(plain | told)


def test_none_is_no_name_of_ours_and_tells_nothing_in_a_plain_artifact(ours, plain):
    assert "symbol" in problem(ours | {"symbol": None})
    checks.validate(plain | {"symbol": None, "timeframe": None}, key=KEY, version="20250121")


@pytest.mark.parametrize(
    "timestamp", ["20250121", "2025-01-21", "2025-01-21T22:15:00+00:00", 20250121, "20250121_2215"]
)
def test_a_plain_artifact_may_write_its_day_in_another_way(plain, timestamp):
    checks.validate(plain | {"timestamp": timestamp}, key=KEY, version="20250121r02")


def test_ours_names_its_version_exactly(ours):
    assert "unlike its name" in problem(ours, version="20250121r02")


def test_loading_under_a_version_s_name_checks_the_identity_too(plain):
    data = pickle.dumps(plain)
    with pytest.raises(IncompatibleArtifactError, match="unlike its name"):
        loading.load(data, name="MSFT_d1_20250121.pkl", max_bytes=MAX_BYTES)
    assert loading.load(data, name="an upload", max_bytes=MAX_BYTES)["symbol"] == "AAPL"


def test_a_few_shared_lists_cannot_unfold_without_end(plain):
    shared: list = [0.5]
    for _ in range(20):
        shared = [shared] * 20
    assert "too many values" in problem(plain | {"extra": shared})
    assert "too many values" in problem(plain | {"extra": np.zeros((2**40, 0))})
    array = np.zeros(10**6)
    assert "too many values" in problem(plain | {"extra": [array] * 100})


def test_deep_nesting_is_refused(plain):
    deep: list = []
    for _ in range(100):
        deep = [deep]
    assert "deeply" in problem(plain | {"extra": deep})


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        1,
        -(2**63),
        1.5,
        float("inf"),
        "text",
        "größer",
        [1, "a", None],
        (1, 2),
        {"a": {"b": [1]}},
        {1: 2},
        {1.5, 2.5},
        frozenset({"a"}),
        np.float32(1),
        np.str_("a"),
        np.arange(5),
        np.array(["a", "b"]),
        np.array(["a", "b"], dtype=object),
        [float(number) for number in range(100)],
        dt.datetime(2025, 1, 21, tzinfo=dt.UTC),
        dt.date(2025, 1, 21),
        dt.timedelta(hours=1),
    ],
    ids=repr,
)
def test_plain_values_are_accepted_and_have_a_place_in_the_manifest(plain, value):
    content = plain | {"extra": value}
    checks.validate(content, key=KEY, version="20250121")
    loaded = loading.load(pickle.dumps(content), name="AAPL_d1_20250121.pkl", max_bytes=MAX_BYTES)
    described = manifest.from_artifact(loaded, sha256="", size_bytes=0, created_at=NOW, code_surface=[])
    assert described.to_json()


@pytest.mark.parametrize(
    "value", [object(), len, type, 1j, b"x", bytearray(b"x"), slice(1), range(3), np.zeros(2, "M8[s]"), Exception()]
)
def test_values_that_are_not_plain_are_named(value):
    assert plainness.problem({"a": [value]})


def test_a_text_that_appears_many_times_counts_each_time():
    long = "x" * 1_000_000
    assert plainness.problem([long] * 50) == ""
    assert plainness.problem({str(number): long for number in range(200)}) == "too many values"


def test_checking_changes_nothing(ours):
    before = pickle.dumps(copy.deepcopy(ours))
    checks.validate(ours, key=KEY, version="20250121")
    assert len(pickle.dumps(copy.deepcopy(ours))) == len(before)
