"""The allow-list: every name of code that an artifact may ask for, with the function that makes it from checked parts.

The list is exact. A name that is not here is refused, whatever module it is in; a dotted name is never here. To add
one, write the function that makes it without trusting an argument, and tests that hand it hostile ones.
"""

from collections.abc import Callable, Iterator
from typing import Any

from ensemble_desk.artifacts.safe_loading.allow_list import arrays, losses, randomness, texts, trees, values
from ensemble_desk.artifacts.safe_loading.allow_list.boosters import members as boosters
from ensemble_desk.artifacts.safe_loading.allow_list.families import (
    balanced,
    categories,
    composition,
    curves,
    estimators,
    left_out,
    machines,
    neighbours,
    smooth,
)
from ensemble_desk.artifacts.safe_loading.allow_list.families.transforming import (
    catalogue,
    columns,
    filling,
    functions,
    selecting,
    widening,
)
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import (
    Builder,
    Bunch,
    Recipe,
    Record,
    at_once,
    function,
    nothing,
    recipe,
    reconstructed,
    token,
)
from ensemble_desk.artifacts.safe_loading.allow_list.unhashed import FrozenMembers, Members

Build = Callable[[Builder, Recipe], Any]

_BUILTIN: dict[str, Build] = {
    "bytes": values.raw_bytes,
    "bytearray": values.raw_bytes,
    "set": values.collection(Members),
    "frozenset": values.collection(FrozenMembers),
    "slice": columns.span,
    **dict.fromkeys(("object", "dict", "list", "float", "int", "str"), token),
}
_LOSS_NAMES = ("HalfMultinomialLoss", "HalfBinomialLoss", "ExponentialLoss")
_UNIVARIATE, _MUTUAL = "sklearn.feature_selection._univariate_selection", "sklearn.feature_selection._mutual_info"
_OLD_LOSSES = {  # until 1.3
    "MultinomialDeviance": "HalfMultinomialLoss",
    "BinomialDeviance": "HalfBinomialLoss",
    "ExponentialLoss": "ExponentialLoss",
}
_HISTOGRAM = "sklearn.ensemble._hist_gradient_boosting"


def _numpy() -> Iterator[tuple[str, str, Build]]:
    yield "numpy", "dtype", arrays.dtype
    yield "numpy", "ndarray", token
    yield "numpy", "memmap", token
    for module in ("numpy.core", "numpy._core"):
        yield f"{module}.multiarray", "_reconstruct", arrays.reconstruct
        yield f"{module}.multiarray", "scalar", arrays.scalar
    yield "numpy.random._pickle", "__randomstate_ctor", randomness.random_state
    yield "numpy.random._pickle", "__bit_generator_ctor", randomness.bit_generator
    yield "numpy.random._pickle", "__generator_ctor", randomness.generator
    yield "numpy.random._mt19937", "MT19937", token
    yield "numpy.random._pcg64", "PCG64", token
    yield "numpy.random.bit_generator", "SeedSequence", token
    yield "numpy.random.bit_generator", "__pyx_unpickle_SeedSequence", token
    yield "joblib.numpy_pickle", "NumpyArrayWrapper", arrays.joblib_array


def _scikit_learn() -> Iterator[tuple[str, str, Build]]:
    for family in (estimators, smooth, neighbours, machines, catalogue, curves, composition):
        for module, name, check in family.ENTRIES:
            yield module, name, estimators.estimator(module, name, check)
    yield "sklearn.tree._tree", "Tree", trees.tree
    yield f"{_HISTOGRAM}.predictor", "TreePredictor", trees.predictor
    yield "sklearn.compose._column_transformer", "_RemainderColsList", columns.columns
    for name in _LOSS_NAMES:
        yield "sklearn._loss.loss", name, losses.loss(name)
    for name, now in _OLD_LOSSES.items():
        yield "sklearn.ensemble._gb_losses", name, losses.loss(now, told="K")
    for name in ("GridSearchCV", "RandomizedSearchCV"):
        yield "sklearn.model_selection._search", name, composition.searched
    for name in ("HalvingGridSearchCV", "HalvingRandomSearchCV"):
        yield "sklearn.model_selection._search_successive_halving", name, composition.searched
    for name in ("TunedThresholdClassifierCV", "FixedThresholdClassifier"):
        yield "sklearn.model_selection._classification_threshold", name, composition.limited
    yield "functools", "partial", categories.partial
    yield "sklearn.utils.validation", "check_array", token
    yield "sklearn.impute._iterative", "_ImputerTriplet", filling.step
    yield "scipy.interpolate._bsplines", "BSpline", widening.spline
    yield "sklearn.frozen._frozen", "FrozenEstimator", composition.frozen
    yield from _left_out()


def _left_out() -> Iterator[tuple[str, str, Build]]:
    for module, name in left_out.kept():
        yield module, name, nothing
    for module, name in left_out.arguments():
        yield module, name, token


def _plain() -> Iterator[tuple[str, str, Build]]:
    for module in ("builtins", "__builtin__"):
        for name, build in _BUILTIN.items():
            yield module, name, build
    yield "_codecs", "encode", values.encoded
    for module in ("copyreg", "copy_reg"):
        yield module, "_reconstructor", reconstructed
    yield "datetime", "datetime", values.moment
    yield "datetime", "date", values.day
    yield "datetime", "timedelta", values.span
    yield "datetime", "timezone", values.zone
    for module in ("pathlib", "pathlib._local"):
        for name in ("PosixPath", "PurePosixPath"):
            yield module, name, texts.path(windows=False)
        for name in ("WindowsPath", "PureWindowsPath"):
            yield module, name, texts.path(windows=True)
    yield "uuid", "UUID", texts.identifier
    yield "decimal", "Decimal", texts.decimal
    yield "fractions", "Fraction", texts.fraction
    for module in ("pandas._libs.tslibs.timestamps", "pandas._libs.tslib"):
        yield module, "_unpickle_timestamp", texts.timestamp
    yield "pytz", "_UTC", values.zone_of_pytz
    yield "pytz", "_p", values.zone_of_pytz
    yield texts.INDEX, "_new_Index", texts.index
    yield texts.INDEX, "Index", token


def _list() -> dict[tuple[str, str], type]:
    names: dict[tuple[str, str], type] = {
        (module, name): recipe(f"{module}.{name}", build)
        for source in (_numpy(), _scikit_learn(), balanced.names(), boosters.names(), _plain())
        for module, name, build in source
    }
    for module in ("numpy.core.numeric", "numpy._core.numeric"):
        names[module, "_frombuffer"] = at_once(f"{module}._frombuffer", arrays.frombuffer)
    for name in selecting.SCORES:
        module = _MUTUAL if name.startswith("mutual") else _UNIVARIATE
        names[module, name] = function(module, name)
    for module, name in functions.names():
        names[module, name] = function("numpy", name)
    for name in widening.TYPES:
        names["numpy", name] = function("numpy", name)
    for module in ("sklearn.utils", "sklearn.utils._bunch"):
        names[module, "Bunch"] = Bunch
    names["collections", "OrderedDict"] = names["collections", "defaultdict"] = Record
    return names


ALLOWED = _list()
