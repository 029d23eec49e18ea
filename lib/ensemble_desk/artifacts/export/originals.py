"""The original as its own libraries load it: the only place that unpickles, for the command that a team runs itself.

Nothing that serves, browses or takes in versions comes by here; see ``jobs/export.py``.
"""

import importlib
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ensemble_desk.ensemble.votes import Probabilities
from ensemble_desk.errors import ExportError, extras

_ROUNDING = 1e-4  # of probabilities that were added up in float32


def load(file: Path) -> dict[str, Any]:
    """Unpickle a file that its owner trusts; compressed and joblib files where joblib is installed.

    Raises
    ------
    ExportError
        When it cannot be loaded here, or holds no dict with models.
    """
    try:
        content = _loaded(file)
    except OSError as error:
        raise ExportError(file.name, f"it cannot be read ({error.strerror})", remedy="Check the path.") from error
    except ModuleNotFoundError as error:
        remedy = "Run this where the libraries and modules are installed that it was trained with."
        raise ExportError(file.name, f"it needs {error.name}, which is not installed here", remedy=remedy) from error
    except Exception as error:  # a foreign pickle raises anything
        problem = f"its own libraries cannot load it ({type(error).__name__}: {str(error)[:200].rstrip('.')})"
        raise ExportError(file.name, problem, remedy="Run this where it was trained.") from error
    models = content.get("models") if isinstance(content, Mapping) else None
    if not isinstance(models, Mapping) or not models:
        problem = "it holds no dict with models"
        raise ExportError(file.name, problem, remedy="Store a dict with models and weights, as the guide does.")
    return {**content, "models": dict(models)}


def answers(name: str, model: Any, rows: pd.DataFrame) -> Probabilities:
    """Probabilities that the original gives for rows of features, shape (n, n_classes), in the order of its classes.

    Asked are ``predict_proba``, else ``predict`` (Keras, boosters), else the model itself (PyTorch).

    Raises
    ------
    ExportError
        When it has none of them, fails, or gives no probabilities.
    """
    try:
        given = np.asarray(_asked(model, rows), dtype=float)
    except Exception as error:  # a foreign model raises anything
        problem = f"the original {name} fails on the sample ({type(error).__name__}: {str(error)[:200].rstrip('.')})"
        raise ExportError(name, problem, remedy="Check that the sample has the columns it was trained on.") from error
    if given.ndim == 1:  # the probability of the second class alone
        given = np.column_stack([1 - given, given])
    sums = given.sum(axis=1) if given.ndim == 2 else np.zeros(1)  # noqa: PLR2004 - rows and classes
    if not (np.abs(sums - 1) < _ROUNDING).all() or given.min() < 0:
        problem = f"the original {name} gives no probabilities that sum to 1"
        raise ExportError(name, problem, remedy="Wrap it so that it ends in a softmax or has predict_proba.")
    return given


def _loaded(file: Path) -> Any:
    try:
        with extras.needed():
            import joblib
    except extras.MissingExtraError:
        with file.open("rb") as opened:
            return pickle.load(opened)  # noqa: S301 - a team's own file in its own environment, after --trust
    return joblib.load(file)


def _asked(model: Any, rows: pd.DataFrame) -> Any:
    module = type(model).__module__.partition(".")[0]
    values = rows.to_numpy(dtype=float)
    if hasattr(model, "predict_proba"):
        return model.predict_proba(rows if getattr(model, "feature_names_in_", None) is not None else values)
    if module == "xgboost":
        matrix = importlib.import_module("xgboost").DMatrix  # a booster is there, so its library is
        return model.predict(matrix(values, feature_names=model.feature_names))
    if hasattr(model, "predict_on_batch"):  # Keras, which draws a progress bar else
        return model.predict_on_batch(values)
    if hasattr(model, "predict"):
        return model.predict(values)
    if hasattr(model, "state_dict"):  # a module of PyTorch
        torch = importlib.import_module("torch")
        with torch.no_grad():
            return model.eval()(torch.as_tensor(values, dtype=torch.float32)).numpy()
    message = "it has neither predict_proba nor predict"
    raise TypeError(message)
