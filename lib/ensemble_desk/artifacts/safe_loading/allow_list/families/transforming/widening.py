"""Transformers that make more columns than they read: products, splines, bins, and columns for each category.

The compiled half of sparse arrays writes where the numbers of columns lead, so these are worked out anew.
"""

import math
from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list.families import parts
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import Builder, Recipe, UnfitError, expect, state_of
from ensemble_desk.errors import extras

TYPES = ("float64", "float32", "int64")
"""Types of numbers that an encoder may be told to make."""

_MOST_DEGREE = 16
_MOST_CATEGORIES = 2**12
_PRODUCTS, _SPLINES, _BINS, _CODES = "products of features", "splines of features", "bins of features", "an encoder"


def products(made: Any) -> int:
    """Check products of features up to a degree: scikit-learn takes memory by the numbers told and fills in its own."""
    n_features, told = parts.features(made), made.__dict__
    degree, bias, distinct = told.get("degree"), told.get("include_bias"), told.get("interaction_only")
    span: Any = (0, degree) if type(degree) is int else degree
    expect(type(span) is tuple and len(span) == 2, _PRODUCTS, "degree")  # noqa: PLR2004 - from and to
    least, most = span
    expect(type(least) is type(most) is int and 0 <= least <= most <= _MOST_DEGREE, _PRODUCTS, "degree")
    expect(type(bias) is type(distinct) is bool, _PRODUCTS)
    expect((told.get("_min_degree"), told.get("_max_degree")) == (least, most), _PRODUCTS, "degree")
    parts.one_of(made, "order", ("C", "F"), _PRODUCTS)

    def count(lowest: int) -> int:
        degrees = range(max(lowest, 1), most + 1)
        return int(bool(bias)) + sum(math.comb(n_features if distinct else n_features + d - 1, d) for d in degrees)

    expect(told.get("_n_out_full") == count(0) and told.get("n_output_features_") == count(least), _PRODUCTS, "width")
    made._n_out_full, made.n_output_features_ = count(0), count(least)  # noqa: SLF001 - as plain numbers
    parts.narrow(count(0), _PRODUCTS)
    return count(least)


def spline(builder: Builder, given: Recipe) -> Any:
    """Make a spline by scipy's own constructor, which checks its knots; its weights are those of a basis."""
    with extras.needed():
        from scipy.interpolate import BSpline

    state = {name.removeprefix("_"): builder.value(part) for name, part in _known(state_of(given)).items()}
    knots: Any = state.get("t")
    weights: Any = state.get("c")
    degree, spread = state.get("k"), state.get("extrapolate")
    expect(type(knots) is type(weights) is np.ndarray and knots.dtype == weights.dtype == np.float64, _SPLINES)
    expect(type(degree) is int and 0 <= degree <= _MOST_DEGREE and knots.ndim == 1, _SPLINES, "degree")
    expect(weights.ndim == 2 and len(weights) == len(knots) - (degree or 0) - 1, _SPLINES, "weights")  # noqa: PLR2004
    expect(np.isfinite(knots).all() and np.isfinite(weights).all(), _SPLINES, "knots")
    expect(type(spread) is bool and state.get("axis", 0) == 0, _SPLINES, "axis")
    return BSpline(knots, weights, degree, extrapolate=spread, axis=0)


def _known(state: Any) -> dict[str, Any]:
    """Leave out what a spline holds of its maker."""
    expect(type(state) is dict and all(type(name) is str for name in state), _SPLINES)
    return {name: part for name, part in state.items() if name != "_asarray"}


def splines(made: Any) -> int:
    """Check the splines of each column: all of one degree and as many."""
    n_features, told = parts.features(made), made.__dict__
    held, degree, bias = told.get("bsplines_"), told.get("degree"), told.get("include_bias")
    expect(type(held) is list and len(held) == n_features, _SPLINES, "columns")
    expect(type(degree) is int and type(bias) is bool, _SPLINES, "degree")
    expect(all(type(one).__name__ == "BSpline" and one.k == degree for one in held), _SPLINES, "degree")
    shapes = {(one.t.shape, one.c.shape) for one in held}
    expect(len(shapes) == 1, _SPLINES, "knots")
    way = parts.one_of(made, "extrapolation", ("error", "constant", "linear", "continue", "periodic"), _SPLINES)
    n_each = held[0].c.shape[1]
    expect(len(held[0].c) == n_each + (degree if way == "periodic" else 0), _SPLINES, "weights")
    parts.one_of(made, "order", ("C", "F"), _SPLINES)
    expect(type(told.get("sparse_output", False)) is bool, _SPLINES, "sparse_output")
    n_made = int(n_features * (n_each if bias else n_each - 1))
    expect(type(told.get("n_features_out_")) is int and told["n_features_out_"] == n_made, _SPLINES, "width")
    parts.narrow(n_features * n_each, _SPLINES)
    return n_made


def bins(made: Any) -> int:
    """Check the edges of the bins of each column, and the encoder of their numbers."""
    n_features, told = parts.features(made), made.__dict__
    edges, counts, encode = told.get("bin_edges_"), told.get("n_bins_"), told.get("encode")
    expect(told.get("dtype") is None or told["dtype"] in (np.float64, np.float32), _BINS, "data type")
    expect(type(edges) is np.ndarray and edges.dtype == object and edges.shape == (n_features,), _BINS, "edges")
    expect(type(counts) is np.ndarray and counts.dtype.kind == "i" and counts.shape == (n_features,), _BINS, "counts")
    for one, n_bins in zip(edges, counts.tolist(), strict=True):
        expect((np.diff(parts.floats(one, (n_bins + 1,), _BINS, "edges")) >= 0).all() and n_bins > 0, _BINS, "edges")
    if parts.one_of(made, "encode", ("onehot", "onehot-dense", "ordinal"), _BINS) == "ordinal":
        return n_features
    encoder = told.get("_encoder")
    expect(type(encoder).__name__ == "OneHotEncoder", _BINS, "encoder")
    expect(encoder.__dict__.get("sparse_output") is (encode == "onehot"), _BINS, "encoder")
    n_made = one_hot(encoder)
    whole = [np.arange(n_bins).tolist() for n_bins in counts]
    expect([one.tolist() for one in encoder.categories_] == whole and n_made == counts.sum(), _BINS, "encoder")
    return n_made


def one_hot(made: Any) -> int:
    """Check a column for each category; how many that are is worked out, not read."""
    told = made.__dict__
    sizes = _categories(made)
    dropped = told.get("drop_idx_")
    places: list[Any] = [None] * len(sizes)
    if dropped is not None:
        expect(type(dropped) is np.ndarray and dropped.dtype == object and dropped.shape == (len(sizes),), _CODES)
        places = dropped.tolist()
        for place, size in zip(places, sizes, strict=True):
            expect(place is None or (isinstance(place, int | np.integer) and 0 <= place < size), _CODES, "dropped")
    expect(type(told.get("sparse_output")) is bool, _CODES, "sparse_output")
    parts.one_of(made, "handle_unknown", ("error", "ignore", "infrequent_if_exist", "warn"), _CODES)
    widths = [size - (place is not None) for place, size in zip(places, sizes, strict=True)]
    told["_n_features_outs"], told["_drop_idx_after_grouping"] = widths, dropped
    return sum(widths)


def ordinal(made: Any) -> int:
    """Check a number for each category, and for what is none."""
    told, sizes = made.__dict__, _categories(made)
    parts.one_of(made, "handle_unknown", ("error", "use_encoded_value"), _CODES)
    for name in ("unknown_value", "encoded_missing_value"):
        expect(told.get(name) is None or isinstance(told[name], int | float), _CODES, name)
    last = {place: size - 1 for place, size in enumerate(sizes) if np.isnan(made.categories_[place][-1])}
    told["_missing_indices"] = last
    return len(sizes)


def _categories(made: Any) -> list[int]:
    """Give how many categories each column has: numbers in order, each once, the missing one last."""
    n_features, told = parts.features(made), made.__dict__
    held, kind = told.get("categories_"), told.get("dtype")
    expect(type(held) is list and len(held) == n_features, _CODES, "categories")
    for one in held:
        expect(type(one) is np.ndarray and one.ndim == 1 and 0 < len(one) <= _MOST_CATEGORIES, _CODES, "categories")
        if one.dtype.kind not in "fiu":
            raise UnfitError(problem="its encoder tells categories by texts, and features here are numbers")
        known = one[:-1] if np.isnan(one[-1]) else one
        expect(np.isfinite(known).all() and (np.diff(known) > 0).all(), _CODES, "categories")
    if told.get("_infrequent_enabled", False) is not False:
        raise UnfitError(problem="its encoder puts rare categories together, which is not supported")
    told["_infrequent_enabled"] = False  # until 1.2 there was nothing of the kind
    expect(any(kind == getattr(np, name) for name in TYPES), _CODES, "data type")
    return [len(one) for one in held]
