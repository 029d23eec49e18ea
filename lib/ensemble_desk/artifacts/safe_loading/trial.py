"""Ask the members that another scikit-learn saved about one row, so that what they lack is known before they serve."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list.recipes import UnfitError

_NO_SUCH_ROW = (
    "Found unknown categories",
    "strictly positive data",
    "Negative values in data",
)  # its data has no zeros


def ask(models: Mapping[str, Any]) -> None:
    """Ask each estimator about a row of zeros; raises UnfitError for one that gives no probabilities of its classes."""
    for name, model in models.items():
        if isinstance(model, Mapping) or not hasattr(model, "n_features_in_"):
            continue
        try:
            given = np.asarray(model.predict_proba(_zeros(model)), dtype=float)
        except Exception as error:
            if any(saying in str(error) for saying in _NO_SUCH_ROW):
                continue
            problem = f"its {name}, a {type(model).__name__}, fails when it is asked ({type(error).__name__}: {error})"
            raise UnfitError(problem=problem) from error
        if given.shape != (1, len(model.classes_)) or not np.isfinite(given).all():
            raise UnfitError(problem=f"its {name}, a {type(model).__name__}, gives something else than probabilities")


def _zeros(model: Any) -> Any:
    row = np.zeros((1, model.n_features_in_))
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        return row
    import pandas as pd

    return pd.DataFrame(row, columns=[str(name) for name in names])
