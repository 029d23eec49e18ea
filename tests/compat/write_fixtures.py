"""Write the files that later releases must still read: run once per format, commit, and never write them again.

    python tests/compat/write_fixtures.py

A file that exists is left as it is. ``plain`` holds an artifact as the guide's own trainer pickles it, ``format_1`` one
that this project published with format 1.
"""

import datetime as dt
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

sys.path.insert(0, str(Path(__file__).parents[2]))

from ensemble_desk.artifacts.store.folder import ArtifactStore
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import CLASSES, LabelSpec

FILES = Path(__file__).parent / "files"
FEATURES = ["rsi", "macd", "volatility_20"]
DAY = dt.date(2025, 1, 21)


def rows() -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(2025)
    return pd.DataFrame(random.normal(size=(240, 3)), columns=FEATURES), random.integers(0, 3, 240)


def trained(key: Key) -> dict[str, Any]:
    features, classes = rows()
    rf = RandomForestClassifier(4, min_samples_leaf=20, random_state=1).fit(features, classes)
    gb = GradientBoostingClassifier(n_estimators=4, max_depth=2, random_state=1).fit(features, classes)
    models = {"rf": rf, "gb": gb}
    scores = {"train_accuracy": 0.5, "valid_accuracy": 0.41, "precision": 0.4, "recall": 0.41, "f1": 0.39}
    return {
        "symbol": key.symbol,
        "timeframe": key.timeframe,
        "timestamp": DAY.strftime("%Y%m%d"),
        "models": models,
        "weights": {"rf": 0.473, "gb": 0.527},
        "ensemble_accuracy": 0.42,
        "performances": {name: dict(scores) for name in models},
        "model_predictions_sample": {
            name: model.predict_proba(features[:5]).tolist() for name, model in models.items()
        },
    }


def ours(key: Key) -> dict[str, Any]:
    features, _ = rows()
    version = trained(key)
    version["models"]["arima_garch"] = {"parameters": np.array([0.05, -0.02, 0.1, 0.08, 0.9, 6.5]), "converged": True}
    version["weights"] = {"rf": 0.4, "gb": 0.4, "arima_garch": 0.2}
    return version | {
        "feature_names": FEATURES,
        "classes": list(CLASSES),
        "label": LabelSpec(1).to_dict(),
        "horizon": "1D",
        "temperature": 1.2,
        "data_window": {
            "first_bar": "2024-01-02T00:00:00+00:00",
            "last_bar": "2025-01-21T00:00:00+00:00",
            "n_bars": 240,
        },
        "sample_features": features[:5].to_numpy().tolist(),
        "libraries": {"scikit-learn": "1.9.1"},
        "run_id": None,
        "seed": 1,
    }


def main() -> None:
    plain = FILES / "plain" / "AAPL_d1_20250121.pkl"
    if not plain.exists():
        plain.parent.mkdir(parents=True, exist_ok=True)
        plain.write_bytes(pickle.dumps(trained(Key("AAPL", "d1"))))
    store = ArtifactStore(FILES / "format_1", max_bytes=2**20)
    if not store.folder.exists():
        key = Key("BTC/USD", "d1")
        store.publish(ours(key), key=key, date=DAY, created_at=dt.datetime(2025, 1, 21, 22, 15, tzinfo=dt.UTC))


if __name__ == "__main__":
    main()
