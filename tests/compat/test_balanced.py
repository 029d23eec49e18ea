"""Members of imbalanced-learn are read without it, and answer as they did: it balances rows of training alone."""

import importlib.util
import json
import pickle
import sys
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline as Plain
from sklearn.preprocessing import StandardScaler

from ensemble_desk.artifacts.safe_loading import loading
from ensemble_desk.errors import ArtifactError

FOLDER = Path(__file__).parent / "balanced"
RELEASES = sorted(path.name for path in FOLDER.iterdir())
X, Y = np.random.default_rng(3).normal(size=(60, 3)), np.arange(60) % 3


class Pipeline(Plain):
    __module__ = "imblearn.pipeline"


class SMOTE(BaseEstimator):
    __module__ = "imblearn.over_sampling._smote.base"

    def fit_resample(self, X, y):
        return X, y


@pytest.fixture(autouse=True)
def _library(monkeypatch):
    """Let the classes above be found where the library has them."""
    for kind in (Pipeline, SMOTE):
        parts = kind.__module__.split(".")
        for name in (".".join(parts[: n + 1]) for n in range(len(parts))):
            if name not in sys.modules:
                monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
        monkeypatch.setattr(sys.modules[kind.__module__], kind.__name__, kind, raising=False)


def load(model):
    data = pickle.dumps({"models": {"m": model}, "weights": {"m": 1.0}})
    return loading.load(data, name="x", max_bytes=2**24)["models"]["m"]


def steps():
    scaled = StandardScaler().fit(X)
    return [("a", scaled), ("b", SMOTE()), ("c", LogisticRegression().fit(scaled.transform(X), Y))]


@pytest.mark.parametrize("release", RELEASES)
def test_members_answer_as_they_did(release):
    told = json.loads((FOLDER / release / "expected.json").read_text("utf-8"))
    asked = pd.DataFrame(told["rows"], columns=told["columns"])
    loaded = loading.load((FOLDER / release / "members.pkl").read_bytes(), name="x", max_bytes=2**22)["models"]
    assert loaded.keys() == told["probabilities"].keys()
    for name, expected in told["probabilities"].items():
        assert np.allclose(loaded[name].predict_proba(asked), expected, rtol=0, atol=1e-12), name


def test_there_are_files_of_an_old_and_a_new_release():
    assert RELEASES == ["0.11.0", "0.14.2"]


def test_what_balances_is_left_out():
    model = load(Pipeline(steps()))
    assert type(model) is Plain
    assert [name for name, _ in model.steps] == ["a", "c"]
    assert np.array_equal(model.predict_proba(X), Plain([steps()[0], steps()[2]]).predict_proba(X))


@pytest.mark.parametrize(
    "model",
    [
        Pipeline(steps()[:2]),
        Pipeline([("b", SMOTE())]),
        Pipeline([("a", StandardScaler().fit(X[:, :2])), *steps()[1:]]),
        Plain(steps()),
        Plain([steps()[0], ("b", SMOTE())]),
        SMOTE(),
    ],
)
def test_what_balances_answers_nowhere(model):
    with pytest.raises(ArtifactError):
        load(model)


def test_the_library_is_not_installed(monkeypatch):
    monkeypatch.undo()
    assert importlib.util.find_spec("imblearn") is None
