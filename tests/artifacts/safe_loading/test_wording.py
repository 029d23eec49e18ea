"""What cannot be read says the true cause: a release, a class that is not on the list, or a name that runs code."""

import gzip
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sklearn
from sklearn.decomposition import KernelPCA
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from tests.artifacts.conftest import MAX_BYTES, rows
from tests.artifacts.safe_loading import hostile_pickles as hostile

from ensemble_desk.artifacts.safe_loading import loading
from ensemble_desk.errors import ArtifactCorruptError, ArtifactError, IncompatibleArtifactError, UnsafeArtifactError

OLD = Path(__file__).parents[2] / "compat" / "files" / "old"
THIS = sklearn.__version__


def error_of(data: bytes) -> ArtifactError:
    with pytest.raises(ArtifactError) as caught:
        loading.load(data, name="AAPL_d1_20250121.pkl", max_bytes=MAX_BYTES)
    return caught.value


def dump(model: Any) -> bytes:
    return pickle.dumps({"models": {"m": model}, "weights": {"m": 1.0}})


def old(family: str, release: str = "1.2.2") -> bytes:
    data = (OLD / release / f"{family}_d1_20250121.pkl").read_bytes()
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


@pytest.mark.parametrize(
    ("asked_for", "make"),
    [
        ("RandomForestRegressor", lambda: RandomForestRegressor(2, max_depth=2).fit(*rows())),
        ("KernelPCA", lambda: KernelPCA(2)),
        ("pandas.", lambda: pd.Interval(0, 1)),
        ("pandas.", lambda: pd.DataFrame({"a": [1.0]})),
    ],
)
def test_a_class_that_is_not_read_is_no_attack(asked_for: str, make: Callable[[], Any]):
    error = error_of(dump(make()))
    assert isinstance(error, IncompatibleArtifactError)
    assert asked_for in error.problem
    assert "is not read from a pickle" in error.problem
    assert "docs/members.md" in error.problem
    for word in ("backup", "refused", "no artifact needs"):
        assert word not in str(error)


def test_a_function_of_the_team_s_own_program_is_no_attack():
    error = error_of(hostile.artifact_with(hostile.call(hostile.stacked("__main__", "log_ratio"), hostile.of(1.0))))
    assert isinstance(error, IncompatibleArtifactError)
    assert "__main__.log_ratio, a function of the program that wrote it" in error.problem


@pytest.mark.parametrize(
    ("module", "name"),
    [("xgboost.sklearn", "XGBRFClassifier"), ("torch._utils", "_rebuild_tensor_v2"), ("ourdesk.models", "Blend")],
)
def test_a_class_of_a_team_s_own_is_no_attack(module, name):
    error = error_of(hostile.artifact_with(hostile.stacked(module, name) + b")\x81"))
    assert isinstance(error, IncompatibleArtifactError)
    assert f"{module}.{name}" in error.problem


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("posix", "mkdir"),
        ("builtins", "eval"),
        ("subprocess", "Popen"),
        ("multiprocessing.context", "Process"),
        ("numpy.testing._private.utils", "runstring"),
        ("pandas", "read_pickle"),
        ("ourdesk.models", "load"),
        ("xgboost sklearn", "XGBClassifier"),
    ],
)
def test_a_name_that_may_run_code_keeps_the_hard_tone(module, name):
    error = error_of(hostile.artifact_with(hostile.call(hostile.stacked(module, name), hostile.text("x"))))
    assert isinstance(error, UnsafeArtifactError)
    assert "nothing in it was run" in str(error)


def test_an_older_file_whose_parts_do_not_fit_says_who_wrote_it():
    error = error_of(old("BOOSTING").replace(b"class_prior_", b"class_priox_"))
    assert isinstance(error, IncompatibleArtifactError)
    assert (
        f"written by scikit-learn 1.2.2, and {THIS} reads: a classifier without features contradicts" in error.problem
    )
    assert "backup" not in str(error)


def test_an_older_file_whose_estimator_cannot_be_followed_says_which_and_why():
    error = error_of(old("BOOSTING").replace(b"impurity", b"impurety"))
    assert isinstance(error, IncompatibleArtifactError)
    assert error.problem == (
        f"it was written by scikit-learn 1.2.2, and {THIS} reads: its trees have other fields than those of this "
        "scikit-learn"
    )


def test_an_older_file_that_breaks_off_is_damaged():
    data = old("BOOSTING")
    for size in (len(data) // 2, len(data) - 1):
        assert isinstance(error_of(data[:size]), ArtifactCorruptError)


def test_an_older_estimator_that_fails_when_it_is_asked_is_not_taken():
    features, classes = rows()
    model = LogisticRegression().fit(features, classes)
    del model.__dict__["intercept_"], model.__dict__["coef_"]
    error = error_of(dump(model).replace(THIS.encode(), f"0{THIS[1:]}".encode()))
    assert isinstance(error, IncompatibleArtifactError)
    assert "its m, a LogisticRegression, fails when it is asked (AttributeError" in error.problem


@pytest.mark.parametrize("letters", ["\n\x1b[2J", "\u202e", "\0", "\u2028", "\x9b", "\ud800"])
def test_what_a_terminal_would_obey_is_spelt_out(letters):
    named = hostile.wrap(hostile.short("numpy") + hostile.text("x") + b"\x93")
    told = {"models": {"m": LogisticRegression().fit(*rows())}, "weights": {"m": 1.0}}
    asked = named.replace(b"x", letters.encode("utf-8", "surrogatepass")).replace(
        b"X\1", b"X" + bytes([len(letters.encode("utf-8", "surrogatepass"))])
    )
    for data in (asked, pickle.dumps(told | {"symbol": letters}), pickle.dumps(told | {"timeframe": letters})):
        assert str(error_of(data)).isprintable()
