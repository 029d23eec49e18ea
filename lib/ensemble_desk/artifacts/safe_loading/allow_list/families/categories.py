"""Splits by category in histogram boosting: what is looked up by a category's number is there for every number.

Before the trees each category becomes a number, and these columns come first; until 1.3 the features were numbers.
"""

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.artifacts.safe_loading.allow_list import nodes
from ensemble_desk.artifacts.safe_loading.allow_list.families import parts
from ensemble_desk.artifacts.safe_loading.allow_list.families.transforming import columns, widening
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import Builder, Recipe, RefusedError, expect, is_token
from ensemble_desk.errors import extras

CHECK = "sklearn.utils.validation.check_array"
_SUBJECT = "a boosting with categories"
_MOST = 255  # numbers of categories, as a byte holds them


def partial(_builder: Builder, given: Recipe) -> Any:
    """Make the only partial call that is known: scikit-learn's own look at the columns that are no categories."""
    with extras.needed():
        from sklearn.utils.validation import check_array

    if len(given.args) != 1 or not is_token(given.args[0], CHECK):
        raise RefusedError(asked_for="functools.partial")
    return functools.partial(check_array, dtype=[np.float64], ensure_all_finite=False)


def marks(made: Any, *, n_features: int) -> NDArray[np.bool_]:
    """Check what turns categories into numbers, and tell which columns of the trees these are."""
    told = made.__dict__
    asked, mapper = told.get("is_categorical_"), told.get("_bin_mapper")
    found: Any = mapper.__dict__.get("is_categorical_") if mapper is not None else None
    expect(type(found) is np.ndarray and found.dtype.kind in "bu" and found.shape == (n_features,), _SUBJECT, "marks")
    expect(asked is None or (type(asked) is np.ndarray and asked.dtype == np.bool_), _SUBJECT, "marks")
    own = np.zeros(n_features, dtype=bool) if asked is None else asked
    expect(own.shape == (n_features,), _SUBJECT, "marks")
    if told.get("_preprocessor") is not None:
        expect(own.any(), _SUBJECT, "marks")
        _check_encoding(told["_preprocessor"], own, n_features=n_features)
        own = np.arange(n_features) < own.sum()
    expect((found == own).all(), _SUBJECT, "marks")
    known = mapper.__dict__.get("bin_thresholds_")
    for place in np.flatnonzero(own).tolist():
        expect(type(known) is list and len(known) == n_features, _SUBJECT, "categories")
        numbers = parts.floats(known[place], np.shape(known[place])[:1], _SUBJECT, "categories")
        expect(((numbers >= 0) & (numbers < _MOST) & (numbers == numbers.round())).all(), _SUBJECT, "categories")
    return own


def check_predictor(made: Any, categorical: NDArray[np.bool_]) -> None:
    """Check one tree: its splits by category read a set that is there, of a column of categories."""
    held = made.nodes
    if not categorical.any():
        nodes.check_predictor(held, n_features=len(categorical))
        return
    split = (held["is_categorical"] != 0) & (held["is_leaf"] == 0)
    expect((held["is_categorical"] <= 1).all(), _SUBJECT, "splits")
    expect((held["bitset_idx"][split] < len(made.raw_left_cat_bitsets)).all(), _SUBJECT, "splits")
    plain = held.copy()  # whose other numbers are those of any tree
    plain["is_categorical"][split], plain["num_threshold"][split] = 0, 0
    nodes.check_predictor(plain, n_features=len(categorical))
    expect(categorical[held["feature_idx"][split]].all(), _SUBJECT, "splits")


def _check_encoding(made: Any, categorical: NDArray[np.bool_], *, n_features: int) -> None:
    told = made.__dict__
    expect(type(made).__name__ == "ColumnTransformer" and parts.features(made) == n_features, _SUBJECT, "encoding")
    parts.single_threaded(made)
    expect(told.get("transformer_weights") is None and told.get("sparse_output_") is False, _SUBJECT, "encoding")
    fitted, read = told.get("transformers_"), told.get("_transformer_to_input_indices")
    expect(type(fitted) is list and len(fitted) in (2, 3) and type(read) is dict, _SUBJECT, "encoding")
    expect(all(type(one) is tuple and len(one) == 3 for one in fitted), _SUBJECT, "encoding")  # noqa: PLR2004
    names = ("encoder", "numerical", "remainder")
    expect([one[0] for one in fitted] == list(names[: len(fitted)]), _SUBJECT, "encoding")
    wanted: tuple[list[int], ...] = (np.flatnonzero(categorical).tolist(), np.flatnonzero(~categorical).tolist(), [])
    for (name, _, told_columns), places in zip(fitted, wanted, strict=False):
        found = columns.places(told_columns, told.get("feature_names_in_"), n_features)
        expect(found == places == read.get(name, []), _SUBJECT, "columns")
        read[name] = places  # true is 1 as well
    encoder, rest = fitted[0][1], fitted[1][1]
    expect(type(encoder).__name__ == "OrdinalEncoder" and widening.ordinal(encoder) == len(wanted[0]), _SUBJECT)
    expect(all(len(one) <= _MOST for one in encoder.categories_), _SUBJECT, "categories")
    if wanted[1]:
        func = getattr(rest, "__dict__", {}).get("func")
        expect(type(rest).__name__ == "FunctionTransformer" and type(func) is functools.partial, _SUBJECT, "encoding")
        expect(not rest.__dict__.get("kw_args") and parts.features(rest) == len(wanted[1]), _SUBJECT, "encoding")
