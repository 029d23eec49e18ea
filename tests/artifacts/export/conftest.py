"""A team's own file: scikit-learn models, and a class of its own whose module only the team has."""

import importlib
import pickle
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper, numpy_helper
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FEATURES = ["rsi", "macd", "volatility_20"]
CLASSES = ["BEARISH", "NEUTRAL", "BULLISH"]
NAME = "AAPL_d1_20250121.pkl"
OWN = """
import numpy as np

class Momentum:
    classes_ = np.array(["BEARISH", "NEUTRAL", "BULLISH"])

    def __init__(self, weights):
        self.weights = weights

    def predict_proba(self, X):
        grown = np.exp(np.asarray(X, dtype=float) @ self.weights)
        return grown / grown.sum(axis=1, keepdims=True)
"""


def rows() -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(3)
    features = pd.DataFrame(random.normal(size=(200, 3)), columns=FEATURES)
    score = features["rsi"] - features["macd"] + random.normal(size=200)
    return features, np.array(CLASSES)[np.digitize(score, [-0.7, 0.7])]


@pytest.fixture(scope="session")
def fitted() -> dict[str, Any]:
    features, classes = rows()
    made = {
        "rf": RandomForestClassifier(5, max_depth=4, random_state=1),
        "et": ExtraTreesClassifier(5, max_depth=4, random_state=1),
        "gb": GradientBoostingClassifier(n_estimators=4, random_state=1),
        "lr": make_pipeline(StandardScaler(), LogisticRegression()),
        "ada": AdaBoostClassifier(n_estimators=3, random_state=1),
    }
    return {name: model.fit(features, classes) for name, model in made.items()}


@pytest.fixture
def sample() -> pd.DataFrame:
    return rows()[0][:80]


def write(folder: Path, models: dict[str, Any], name: str = NAME, **more: Any) -> Path:
    weights = dict.fromkeys(models, 1 / len(models))
    content = {"symbol": "AAPL", "timeframe": "d1", "timestamp": "20250121", "ensemble_accuracy": 0.41}
    content |= {"models": models, "weights": weights, "performances": {}}
    file = folder / name
    file.write_bytes(pickle.dumps(content | more))
    return file


@pytest.fixture
def team(tmp_path, monkeypatch, fitted):
    """The team's machine: its own module can be imported there."""
    home = tmp_path / "team"
    home.mkdir()
    (home / "teams_own_models.py").write_text(OWN, "utf-8")
    monkeypatch.syspath_prepend(str(home))
    own = importlib.import_module("teams_own_models")
    weights = np.random.default_rng(4).normal(size=(3, 3))
    graph = home / "momentum.onnx"
    graph.write_bytes(onnx_of(weights))
    yield SimpleNamespace(home=home, own=own, momentum=own.Momentum(weights), graph=graph, models=fitted)
    sys.modules.pop("teams_own_models", None)


def onnx_of(weights: np.ndarray) -> bytes:
    nodes = [helper.make_node("MatMul", ["X", "W"], ["S"]), helper.make_node("Softmax", ["S"], ["P"], axis=1)]
    taken = helper.make_tensor_value_info("X", TensorProto.DOUBLE, ["n", 3])
    given = helper.make_tensor_value_info("P", TensorProto.DOUBLE, ["n", 3])
    made = helper.make_graph(nodes, "momentum", [taken], [given], [numpy_helper.from_array(weights, "W")])
    proto: onnx.ModelProto = helper.make_model(made, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    return proto.SerializeToString()
