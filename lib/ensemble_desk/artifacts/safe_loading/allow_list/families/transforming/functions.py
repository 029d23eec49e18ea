"""The functions that a transformer may call: a few of numpy, each of which answers for every number by itself."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list.families import parts
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import UnfitError, expect
from ensemble_desk.errors.base import cut

_CALLED = (
    *("absolute", "fabs", "negative", "sign", "reciprocal", "square", "sqrt", "cbrt"),
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p"),
    *("sin", "cos", "arctan", "sinh", "tanh", "arcsinh"),
)
_WITH_LIMITS = {"clip": {"a_min", "a_max", "min", "max"}, "nan_to_num": {"nan", "posinf", "neginf"}}
_OFTEN_ASKED_FOR = (  # never called; known only so that the reason can be told
    *("arcsin", "arccos", "arccosh", "arctanh", "tan", "cosh", "rint", "floor", "ceil", "trunc", "round", "isnan"),
    *("add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "hypot", "arctan2", "where", "diff"),
    *("gradient", "cumsum", "cumprod", "sum", "mean", "median", "ravel", "reshape", "transpose", "squeeze", "hstack"),
    *("column_stack", "concatenate", "asarray", "array", "interp", "digitize"),
)
_CORES = tuple(f"numpy.{core}{part}" for core in ("core", "_core") for part in ("", ".umath", "._multiarray_umath"))
_DO = "compute the feature before, and train without it"


def names() -> Iterator[tuple[str, str]]:
    """Give the functions of numpy that may be held as values, and where releases of numpy say that they are."""
    for name in (*_CALLED, *_WITH_LIMITS, *_OFTEN_ASKED_FOR):
        for module in ("numpy", *_CORES):
            yield module, name


def called(made: Any) -> int:
    """Check a transformer of functions: none, or one of the list, which leaves every column in its place."""
    told = made.__dict__
    func, given = told.get("func"), told.get("kw_args") or {}
    expect(type(told.get("validate")) is bool and type(given) is dict, "a transformer by a function")
    expect(told.get("feature_names_out") in (None, "one-to-one"), "a transformer by a function", "names")
    name = next((one for one in (*_CALLED, *_WITH_LIMITS) if func is getattr(np, one)), "")
    if func is not None and not name:
        about = cut(getattr(func, "__name__", type(func).__name__))
        raise UnfitError(problem=f"its pipeline calls {about}, a function that is not read from a pickle: {_DO}")
    if not given.keys() <= _WITH_LIMITS.get(name, set()) or not all(map(_is_limit, given.values())):
        raise UnfitError(problem=f"its pipeline calls {name} with arguments that are not read from a pickle: {_DO}")
    return parts.features(made)


def tell(made: Any, **read: Any) -> None:
    """Tell a transformer by a function which columns it reads, where it does not say that itself, as until 1.1."""
    if type(made).__name__ == "FunctionTransformer" and "n_features_in_" not in vars(made):
        made.__dict__.update(read)


def _is_limit(given: Any) -> bool:
    return given is None or parts.is_finite(given)


def passes(made: Any) -> bool:
    """Tell whether a part is the transformer that leaves any columns as they are, and needs no fitting."""
    if type(made).__name__ != "FunctionTransformer":
        return False
    return made.__dict__.get("func") is None and not made.__dict__.get("kw_args")
