"""Which columns a transformer of columns gives to whom, told by names, numbers, marks or a slice of numbers."""

from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list.recipes import Builder, Recipe, expect, state_of, stateless


def span(builder: Builder, given: Recipe) -> slice:
    """Make a slice of whole numbers."""
    bounds = [builder.value(part) for part in stateless(given)]
    expect(len(bounds) == 3 and all(part is None or type(part) is int for part in bounds), "a slice")  # noqa: PLR2004
    return slice(*bounds)


def columns(builder: Builder, given: Recipe) -> Any:
    """Make a plain list out of the list of columns that releases 1.5 to 1.6 wrapped."""
    state = state_of(given)
    expect(type(state) is dict and type(state.get("data")) is list, "a list of columns")
    return builder.value(state["data"])


def places(wanted: Any, names: Any, n_features: int) -> list[int]:
    """Give the numbers of the columns that are told by names, numbers, marks or a slice of numbers."""
    subject = "a transformer of columns"
    known = [] if names is None else names.tolist()
    if type(wanted) is slice:
        expect(all(type(part) in (int, type(None)) for part in (wanted.start, wanted.stop, wanted.step)), subject)
        return list(range(n_features))[wanted]
    if type(wanted) is np.ndarray:
        expect(wanted.ndim == 1, subject, "columns")
        wanted = wanted.tolist()
    if type(wanted) is not list:
        wanted = [wanted]
    if wanted and all(type(one) is bool for one in wanted):
        expect(len(wanted) == n_features, subject, "columns")
        return [place for place, one in enumerate(wanted) if one]
    if all(type(one) is str for one in wanted):
        expect(set(wanted) <= set(known), subject, "columns")
        return [known.index(one) for one in wanted]
    expect(all(type(one) is int and -n_features <= one < n_features for one in wanted), subject, "columns")
    return [one % n_features for one in wanted]
