"""Load an artifact: its digest first, then those same bytes through the restricted unpickler, then checks."""

import hashlib
import io
import pickle
from typing import Any

from lib.artifacts import compression
from lib.errors import ArtifactCorruptError, TamperedArtifactError, UnsafeArtifactError

_ALLOWED = {
    ("_codecs", "encode"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
    ("numpy.random._mt19937", "MT19937"),
    ("numpy.random._pickle", "__bit_generator_ctor"),
    ("numpy.random._pickle", "__randomstate_ctor"),
    ("sklearn._loss._loss", "CyHalfMultinomialLoss"),
    ("sklearn._loss._loss", "__pyx_unpickle_CyHalfMultinomialLoss"),
    ("sklearn._loss.link", "Interval"),
    ("sklearn._loss.link", "MultinomialLogit"),
    ("sklearn._loss.loss", "HalfMultinomialLoss"),
    ("sklearn.dummy", "DummyClassifier"),
    ("sklearn.ensemble._forest", "ExtraTreesClassifier"),
    ("sklearn.ensemble._forest", "RandomForestClassifier"),
    ("sklearn.ensemble._gb", "GradientBoostingClassifier"),
    ("sklearn.tree._classes", "DecisionTreeClassifier"),
    ("sklearn.tree._classes", "DecisionTreeRegressor"),
    ("sklearn.tree._classes", "ExtraTreeClassifier"),
    ("sklearn.tree._tree", "Tree"),
}


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(io.BytesIO(data))
        self._name = name

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise UnsafeArtifactError(self._name, f"{module}.{name}")
        return super().find_class(module, name)

    def persistent_load(self, pid: Any) -> Any:
        raise UnsafeArtifactError(self._name, f"the persistent object {pid!r}")


def digest(data: bytes) -> str:
    """Give the SHA-256 of bytes as hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def load(data: bytes, *, name: str, max_bytes: int, expected_sha256: str | None = None) -> dict[str, Any]:
    """Load an artifact from its bytes; nothing in it is run but what the allow-list names."""
    if expected_sha256 is not None and digest(data) != expected_sha256:
        raise TamperedArtifactError(name, expected=expected_sha256, actual=digest(data))
    inside = compression.unpack(data, name=name, max_bytes=max_bytes)
    try:
        content = _Unpickler(inside, name).load()
    except UnsafeArtifactError:
        raise
    except Exception as error:
        raise ArtifactCorruptError(name, f"it is no complete pickle ({error})") from error
    if not isinstance(content, dict):
        raise ArtifactCorruptError(name, "it holds no dict")
    return content
