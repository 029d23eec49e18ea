"""The allow-list: every name of code that an artifact may ask for, with the function that makes it from checked parts.

The list is exact. A name that is not here is refused, whatever module it is in; a dotted name is never here. To add
one, write the function that makes it without trusting an argument, and tests that hand it hostile ones.
"""

from collections.abc import Callable, Iterator
from typing import Any

from ensemble_desk.artifacts.safe_loading.allow_list import arrays, estimators, losses, randomness, trees, values
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import (
    Builder,
    Recipe,
    Record,
    at_once,
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
    **dict.fromkeys(("object", "dict", "list", "float", "int", "str"), token),
}
_LINK_NAMES = ("Interval", "IdentityLink", "LogLink", "LogitLink", "HalfLogitLink", "MultinomialLogit")
_LOSS_NAMES = ("HalfMultinomialLoss", "HalfBinomialLoss", "ExponentialLoss")
_COMPILED = ("CyHalfMultinomialLoss", "CyHalfBinomialLoss", "CyExponentialLoss")
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


def _estimators() -> Iterator[tuple[str, str, estimators.Check]]:
    yield "sklearn.ensemble._forest", "RandomForestClassifier", estimators.forest("DecisionTreeClassifier")
    yield "sklearn.ensemble._forest", "ExtraTreesClassifier", estimators.forest("ExtraTreeClassifier")
    yield "sklearn.ensemble._gb", "GradientBoostingClassifier", estimators.gradient_boosting
    yield f"{_HISTOGRAM}.gradient_boosting", "HistGradientBoostingClassifier", estimators.histogram_boosting
    yield "sklearn.linear_model._logistic", "LogisticRegression", estimators.linear
    for name in ("DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier"):
        yield "sklearn.tree._classes", name, estimators.unchecked
    yield "sklearn.dummy", "DummyClassifier", estimators.dummy
    yield "sklearn.preprocessing._label", "LabelEncoder", estimators.unchecked
    yield f"{_HISTOGRAM}.binning", "_BinMapper", estimators.unchecked


def _scikit_learn() -> Iterator[tuple[str, str, Build]]:
    for module, name, check in _estimators():
        yield module, name, estimators.estimator(module, name, check)
    yield "sklearn.tree._tree", "Tree", trees.tree
    yield f"{_HISTOGRAM}.predictor", "TreePredictor", trees.predictor
    for name in _LOSS_NAMES:
        yield "sklearn._loss.loss", name, losses.loss(name)
    for name in _COMPILED:
        yield "sklearn._loss._loss", name, token
        yield "sklearn._loss._loss", f"__pyx_unpickle_{name}", token
    for name in _LINK_NAMES:
        yield "sklearn._loss.link", name, token


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


def _list() -> dict[tuple[str, str], type]:
    names: dict[tuple[str, str], type] = {
        (module, name): recipe(f"{module}.{name}", build)
        for source in (_numpy(), _scikit_learn(), _plain())
        for module, name, build in source
    }
    for module in ("numpy.core.numeric", "numpy._core.numeric"):
        names[module, "_frombuffer"] = at_once(f"{module}._frombuffer", arrays.frombuffer)
    names["collections", "OrderedDict"] = names["collections", "defaultdict"] = Record
    return names


ALLOWED = _list()
