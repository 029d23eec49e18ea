"""Write artifacts whose members are boosters, with what their own library predicts: run once per release.

    python tests/compat/write_booster_fixtures.py          # in an environment with xgboost, lightgbm or catboost

This needs none of the project's packages, only the booster's library, scikit-learn and pandas. The files are kept in
``tests/compat/boosters/LIBRARY-VERSION``; a folder that exists is left as it is.
"""

import importlib
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parent / "boosters"
FEATURES = ["rsi", "macd", "volatility_20", "volume_ratio"]
N_ROWS, N_ASKED = 300, 40


def rows() -> tuple[pd.DataFrame, np.ndarray]:
    """Features with gaps and zeros, and three classes that depend on them."""
    random = np.random.default_rng(2025)
    values = random.normal(size=(N_ROWS, len(FEATURES)))
    score = values[:, 0] - 0.7 * values[:, 1] + random.normal(size=N_ROWS)
    values[random.random(values.shape) < 0.08] = np.nan
    values[random.random(values.shape) < 0.08] = 0.0
    return pd.DataFrame(values, columns=FEATURES), np.digitize(score, [-0.6, 0.6])


def xgboost(features: pd.DataFrame, classes: np.ndarray) -> dict[str, tuple[Any, Any]]:
    import xgboost as library

    small = {"n_estimators": 6, "max_depth": 3, "learning_rate": 0.3, "n_jobs": 1}
    three = library.XGBClassifier(**small).fit(features, classes)
    early = library.XGBClassifier(**small | {"n_estimators": 30}, early_stopping_rounds=2, eval_metric="mlogloss")
    early.fit(features[:200], classes[:200], eval_set=[(features[200:], classes[200:])], verbose=False)
    dart = library.XGBClassifier(**small, booster="dart", rate_drop=0.3, random_state=1).fit(features, classes)
    grove = library.XGBClassifier(**small, num_parallel_tree=2, subsample=0.7, random_state=1).fit(features, classes)
    two = library.XGBClassifier(**small).fit(features, classes > 1)
    data = library.DMatrix(features, label=classes)
    bare = library.train({"objective": "multi:softprob", "num_class": 3, "max_depth": 2, "nthread": 1}, data, 4)
    asked = library.DMatrix(features[:N_ASKED])
    told = {"three": three, "early": early, "dart": dart, "grove": grove, "two": two}
    return {name: (model, model.predict_proba(features[:N_ASKED])) for name, model in told.items()} | {
        "bare": (bare, bare.predict(asked))
    }


def lightgbm(features: pd.DataFrame, classes: np.ndarray) -> dict[str, tuple[Any, Any]]:
    import lightgbm as library

    small = {"n_estimators": 6, "num_leaves": 6, "n_jobs": 1, "verbose": -1}
    three = library.LGBMClassifier(**small).fit(features, classes)
    zeros = library.LGBMClassifier(**small, zero_as_missing=True).fit(features, classes)
    named = library.LGBMClassifier(**small).fit(features, np.array(["BEARISH", "NEUTRAL", "BULLISH"])[classes])
    forest = library.LGBMClassifier(**small, boosting_type="rf", bagging_freq=1, bagging_fraction=0.6)
    forest.fit(features, classes)
    two = library.LGBMClassifier(**small).fit(features.fillna(0.5), classes > 1)
    early = library.LGBMClassifier(**small | {"n_estimators": 60, "learning_rate": 0.5})
    early.fit(
        features[:200],
        classes[:200],
        eval_set=[(features[200:], classes[200:])],
        callbacks=[library.early_stopping(2, verbose=False)],
    )
    data = library.Dataset(features, label=classes)
    bare = library.train({"objective": "multiclass", "num_class": 3, "num_leaves": 4, "verbose": -1}, data, 4)
    told = {"three": three, "zeros": zeros, "named": named, "forest": forest, "two": two, "early": early}
    return {name: (model, model.predict_proba(features[:N_ASKED])) for name, model in told.items()} | {
        "bare": (bare, bare.predict(features[:N_ASKED]))
    }


def catboost(features: pd.DataFrame, classes: np.ndarray) -> dict[str, tuple[Any, Any]]:
    import catboost as library

    small = {"iterations": 6, "depth": 3, "thread_count": 1, "verbose": False, "allow_writing_files": False}
    three = library.CatBoostClassifier(**small).fit(features, classes)
    named = library.CatBoostClassifier(**small, nan_mode="Max")
    named.fit(features, np.array(["BEARISH", "NEUTRAL", "BULLISH"])[classes])
    two = library.CatBoostClassifier(**small).fit(features, classes > 1)
    early = library.CatBoostClassifier(**small | {"iterations": 60, "learning_rate": 0.5})
    early.fit(features[:200], classes[:200], eval_set=(features[200:], classes[200:]), early_stopping_rounds=2)
    free = library.CatBoostClassifier(**small | {"depth": 4}, grow_policy="Lossguide", max_leaves=6).fit(
        features, classes
    )
    level = library.CatBoostClassifier(**small, grow_policy="Depthwise").fit(features, classes > 1)
    told = {"three": three, "named": named, "two": two, "early": early, "free": free, "two_free": level}
    return {name: (model, model.predict_proba(features[:N_ASKED])) for name, model in told.items()}


def main() -> None:
    features, classes = rows()
    for library, make in (("xgboost", xgboost), ("lightgbm", lightgbm), ("catboost", catboost)):
        try:
            version = importlib.import_module(library).__version__
        except ModuleNotFoundError:
            continue
        folder = FOLDER / f"{library}-{version}"
        if folder.exists():
            continue
        folder.mkdir(parents=True)
        made = make(features, classes)
        expected = {}
        for name, (model, probabilities) in made.items():
            content = {"symbol": "AAPL", "timeframe": "d1", "timestamp": "20250121", "ensemble_accuracy": 0.4}
            content |= {"models": {name: model}, "weights": {name: 1.0}, "performances": {}}
            (folder / f"{name}.pkl").write_bytes(pickle.dumps(content))
            expected[name] = np.asarray(probabilities, dtype=float).tolist()
        (folder / "expected.json").write_text(json.dumps(expected), "utf-8")


if __name__ == "__main__":
    main()
