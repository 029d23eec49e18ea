"""The manifest beside an artifact: everything but the models, as strict JSON that is read without any pickle."""

import datetime as dt
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from pydantic_core import from_json

from ensemble_desk.errors import ArtifactCorruptError

_REQUIRED = ("symbol", "timeframe", "timestamp", "sha256", "size_bytes", "created_at", "globals", "members")
_TOLD_BY_EACH = frozenset({"sha256", "globals", "members"})  # and by no JSON of others
_DEEPEST = 32
MOST_MANIFEST_BYTES = 2**24  # those of real versions take some 100 KiB


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known of a version without opening its artifact; `content` holds JSON types only."""

    content: Mapping[str, Any]

    @property
    def sha256(self) -> str:
        return str(self.content["sha256"])

    @property
    def size_bytes(self) -> int:
        return int(self.content["size_bytes"])

    @property
    def created_at(self) -> dt.datetime:
        return dt.datetime.fromisoformat(self.content["created_at"])

    @property
    def members(self) -> tuple[str, ...]:
        return tuple(self.content["members"])

    @property
    def globals(self) -> tuple[str, ...]:
        """The code surface: every name of code that the artifact asks for."""
        return tuple(self.content["globals"])

    def to_json(self) -> bytes:
        return json.dumps(dict(self.content), ensure_ascii=False, allow_nan=False, sort_keys=True, indent=1).encode()

    @classmethod
    def from_json(cls, data: bytes, *, name: str) -> "Manifest":
        """Read a manifest; raises ArtifactCorruptError for anything but strict JSON with the keys all have."""
        try:
            content = from_json(data, allow_inf_nan=False)
        except (ValueError, RecursionError) as error:
            raise ArtifactCorruptError(name, "it is not strict JSON") from error
        if not isinstance(content, dict):
            raise ArtifactCorruptError(name, "it holds no JSON object")
        problem = _problem(content)
        if problem:
            raise ArtifactCorruptError(name, problem)
        return cls(MappingProxyType(content))


def is_of_others(data: bytes) -> bool:
    """Tell JSON that another program keeps beside its artifact: sound, and with nothing that each manifest tells."""
    if all(f'"{name}"'.encode() in data for name in _TOLD_BY_EACH):  # so that a manifest is read once
        return False
    try:
        content = from_json(data, allow_inf_nan=True)
    except (ValueError, RecursionError):
        return False
    return not (isinstance(content, dict) and _TOLD_BY_EACH & content.keys())


def from_artifact(
    content: Mapping[str, Any],
    *,
    sha256: str,
    size_bytes: int,
    created_at: dt.datetime,
    code_surface: Sequence[str],
) -> Manifest:
    """Describe an artifact: its content without the models, and what is known of its bytes.

    Numpy values become numbers and lists, NaN and infinities become null.
    """
    described = {str(name): plain(value) for name, value in content.items() if name != "models"}
    described |= {
        "sha256": sha256,
        "size_bytes": size_bytes,
        "created_at": created_at.astimezone(dt.UTC).isoformat(),
        "globals": sorted(code_surface),
        "members": sorted(content["models"]),
    }
    return Manifest(MappingProxyType(described))


def plain(value: Any, *, depth: int = 0) -> Any:
    """Turn a value into JSON types; raises TypeError for what has no such form."""
    if depth > _DEEPEST:
        message = "nested too deeply for a manifest"
        raise TypeError(message)
    if isinstance(value, Mapping):
        return {str(key): plain(item, depth=depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, depth=depth + 1) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(item, depth=depth + 1) for item in value), key=repr)
    if isinstance(value, np.ndarray):
        return plain(value.tolist(), depth=depth + 1)
    return _scalar(value.item() if isinstance(value, np.generic) else value)


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    for kind in (str, int):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.timedelta | dt.tzinfo):
        return str(value)
    message = f"{type(value).__name__} has no place in a manifest"
    raise TypeError(message)


def _problem(content: Mapping[str, Any]) -> str:
    missing = [name for name in _REQUIRED if name not in content]
    if missing:
        return f"it lacks {', '.join(missing)}"
    texts = ("symbol", "timeframe", "timestamp", "sha256", "created_at")
    wrong = [name for name in texts if not isinstance(content[name], str)]
    wrong += [name for name in ("globals", "members") if not _is_texts(content[name])]
    if not isinstance(content["size_bytes"], int) or isinstance(content["size_bytes"], bool):
        wrong.append("size_bytes")
    if not wrong and not _is_moment(content["created_at"]):
        wrong.append("created_at")
    return f"{', '.join(wrong)} cannot be understood" if wrong else ""


def _is_moment(text: str) -> bool:
    try:
        found = dt.datetime.fromisoformat(text)
        found.astimezone(dt.UTC)  # an offset can lead out of the calendar
    except (ValueError, OverflowError):
        return False
    return found.tzinfo is not None


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def member_classes(content: Mapping[str, Any]) -> dict[str, Any]:
    """Tell the class labels of a plain artifact's estimators, so that a description can be held against them."""
    if "schema_version" in content:
        return {}
    known = {name: getattr(model, "classes_", None) for name, model in content["models"].items()}
    return {"member_classes": {str(name): plain(list(own)) for name, own in known.items() if own is not None}}
