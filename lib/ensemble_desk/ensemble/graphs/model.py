"""A classifier that is an ONNX graph: features in, probabilities out, within a bounded amount of memory."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.ensemble.graphs import inspection, watching
from ensemble_desk.ensemble.votes import Probabilities
from ensemble_desk.errors import IncompatibleArtifactError, extras

_SUBJECT = "The graph"
MOST_MEMORY_BYTES = 512 * 2**20
_FLOATS = {"tensor(double)": np.float64, "tensor(float)": np.float32}
_SECONDS, _SECONDS_A_ROW = 5.0, 0.01  # honest graphs take a thousandth
_MOST_FEATURES = 2**15 - 1
_MOST_CLASSES = 2**10
_QUIET = 4  # only what is fatal: a graph that fails is told in an error


@dataclass(frozen=True, slots=True, eq=False)
class GraphModel:
    """A graph with the names that scikit-learn's fitted classifiers have.

    Attributes
    ----------
    data : the ONNX file.
    classes : labels in the order of the columns of probabilities.
    feature_names : columns in order; None when it was fitted on a nameless array.
    """

    data: bytes
    classes: tuple[Any, ...]
    n_features_in_: int
    feature_names: tuple[str, ...] | None = None
    _session: Any = field(init=False, repr=False)
    _input: tuple[str, Any] = field(init=False, repr=False)
    _output: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Inspect the file, then hand it to onnxruntime.

        Raises
        ------
        IncompatibleArtifactError
            When the graph is not served, or does not take rows of numbers and give one column for each class.
        MissingExtraError
            When onnxruntime is not installed.
        """
        inspection.check(self.data, name=_SUBJECT)
        session = _open(self.data)
        object.__setattr__(self, "_session", session)
        object.__setattr__(self, "_input", _input(session, self.n_features_in_))
        object.__setattr__(self, "_output", _output(session, len(self.classes)))

    def __reduce__(self) -> tuple[Any, ...]:
        """In another process the graph is opened anew."""
        return GraphModel, (self.data, self.classes, self.n_features_in_, self.feature_names)

    @property
    def classes_(self) -> NDArray[Any]:
        return np.array(self.classes)

    @property
    def feature_names_in_(self) -> NDArray[np.object_] | None:
        return None if self.feature_names is None else np.array(self.feature_names, dtype=object)

    def predict_proba(self, X: Any) -> Probabilities:
        """Probabilities of shape (n, len(classes)) for X of shape (n, n_features).

        Raises
        ------
        ValueError
            For another number of columns, and when the graph fails on these rows or gives something else.
        """
        given = np.asarray(X, dtype=float)
        if given.ndim != 2 or given.shape[1] != self.n_features_in_:  # noqa: PLR2004 - rows and columns
            message = f"X has the shape {given.shape}, but {self.n_features_in_} features are needed"
            raise ValueError(message)
        name, kind = self._input
        try:
            options = _run_options()
            with watching.bounded(options, seconds=_SECONDS + len(given) * _SECONDS_A_ROW):
                (found,) = self._session.run([self._output], {name: given.astype(kind)}, options)
        except Exception as error:  # onnxruntime's errors have no common class
            message = f"its graph failed ({_told(error)})"
            raise ValueError(message) from error
        made = np.asarray(found, dtype=float)
        if made.shape != (len(given), len(self.classes)):
            message = f"its graph gave the shape {made.shape}, not {(len(given), len(self.classes))}"
            raise ValueError(message)
        return made


def to_state(model: GraphModel) -> dict[str, Any]:
    """Plain arrays, numbers and texts that `from_state` turns back into the same model."""
    return {
        "graph": np.frombuffer(model.data, dtype=np.uint8),
        "classes": list(model.classes),
        "n_features": model.n_features_in_,
        "feature_names": None if model.feature_names is None else list(model.feature_names),
    }


def from_state(state: Mapping[str, Any]) -> GraphModel:
    """Rebuild what `to_state` gave; raises what :class:`GraphModel` raises."""
    graph, names, classes = state["graph"], state["feature_names"], state["classes"]
    n_features = int(state["n_features"])
    if not isinstance(graph, np.ndarray) or graph.dtype != np.uint8 or graph.ndim != 1:
        raise IncompatibleArtifactError(_SUBJECT, "it is no list of bytes")
    if not 0 < n_features <= _MOST_FEATURES or not 1 < len(classes) <= _MOST_CLASSES:
        raise IncompatibleArtifactError(_SUBJECT, "it has no features or no classes, or too many")
    if not all(type(label) in (bool, int, float, str) for label in classes) or len(set(classes)) < len(classes):
        raise IncompatibleArtifactError(_SUBJECT, "its classes are not different labels")
    if names is not None and (type(names) is not list or len(names) != n_features):
        raise IncompatibleArtifactError(_SUBJECT, "its feature names are not as many as its features")
    told = None if names is None else tuple(str(name) for name in names)
    return GraphModel(graph.tobytes(), tuple(classes), n_features, told)


def _open(data: bytes) -> Any:
    with extras.needed():
        import onnxruntime

    _bound_memory()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # parallelism belongs to the job
    options.log_severity_level = _QUIET
    options.add_session_config_entry("session.use_env_allocators", "1")
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common class
        problem = f"onnxruntime cannot open its graph ({_told(error)})"
        raise IncompatibleArtifactError(_SUBJECT, problem) from error


def _run_options() -> Any:
    import onnxruntime

    return onnxruntime.RunOptions()


def _told(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


@functools.cache
def _bound_memory() -> None:
    """Give all graphs of this process one store of memory with an end; a small file can ask for any amount."""
    with extras.needed():
        import onnxruntime

    kinds = onnxruntime.OrtAllocatorType, onnxruntime.OrtMemType
    place = onnxruntime.OrtMemoryInfo("Cpu", kinds[0].ORT_ARENA_ALLOCATOR, 0, kinds[1].DEFAULT)
    bounds = {"max_mem": MOST_MEMORY_BYTES, "arena_extend_strategy": 1}
    onnxruntime.create_and_register_allocator(place, onnxruntime.OrtArenaCfg(bounds))


def _input(session: Any, n_features: int) -> tuple[str, Any]:
    inputs = session.get_inputs()
    if len(inputs) != 1 or inputs[0].type not in _FLOATS or len(inputs[0].shape) != 2:  # noqa: PLR2004 - rows, columns
        told = ", ".join(f"{one.name}: {one.type} {one.shape}" for one in inputs)
        raise IncompatibleArtifactError(_SUBJECT, f"it must take one matrix of rows and features, and takes {told}")
    rows, columns = inputs[0].shape
    if isinstance(rows, int) and rows > 0:
        problem = f"it takes exactly {rows} row(s); export it with a dynamic first axis"
        raise IncompatibleArtifactError(_SUBJECT, problem)
    if isinstance(columns, int) and columns != n_features:
        raise IncompatibleArtifactError(_SUBJECT, f"it takes {columns} features, not {n_features}")
    return inputs[0].name, _FLOATS[inputs[0].type]


def _output(session: Any, n_classes: int) -> str:
    """Name the output with one column for each class."""
    outputs = [one for one in session.get_outputs() if one.type in _FLOATS and len(one.shape) == 2]  # noqa: PLR2004
    fitting = [one for one in outputs if not isinstance(one.shape[1], int) or one.shape[1] == n_classes]
    if len(fitting) != 1:
        told = ", ".join(f"{one.name}: {one.type} {one.shape}" for one in session.get_outputs())
        problem = f"it must give one matrix of probabilities with {n_classes} columns, and gives {told}"
        raise IncompatibleArtifactError(_SUBJECT, problem)
    return str(fitting[0].name)
