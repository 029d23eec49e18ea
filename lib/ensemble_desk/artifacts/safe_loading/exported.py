"""Versions that have a serving form alone: read as data, and only believed when they repeat what the original said."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ensemble_desk.artifacts import serving_form
from ensemble_desk.errors import ArtifactTooLargeError, IncompatibleArtifactError

PROOF = "export"
TOLERANCE = 1e-6
MOST_ROWS = 512


def read(data: bytes, *, name: str, check: Callable[..., None], max_bytes: int) -> dict[str, Any]:
    """Read a serving form that stands alone, and compare its members with what it keeps of the original's answers.

    Raises
    ------
    ArtifactTooLargeError, ArtifactCorruptError
    IncompatibleArtifactError
        When it holds no version, no proof, or members that answer otherwise than the original did.
    MissingExtraError
        When a member is a graph and onnxruntime is not installed.
    """
    if len(data) > max_bytes:
        raise ArtifactTooLargeError(name, limit_bytes=max_bytes)
    content = serving_form.read(data, name=name)
    check(content, name=name)
    try:
        problem = _problem(content)
    except (TypeError, ValueError, KeyError) as error:
        problem = f"the rows and answers that it keeps of the original cannot be used ({error})"
    if problem:
        raise IncompatibleArtifactError(name, problem)
    return content


def distances(models: Mapping[str, Any], proof: Mapping[str, Any]) -> dict[str, float]:
    """By how much each member answers otherwise than the original did, on the rows of the proof.

    Members that are stored as plain state answer from prices, not from rows, and are left out.
    """
    rows = np.asarray(proof["rows"], dtype=float)
    if rows.ndim != 2 or not 0 < len(rows) <= MOST_ROWS:  # noqa: PLR2004 - rows and features
        message = f"it has rows of shape {rows.shape}"
        raise ValueError(message)
    found = {}
    for name, model in models.items():
        if isinstance(model, Mapping):
            continue
        expected = np.asarray(proof["probabilities"][name], dtype=float)
        given = np.asarray(model.predict_proba(rows))
        if given.shape != expected.shape:
            message = f"{name} gives the shape {given.shape}, the original gave {expected.shape}"
            raise ValueError(message)
        found[name] = float(np.abs(given - expected).max())
    return found


def _problem(content: Mapping[str, Any]) -> str:
    proof = content.get(PROOF)
    if not isinstance(proof, Mapping):
        return "it keeps no answers of the original to compare with; make it with: desk export"
    for name, distance in distances(content["models"], proof).items():
        if not distance <= TOLERANCE:
            return f"{name} answers otherwise than the original did, by {distance:.3g}; export it again"
    return ""
