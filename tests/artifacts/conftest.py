"""Small fitted ensembles and stores for the tests of artifacts."""

import copy
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

from ensemble_desk.artifacts.store.folder import ArtifactStore
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import CLASSES, LabelSpec

MAX_BYTES = 2**24
FEATURES = ["return_1", "rsi", "atr", "range"]
DAY = dt.date(2025, 1, 21)
NOW = dt.datetime(2025, 1, 21, 22, 15, tzinfo=dt.UTC)


def rows(n_rows: int = 200) -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(7)
    features = pd.DataFrame(random.normal(size=(n_rows, len(FEATURES))), columns=FEATURES)
    return features, random.integers(0, 3, n_rows)


@pytest.fixture(scope="session")
def fitted() -> dict[str, Any]:
    features, classes = rows()
    rf = RandomForestClassifier(5, min_samples_leaf=5, random_state=1).fit(features, classes)
    gb = GradientBoostingClassifier(n_estimators=3, max_depth=2, random_state=1).fit(features, classes)
    return {"rf": rf, "gb": gb}


@pytest.fixture
def plain(fitted) -> dict[str, Any]:
    """A plain artifact: the guide's keys only."""
    features, _ = rows()
    sample = {name: model.predict_proba(features[:5]).tolist() for name, model in fitted.items()}
    scores = {"train_accuracy": 0.5, "valid_accuracy": 0.4, "precision": 0.4, "recall": 0.4, "f1": 0.4}
    return {
        "symbol": "AAPL",
        "timeframe": "d1",
        "timestamp": "20250121",
        "models": copy.deepcopy(fitted),
        "weights": {"rf": 0.473, "gb": 0.527},
        "ensemble_accuracy": 0.41,
        "performances": {name: dict(scores) for name in fitted},
        "model_predictions_sample": sample,
    }


@pytest.fixture
def content(plain) -> dict[str, Any]:
    """What training hands over for a version of ours."""
    features, _ = rows()
    return plain | {
        "feature_names": FEATURES,
        "classes": list(CLASSES),
        "label": LabelSpec(1).to_dict(),
        "horizon": "1D",
        "temperature": 1.1,
        "data_window": {
            "first_bar": "2020-01-02T00:00:00+00:00",
            "last_bar": "2025-01-21T00:00:00+00:00",
            "n_bars": 200,
        },
        "sample_features": features[:5].to_numpy().tolist(),
        "reference_histograms": {
            name: {"edges": [0.0, 1.0], "counts": [3], "min": 0.0, "max": 1.0} for name in FEATURES
        },
        "models": plain["models"] | {"arima_garch": {"parameters": np.array([0.1, 0.2]), "converged": True}},
        "weights": {"rf": 0.4, "gb": 0.4, "arima_garch": 0.2},
        "libraries": {"scikit-learn": "1.9.1"},
        "run_id": 3,
        "seed": 11,
    }


@pytest.fixture
def store(tmp_path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "models", max_bytes=MAX_BYTES)


@pytest.fixture
def publish(store, content) -> Callable[..., Any]:
    """Publish the content under a key and a day."""

    def publish_one(symbol: str = "AAPL", *, timeframe: str = "d1", day: dt.date = DAY, into: Any = None) -> Any:
        target = into or store
        return target.publish(content, key=Key(symbol, timeframe), date=day, created_at=NOW)

    return publish_one


@pytest.fixture
def canary(tmp_path) -> Path:
    """A path that exists only when code from a file ran."""
    return tmp_path / "ran"
