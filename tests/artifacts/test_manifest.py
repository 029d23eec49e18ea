"""A manifest repeats everything but the models, in strict JSON."""

import datetime as dt
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensemble_desk.artifacts import manifest
from ensemble_desk.artifacts.manifest import Manifest
from ensemble_desk.errors import ArtifactCorruptError

NOW = dt.datetime(2025, 1, 21, 17, tzinfo=dt.timezone(dt.timedelta(hours=-5)))


texts = st.text(st.characters(exclude_categories=["Cs"]))


def describe(content, **changes):
    known = {"sha256": "ab" * 32, "size_bytes": 12, "created_at": NOW, "code_surface": ["b c", "a b"]}
    return manifest.from_artifact(content, **(known | changes))


def test_it_repeats_everything_but_the_models(content):
    described = describe(content)
    assert set(described.content) == (set(content) - {"models"}) | {
        "sha256",
        "size_bytes",
        "created_at",
        "globals",
        "members",
    }
    assert described.content["weights"] == content["weights"]
    assert described.members == ("arima_garch", "gb", "rf")
    assert described.globals == ("a b", "b c")
    assert described.created_at == NOW
    assert described.created_at.utcoffset() == dt.timedelta(0)
    assert (described.sha256, described.size_bytes) == ("ab" * 32, 12)


def test_it_comes_back_from_its_json(content):
    described = describe(content)
    assert Manifest.from_json(described.to_json(), name="x") == described


def test_numbers_of_numpy_become_plain_and_what_is_no_number_becomes_null(plain):
    plain["ensemble_accuracy"] = np.float64("nan")
    plain["evaluation"] = {
        "best": float("inf"),
        "count": np.int64(3),
        "flag": np.bool_(True),
        "matrix": np.array([[1.5, -np.inf], [np.nan, 2.0]]),
        "name": np.str_("rf"),
        7: (1, 2),
        "seen": {"b", "a"},
        "when": dt.datetime(2025, 1, 2, tzinfo=dt.UTC),
    }
    described = describe(plain).to_json()
    read = json.loads(described, parse_constant=lambda constant: pytest.fail(f"{constant} in a manifest"))
    assert read["ensemble_accuracy"] is None
    assert read["evaluation"] == {
        "best": None,
        "count": 3,
        "flag": True,
        "matrix": [[1.5, None], [None, 2.0]],
        "name": "rf",
        "7": [1, 2],
        "seen": ["a", "b"],
        "when": "2025-01-02T00:00:00+00:00",
    }


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | texts,
        lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
        max_leaves=20,
    )
)
def test_any_plain_value_has_a_json_form_that_comes_back(value):
    described = describe({"models": {}, "symbol": "A", "timeframe": "d1", "timestamp": "20250121", "extra": value})
    assert Manifest.from_json(described.to_json(), name="x") == described


@pytest.mark.parametrize("value", [object(), b"bytes", 1 + 2j, lambda: None])
def test_values_without_a_json_form_are_refused(plain, value):
    with pytest.raises(TypeError):
        describe(plain | {"extra": value})


def test_endless_nesting_is_refused(plain):
    loop: list = []
    loop.append(loop)
    with pytest.raises(TypeError, match="deeply"):
        describe(plain | {"extra": loop})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"symbol": "A"}',
        b'{"symbol": NaN}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_what_is_no_manifest_is_refused_by_name(data):
    with pytest.raises(ArtifactCorruptError) as caught:
        Manifest.from_json(data, name="AAPL_d1_20250121.json")
    assert caught.value.name == "AAPL_d1_20250121.json"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size_bytes", "12"),
        ("size_bytes", True),
        ("created_at", "yesterday"),
        ("created_at", "2025-01-21T00:00:00"),
        ("created_at", "9999-12-31T23:59:59-14:00"),
        ("created_at", "0001-01-01T00:00:00+14:00"),
        ("globals", "os system"),
        ("members", [1]),
        ("sha256", None),
        ("symbol", 3),
        ("ensemble_accuracy", float("nan")),
    ],
)
def test_a_manifest_with_a_wrong_value_is_refused(plain, name, value):
    content = dict(describe(plain).content) | {name: value}
    with pytest.raises(ArtifactCorruptError):
        Manifest.from_json(json.dumps(content).encode(), name="x")
