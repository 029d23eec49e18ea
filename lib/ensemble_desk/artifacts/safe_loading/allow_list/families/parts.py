"""What the checks of estimators share: classes of scikit-learn, counts, names, and arrays of finite numbers."""

import functools
import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.artifacts.safe_loading.allow_list.recipes import MalformedError, expect
from ensemble_desk.errors import extras

Check = Callable[[Any], None]
Entry = tuple[str, str, Check]  # module, name and check of one kind of estimator

_MOST_CLASSES = 2**10
_MOST_FEATURES = 2**16
_WIDEST = 2**13  # of what is made of features; each of its numbers is made anew in every row


@functools.cache
def kind_of(module: str, name: str) -> tuple[type, frozenset[str]]:
    """Import a class of the allow-list, with the names that its instances must not replace."""
    with extras.needed():
        kind: type = getattr(importlib.import_module(module), name)
    return kind, frozenset(dir(kind))


def unchecked(_made: Any) -> None:
    """Accept an estimator that only another one uses, and checks."""


def features(made: Any) -> int:
    """Give the number of features; their names, when it has them, are as many texts."""
    n_features = count(made, "n_features_in_")
    expect(n_features <= _MOST_FEATURES, "an estimator", "features")
    names = made.__dict__.get("feature_names_in_")
    if names is not None:
        expect(type(names) is np.ndarray and names.shape == (n_features,), "an estimator", "feature names")
        expect(all(isinstance(name, str) for name in names), "an estimator", "feature names")
    return n_features


def classes(made: Any) -> int:
    """Give the number of classes: as many, and all different, as it lists."""
    values = labels(made.__dict__.get("classes_"))
    if "n_classes_" in made.__dict__:
        expect(count(made, "n_classes_") == len(values), "an estimator", "classes")
    return len(values)


def labels(given: Any) -> list[Any]:
    """Give the labels of classes, all different, out of the array that holds them."""
    expect(type(given) is np.ndarray and given.ndim == 1, "an estimator", "classes")
    expect(0 < len(given) <= _MOST_CLASSES, "an estimator", "classes")
    values: list[Any] = given.tolist()
    expect(all(type(value) in (int, float, str, bool) for value in values), "an estimator", "classes")
    expect(len(set(values)) == len(values) and all(value == value for value in values), "an estimator", "classes")  # noqa: PLR0124 - NaN
    return values


def count(made: Any, name: str) -> int:
    given = made.__dict__.get(name)
    if not isinstance(given, int | np.integer) or isinstance(given, bool) or given < 1:
        raise MalformedError(problem=f"{type(made).__name__} has no {name}")
    return int(given)


def narrow(n_columns: int, subject: str) -> None:
    """Refuse what makes so many columns that every row of a forecast takes much memory."""
    expect(n_columns <= _WIDEST, subject, "width")


def is_finite(given: Any) -> bool:
    return isinstance(given, int | float | np.floating) and bool(np.isfinite(given))


def floats(given: Any, shape: Sequence[int], subject: str, name: str) -> NDArray[Any]:
    """Give an array of finite floating numbers of just this shape."""
    expect(type(given) is np.ndarray and given.shape == tuple(shape) and given.dtype.kind == "f", subject, name)
    expect(np.isfinite(given).all(), subject, name)
    array: NDArray[Any] = given
    return array


def held(made: Any, shapes: Mapping[str, Sequence[int]], subject: str) -> None:
    """Check several attributes of an estimator, each an array of finite numbers of its shape."""
    for name, shape in shapes.items():
        floats(made.__dict__.get(name), shape, subject, name)


def one_of(made: Any, name: str, known: Sequence[Any], subject: str) -> Any:
    """Give an attribute that is one of a few known texts."""
    given = made.__dict__.get(name)
    expect(type(given) is str and given in known, subject, name)
    return given


def single_threaded(made: Any) -> None:
    """Leave parallelism to the job; a file could ask for a million threads."""
    if "n_jobs" in made.__dict__:
        made.n_jobs = 1
