"""Selections of features: by variance, by scores, by marks of what was chosen."""

from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list.families import parts
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import MalformedError, expect

SCORES = ("f_classif", "f_regression", "chi2", "mutual_info_classif", "mutual_info_regression")
_SUBJECT = "a selection of features"
_MODES = {"k_best": "k", "percentile": "percentile", "fpr": "alpha", "fdr": "alpha", "fwe": "alpha"}


def by_variance(made: Any) -> int:
    n_features = parts.features(made)
    parts.floats(made.__dict__.get("variances_"), (n_features,), _SUBJECT, "variances")
    expect(parts.is_finite(made.__dict__.get("threshold")), _SUBJECT, "threshold")
    return chosen(made)


def by_score(made: Any) -> int:
    """Check a selection of the best, or of all that are good enough; a score may be NaN, for a constant column."""
    n_features, told = parts.features(made), made.__dict__
    mode = told.get("mode")
    limits = {name: told[name] for name in ("k", "percentile", "alpha") if name in told}
    if mode is not None:
        limits = {_MODES[parts.one_of(made, "mode", tuple(_MODES), _SUBJECT)]: told.get("param")}
    expect(len(limits) == 1, _SUBJECT, "limit")
    used = ("pvalues_",) if "alpha" in limits else ("scores_",)
    for name in (*used, *(("scores_", "pvalues_") if mode is not None and told.get("pvalues_") is not None else ())):
        scores = told.get(name)
        expect(type(scores) is np.ndarray and scores.shape == (n_features,), _SUBJECT, "scores")
        expect(scores.dtype.kind == "f", _SUBJECT, "scores")
    ((name, limit),) = limits.items()
    if name == "k":
        expect(limit == "all" or (type(limit) is int and limit > 0), _SUBJECT, "k")
    else:
        expect(parts.is_finite(limit) and 0 <= limit <= (100 if name == "percentile" else 1), _SUBJECT, name)
    return chosen(made)


def by_marks(made: Any) -> int:
    """Check a selection that keeps a mark for each feature: backwards, forwards, with validation or not."""
    told = made.__dict__.get("support_")
    expect(type(told) is np.ndarray and told.dtype == np.bool_, _SUBJECT, "marks")
    expect(told.shape == (parts.features(made),), _SUBJECT, "marks")
    return chosen(made)


def chosen(made: Any) -> int:
    try:
        n_chosen = int(made.get_support().sum())
    except (AttributeError, TypeError, ValueError) as error:
        raise MalformedError(problem=f"{_SUBJECT} cannot be asked what it chose ({error})") from error
    expect(n_chosen > 0, _SUBJECT, "nothing is selected")
    return n_chosen
