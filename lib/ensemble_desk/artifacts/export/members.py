"""One member of the original turned into plain data: trees as arrays where it can be, else an ONNX graph."""

import pickle
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading import plainness, unpickling
from ensemble_desk.artifacts.safe_loading.allow_list.names import ALLOWED
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import MalformedError, RefusedError, UnfitError
from ensemble_desk.artifacts.safe_loading.building import Build
from ensemble_desk.ensemble.flat import flattening
from ensemble_desk.ensemble.flat.forest import FlatForest
from ensemble_desk.ensemble.graphs.model import GraphModel
from ensemble_desk.errors import ExportError, IncompatibleArtifactError

TREES, GRAPH, STATE = "trees", "onnx", "state"
_BOOSTERS = frozenset({"xgboost", "lightgbm", "catboost"})
_OPSETS = {"": 17, "ai.onnx.ml": 3}
_SLACK_BYTES = 2**16


@dataclass(frozen=True, slots=True, eq=False)
class Exported:
    """A member as it will be served, and as what: ``trees``, ``onnx`` or ``state``."""

    model: FlatForest | GraphModel | Mapping[str, Any]
    form: str


def export(
    name: str, model: Any, *, graph: bytes | None, classes: tuple[Any, ...] | None, columns: tuple[str, ...]
) -> Exported:
    """Turn one member into plain data.

    Parameters
    ----------
    graph : an ONNX file that the team made of it; None to make trees or a graph here.
    classes : labels in the order of its columns, for a model that does not tell them.
    columns : the features of the sample, in order.

    Raises
    ------
    ExportError
        When it has no plain form here; says what to do.
    """
    if graph is not None:
        return _of_graph(name, model, graph, classes=classes, columns=columns)
    if isinstance(model, Mapping):
        if problem := plainness.problem(dict(model)):
            raise ExportError(name, f"its state holds {problem}", remedy=_by_onnx(name))
        return Exported(model, STATE)
    kind = type(model)
    family = kind.__module__.partition(".")[0]
    try:
        if family in _BOOSTERS:
            return Exported(_booster(model, classes), TREES)
        if family == "sklearn":
            return _of_scikit_learn(name, model)
    except (IncompatibleArtifactError, RefusedError, MalformedError, UnfitError) as error:
        raise ExportError(name, str(error).rstrip("."), remedy=_by_onnx(name)) from error
    problem = f"a {kind.__module__}.{kind.__qualname__} has no plain form that can be made here"
    raise ExportError(name, problem, remedy=_by_onnx(name))


def _of_graph(
    name: str, model: Any, graph: bytes, *, classes: tuple[Any, ...] | None, columns: tuple[str, ...]
) -> Exported:
    labels = _labels(model) or classes
    if labels is None:
        remedy = "Say them in the order of its columns, for example --classes BEARISH,NEUTRAL,BULLISH."
        raise ExportError(name, "the model does not tell its classes", remedy=remedy)
    names = getattr(model, "feature_names_in_", columns)
    try:
        made = GraphModel(graph, labels, len(names), tuple(str(column) for column in names))
    except IncompatibleArtifactError as error:
        raise ExportError(name, error.problem, remedy="Export the graph anew, see docs/export.md.") from error
    return Exported(made, GRAPH)


def _booster(model: Any, classes: tuple[Any, ...] | None) -> FlatForest:
    """Read a booster out of its own pickle, the way a file with it is read."""
    data = pickle.dumps(model)
    made = Build(most_bytes=len(data) + _SLACK_BYTES).content(unpickling.parse(data, allowed=ALLOWED))
    told = _labels(model) or (None if hasattr(model, "predict_proba") else classes)
    return replace(made, classes=told) if told else made  # type: ignore[no-any-return]


def _of_scikit_learn(name: str, model: Any) -> Exported:
    labels = _labels(model)
    if labels is None:
        raise IncompatibleArtifactError(name, "it is not fitted")
    try:
        return Exported(flattening.flatten(model, classes=labels, covers=True), TREES)
    except IncompatibleArtifactError:
        return Exported(_converted(name, model, labels), GRAPH)


def _converted(name: str, model: Any, labels: tuple[Any, ...]) -> GraphModel:
    """Convert with skl2onnx: in float64 where its converter can, else in float32."""
    try:
        from skl2onnx import convert_sklearn
        from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
    except ModuleNotFoundError as error:
        problem = f"a {type(model).__name__} needs skl2onnx to become a graph; run: pip install skl2onnx"
        raise IncompatibleArtifactError(name, problem) from error
    n_features = int(model.n_features_in_)
    names = getattr(model, "feature_names_in_", None)
    told = None if names is None else tuple(str(column) for column in names)
    problem = ""
    for kind in (DoubleTensorType, FloatTensorType):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                converted = convert_sklearn(
                    model,
                    initial_types=[("X", kind([None, n_features]))],
                    options={id(model): {"zipmap": False}},
                    target_opset=_OPSETS,
                )
            return GraphModel(converted.SerializeToString(), labels, n_features, told)
        except Exception as error:  # noqa: BLE001 - a converter raises anything for what it does not know
            problem = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}".rstrip(".")
    raise IncompatibleArtifactError(name, f"skl2onnx cannot convert a {type(model).__name__} ({problem})")


def _labels(model: Any) -> tuple[Any, ...] | None:
    found = getattr(model, "classes_", None)
    return None if found is None else tuple(np.asarray(found).tolist())


def _by_onnx(name: str) -> str:
    return f"Export it to ONNX where it was trained and pass --onnx {name}=FILE.onnx, see docs/export.md."
