"""The reference: a loader as the integration guide describes it, and the forecast its estimators give.

Glob the folder for the key, sort by file name, ``pickle.load`` the last one; estimators are used as they were pickled,
with ``n_jobs=-1`` where they were trained with that.
"""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

CLASSES = ("BEARISH", "NEUTRAL", "BULLISH")


class Loader:
    """The guide's ``EnsembleLoader`` on a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load_latest_model(self, symbol: str, timeframe: str) -> dict[str, Any] | None:
        candidates = sorted(self.folder.glob(f"{symbol}_{timeframe}_*.pkl"))
        if not candidates:
            return None
        with candidates[-1].open("rb") as file:
            artifact: dict[str, Any] = pickle.load(file)
        return artifact

    def list_available_models(self) -> dict[str, list[str]]:
        models: dict[str, list[str]] = {}
        for file in self.folder.glob("*.pkl"):
            parts = file.stem.rsplit("_", 1)
            if len(parts) == 2:
                models.setdefault(parts[0], []).append(parts[1])
        for versions in models.values():
            versions.sort(reverse=True)
        return models

    def get_model_info(self, symbol: str, timeframe: str) -> dict[str, Any] | None:
        artifact = self.load_latest_model(symbol, timeframe)
        if not artifact:
            return None
        candidates = sorted(self.folder.glob(f"{symbol}_{timeframe}_*.pkl"))
        told = ("symbol", "timeframe", "timestamp", "ensemble_accuracy", "weights")
        return {name: artifact.get(name) for name in told} | {
            "file_size_mb": candidates[-1].stat().st_size / (1024 * 1024),
            "file_path": str(candidates[-1]),
        }


class Ensemble:
    """What the guide's forecaster does with the models and weights that its loader injects."""

    def __init__(self, artifact: dict[str, Any]) -> None:
        self.models, self.weights = artifact["models"], artifact["weights"]

    def predict(self, df: pd.DataFrame) -> dict[str, Any]:
        """Forecast the last row of a frame of features."""
        votes = self.votes(df.iloc[[-1]])
        pooled = self.pool(votes)[0]
        chosen = int(pooled.argmax())
        agreed = sum(self.weights[name] for name, vote in votes.items() if int(vote[0].argmax()) == chosen)
        return {
            "label": CLASSES[chosen],
            "confidence": float(pooled[chosen]),
            "agreement": agreed / sum(self.weights.values()),
            "probabilities": dict(zip(CLASSES, pooled.tolist(), strict=True)),
        }

    def predict_batch(self, df: pd.DataFrame) -> np.ndarray:
        """Probabilities of every row, shape (n, 3)."""
        return self.pool(self.votes(df))

    def votes(self, df: pd.DataFrame) -> dict[str, np.ndarray]:
        return {name: model.predict_proba(df[list(model.feature_names_in_)]) for name, model in self.models.items()}

    def pool(self, votes: dict[str, np.ndarray]) -> np.ndarray:
        weighted = sum(self.weights[name] * vote for name, vote in votes.items())
        return np.asarray(weighted) / sum(self.weights.values())


def serial(artifact: dict[str, Any]) -> dict[str, Any]:
    """Turn the estimators of an artifact to ``n_jobs=1``, which the guide does not do."""
    for model in artifact["models"].values():
        if hasattr(model, "n_jobs"):
            model.n_jobs = 1
    return artifact
