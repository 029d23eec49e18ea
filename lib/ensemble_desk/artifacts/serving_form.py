"""The serving form of a version: the same ensemble as plain arrays and JSON, read without pickle and scikit-learn.

A file in the format of safetensors. Every array of every member is a tensor; the rest is JSON under one name of the
file's metadata, where ``{"$array": NAME}`` stands for a tensor.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors import numpy as tensors

from ensemble_desk.artifacts import manifest
from ensemble_desk.ensemble.flat import flattening
from ensemble_desk.ensemble.flat import state as flat_state
from ensemble_desk.ensemble.flat.forest import FlatForest
from ensemble_desk.ensemble.graphs import model as graphs
from ensemble_desk.ensemble.graphs.model import GraphModel
from ensemble_desk.ensemble.members.classes import NUMBERED, class_numbers, meaning_of
from ensemble_desk.errors import ArtifactCorruptError, IncompatibleArtifactError

FORMAT = 1
TOLERANCE = 1e-12
_ARRAY, _FOREST, _GRAPH = "$array", "$forest", "$graph"
_MOST_HEADER_BYTES = 2**28
_TOLD = "ensemble"
_N_PROBES = 96
_MOST_SAMPLE_ROWS = 1_000
_SIZE_BYTES = 8  # of the number before a file's header
_KEPT = (
    "symbol",
    "timeframe",
    "timestamp",
    "schema_version",
    "horizon",
    "config",
    "label",
    "temperature",
    "feature_names",
    "classes_in_file",
    "feature_set",
    "feature_zone",
    "classes",
    "weights",
    "usual_rates",
    "ensemble_accuracy",
    "performances",
)

_log = logging.getLogger(__name__)


def write(content: Mapping[str, Any], *, name: str) -> bytes | None:
    """Give the serving form of an artifact's content; None when a member has none, or would answer differently.

    Each forest is asked for parity with its estimator on the sample rows and on rows at the edges of its nodes; they
    differ by 1e-12 at most.
    """
    arrays: dict[str, NDArray[Any]] = {}
    try:
        told = {key: manifest.plain(content[key]) for key in _KEPT if key in content}
        told["models"] = {member: _model(content, member, arrays) for member in content["models"]}
        text = json.dumps({"format": FORMAT, **told})
        return bytes(tensors.save(arrays, metadata={_TOLD: text}))
    except Exception as error:  # noqa: BLE001 - whatever a foreign estimator raises, it is served as it is
        _log.info("%s is served from its estimators: %s", name, error)
        return None


def write_alone(content: Mapping[str, Any], *, name: str) -> bytes:
    """Give the serving form of a version that has nothing else: all it tells, forests, graphs and plain states.

    Members keep the labels of their own classes, as in the artifact that they come from.

    Raises
    ------
    IncompatibleArtifactError
        When a value in it has no plain form.
    """
    arrays: dict[str, NDArray[Any]] = {}
    try:
        told = {str(key): manifest.plain(value) for key, value in content.items() if key != "models"}
        told["models"] = {member: _alone(model, member, arrays) for member, model in content["models"].items()}
        return bytes(tensors.save(arrays, metadata={_TOLD: json.dumps({"format": FORMAT, **told})}))
    except TypeError as error:
        raise IncompatibleArtifactError(name, str(error)) from error


def is_form(data: bytes) -> bool:
    """Tell a serving form from a pickle by how it begins: the size of its header, then the header's JSON."""
    size = int.from_bytes(data[:_SIZE_BYTES], "little")
    return 0 < size <= min(len(data) - _SIZE_BYTES, _MOST_HEADER_BYTES) and data[_SIZE_BYTES : _SIZE_BYTES + 1] == b"{"


def read(data: bytes, *, name: str) -> dict[str, Any]:
    """Read a serving form whose digest was checked: the artifact's content, its models forests and plain states.

    Raises
    ------
    ArtifactCorruptError, IncompatibleArtifactError
        When it is no serving form, or one of a later format.
    """
    try:
        size = int.from_bytes(data[:_SIZE_BYTES], "little")
        header = json.loads(data[_SIZE_BYTES : _SIZE_BYTES + size])
        told = json.loads(header["__metadata__"][_TOLD])
        if told.pop("format") != FORMAT:
            raise IncompatibleArtifactError(name, f"its serving form is not of format {FORMAT}")
        arrays = tensors.load(data)
        models = {str(member): _restored(stored, arrays) for member, stored in told["models"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, SafetensorError, RecursionError) as error:
        raise ArtifactCorruptError(name, f"its serving form cannot be read ({type(error).__name__})") from error
    return {**told, "models": models}


def read_beside(data: bytes, *, name: str) -> dict[str, Any]:
    """Read like :func:`read` a form that :func:`write` made, whose forests hold class numbers."""
    return read(data, name=name) | {NUMBERED: True}


def _alone(model: Any, member: str, arrays: dict[str, NDArray[Any]]) -> Any:
    if isinstance(model, FlatForest):
        return {_FOREST: _stored(flat_state.to_state(model), member, arrays)}
    if isinstance(model, GraphModel):
        return {_GRAPH: _stored(graphs.to_state(model), member, arrays)}
    return _stored(model, member, arrays)


def _model(content: Mapping[str, Any], member: str, arrays: dict[str, NDArray[Any]]) -> Any:
    model = content["models"][member]
    if isinstance(model, Mapping):
        return _stored(model, member, arrays)
    numbered, meaning = "schema_version" in content, meaning_of(content)
    classes = class_numbers(member, model.classes_, numbered=numbered, meaning=meaning)
    forest = flattening.flatten(model, classes=classes)
    if isinstance(model, FlatForest):
        return {_FOREST: _stored(flat_state.to_state(forest), member, arrays)}
    distance = parity(forest, model, sample=content.get("sample_features"))
    if not distance <= TOLERANCE:
        raise IncompatibleArtifactError(member, f"its arrays answer otherwise than its estimator, by {distance:.3g}")
    return {_FOREST: _stored(flat_state.to_state(forest), member, arrays)}


def parity(forest: FlatForest, estimator: Any, *, sample: Any = None) -> float:
    """Largest difference between the probabilities of a forest and of the estimator it was made from."""
    probes = _edges(forest)
    given = np.asarray(sample if sample is not None else [], dtype=float)
    if given.ndim == 2 and given.shape[1] == probes.shape[1]:  # noqa: PLR2004 - rows and columns
        probes = np.concatenate([given[:_MOST_SAMPLE_ROWS], probes])
    asked: Any = probes
    if forest.feature_names is not None:
        import pandas as pd

        asked = pd.DataFrame(probes, columns=list(forest.feature_names))
    return float(np.abs(forest.predict_proba(probes) - estimator.predict_proba(asked)).max())


def _edges(forest: FlatForest) -> NDArray[np.float64]:
    """Rows made of thresholds of the forest's own nodes and the float32 numbers beside them, shape (n, n_features)."""
    generator = np.random.default_rng(_N_PROBES)
    rows = np.zeros((_N_PROBES, forest.n_features_in_))
    inner = forest.trees.left != np.arange(len(forest.trees.left))
    for column in range(forest.n_features_in_):
        known = forest.trees.threshold[inner & (forest.trees.feature == column)]
        if len(known):
            drawn = generator.choice(known, _N_PROBES)
            towards = generator.choice(np.array([-np.inf, np.inf], dtype=np.float32), _N_PROBES)
            rows[:, column] = np.where(generator.random(_N_PROBES) < 0.5, drawn, np.nextafter(drawn, towards))  # noqa: PLR2004 - half of them
    largest = float(np.finfo(forest.trees.threshold.dtype).max)
    return np.clip(rows, -largest, largest)


def _stored(value: Any, name: str, arrays: dict[str, NDArray[Any]]) -> Any:
    """Turn a state into JSON and arrays, each under the path that leads to it."""
    if isinstance(value, Mapping):
        if not all(type(key) is str and not key.startswith("$") for key in value):
            raise IncompatibleArtifactError(name, "a name in its state is no plain text")
        return {key: _stored(item, f"{name}/{key}", arrays) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_stored(item, f"{name}/{number}", arrays) for number, item in enumerate(value)]
    if isinstance(value, np.ndarray):
        arrays[name] = np.ascontiguousarray(value)
        return {_ARRAY: name}
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise IncompatibleArtifactError(name, f"a {type(value).__name__} in its state has no plain form")


def _restored(stored: Any, arrays: dict[str, NDArray[Any]]) -> Any:
    """Put each array back, one for each place: a few that are shared could stand for more than memory holds."""
    if isinstance(stored, list):
        return [_restored(item, arrays) for item in stored]
    if not isinstance(stored, dict):
        return stored
    if _ARRAY in stored:
        return arrays.pop(stored[_ARRAY])
    if _FOREST in stored:
        return flat_state.from_state(_restored(stored[_FOREST], arrays))
    if _GRAPH in stored:
        return graphs.from_state(_restored(stored[_GRAPH], arrays))
    return {key: _restored(item, arrays) for key, item in stored.items()}
