"""The folder of a thousand keys that most rows work on: artifacts as the guide describes them, registered by a sync."""

import pickle
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from ensemble_desk.market import features, labels
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.folder import marks as folder_marks
from ensemble_desk.registry.folder import sync
from ensemble_desk.registry.opening import Registry
from ensemble_desk.settings import Settings
from ensemble_desk.sources.sample import SampleSource
from ensemble_desk.training import fitting

AAPL = Key("AAPL", "d1")
OLDER, NEWER = "20250114", "20250121"
SETTLED_AFTER_SECONDS = 2.5
N_SEEDS = 2  # differently fitted ensembles; every file differs by its symbol besides


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is generated; the quick scale is for a smoke test only, its figures mean nothing."""

    n_keys: int = 1_000
    n_versions: int = 100_000
    n_forecasts: int = 1_000_000
    n_sessions: int = 50
    load_seconds: float = 60.0
    warm_up_seconds: float = 125.0  # Streamlit keeps sessions for two minutes after their tab was closed
    soak_seconds: float = 120.0
    repeats: int = 7
    n_trees: int = 100  # scikit-learn's default


QUICK = Scale(
    n_keys=14,
    n_versions=1_000,
    n_forecasts=5_000,
    n_sessions=4,
    load_seconds=5.0,
    warm_up_seconds=2.0,
    soak_seconds=8.0,
    repeats=3,
    n_trees=5,
)


@dataclass(frozen=True, slots=True)
class Bench:
    """What every row is given: where fixtures are kept until the run ends, and how much of them there is."""

    folder: Path
    scale: Scale

    def piece(self, name: str, build: Callable[[Path], None]) -> Path:
        """Give a folder of fixtures, built by whoever needs it first and kept for the rows after it."""
        folder = self.folder / name
        if not folder.exists():
            draft = self.folder / f"{name}.draft"
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(parents=True)
            build(draft)
            draft.rename(folder)
        return folder

    def models(self) -> Path:
        """The folder of a thousand keys."""
        return self.piece("models", lambda folder: _thousand_keys(folder, self.scale))


def write(desk: Registry) -> None:
    """Commit something to the database that no question is about: answers that were kept are good no longer."""
    at = desk.clock()
    with desk.database.writing() as connection:
        folder_marks.keep(connection, "benchmark", mark=time.monotonic_ns(), at=at, settled=True)


def settle() -> None:
    """Wait until a folder that changed just now, if only by opening its database, counts as looked at."""
    time.sleep(SETTLED_AFTER_SECONDS)


def registry(folder: Path) -> Registry:
    """Open the registry of a folder, whatever the environment says."""
    return opening.open_registry(settings(folder))


def settings(folder: Path) -> Settings:
    return Settings(models_url=str(folder), database_url="", bars_source="sample", actor="benchmark")


def generated_key(number: int) -> Key:
    return Key(f"S{number:04d}", "d1")


def _thousand_keys(folder: Path, scale: Scale) -> None:
    for number, version in enumerate((OLDER, NEWER)):
        _drop(folder, AAPL, version, guide_artifact(number, scale.n_trees))
    for number in range(scale.n_keys):
        _drop(folder, generated_key(number), NEWER, guide_artifact(number % N_SEEDS, scale.n_trees))
    with registry(folder) as desk:
        report = sync.synchronise(desk)
    if report.refused or len(report.added) != scale.n_keys + 2:
        message = f"the sync refused {dict(list(report.refused.items())[:3])}"
        raise RuntimeError(message)


def _drop(folder: Path, key: Key, version: str, fitted: dict[str, Any]) -> None:
    """Write an artifact the way the guide's training job does."""
    artifact = fitted | {"symbol": key.symbol, "timeframe": key.timeframe, "timestamp": version}
    with (folder / f"{key.symbol}_{key.timeframe}_{version}.pkl").open("wb") as file:
        pickle.dump(artifact, file)


@lru_cache(maxsize=N_SEEDS)
def guide_artifact(seed: int, n_trees: int) -> dict[str, Any]:
    """A realistic artifact: RF and GB of scikit-learn's default 100 trees on 24 indicators of real daily bars.

    The forest's leaves hold at least 30 of 3,000 rows, which gives a file of about the 1.2 MB that the guide shows; it
    keeps ``n_jobs=-1``, as it was trained.
    """
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

    X, y = learnt_from()
    forest = RandomForestClassifier(n_trees, min_samples_leaf=30, n_jobs=-1, random_state=seed).fit(X, y)
    boosting = GradientBoostingClassifier(n_estimators=n_trees, subsample=0.5, random_state=seed).fit(X, y)
    models = {"rf": forest, "gb": boosting}
    told = {"precision": 0.41, "recall": 0.41, "f1": 0.41, "n_features": X.shape[1]}
    return {
        "models": models,
        "weights": {"rf": 0.473, "gb": 0.527},
        "ensemble_accuracy": 0.41,
        "performances": {name: {"train_accuracy": float(model.score(X, y)), "valid_accuracy": 0.41, **told}
                         for name, model in models.items()},
        "model_predictions_sample": {name: model.predict_proba(X.tail(5)).tolist() for name, model in models.items()},
    }  # fmt: skip


@lru_cache(maxsize=1)
def learnt_from() -> tuple[pd.DataFrame, pd.Series]:
    """Features of the bundled AAPL bars, and the class numbers that came of them (0 BEARISH, 1 NEUTRAL, 2 BULLISH)."""
    bars = SampleSource().bars(AAPL).frame
    computed = features.compute(bars).dropna()
    numbers = labels.label(bars, fitting.default_label("d1")).reindex(computed.index).dropna()
    return computed.loc[numbers.index], numbers.astype(int)


def rows(n: int) -> pd.DataFrame:
    """The newest n rows of ready features, which both sides are asked about."""
    return learnt_from()[0].tail(n)
