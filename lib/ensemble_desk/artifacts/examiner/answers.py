"""What an examiner answers, as plain values there and back: what was seen, or the error that it was."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ensemble_desk.artifacts.examiner.looking import Seen, Subject
from ensemble_desk.errors import (
    ArtifactCorruptError,
    ArtifactError,
    ArtifactNameError,
    ArtifactTooLargeError,
    MissingExtraError,
    UnsafeArtifactError,
)
from ensemble_desk.market.keys import Key

_ERRORS: dict[str, tuple[type[ArtifactError], str]] = {
    "corrupt": (ArtifactCorruptError, "problem"),
    "unsafe": (UnsafeArtifactError, "asked_for"),
    "name": (ArtifactNameError, "problem"),
}
_REMAKE: dict[str, Callable[[str, Any], ArtifactError]] = {
    "corrupt": ArtifactCorruptError,
    "unsafe": UnsafeArtifactError,
    "name": ArtifactNameError,
    "too large": lambda name, most: ArtifactTooLargeError(name, limit_bytes=int(most)),
}


def of_subject(subject: Subject) -> tuple[dict[str, Any], list[bytes]]:
    told = {
        "file_name": subject.file_name,
        "symbol": subject.key.symbol,
        "timeframe": subject.key.timeframe,
        "version": subject.version,
        "written_at": subject.written_at.isoformat(),
        "max_bytes": subject.max_bytes,
    }
    return told, [subject.data] if subject.beside is None else [subject.data, subject.beside]


def subject(told: Mapping[str, Any], parts: Sequence[bytes]) -> Subject:
    return Subject(
        data=parts[0],
        file_name=told["file_name"],
        key=Key(told["symbol"], told["timeframe"]),
        version=told["version"],
        written_at=datetime.fromisoformat(told["written_at"]),
        max_bytes=told["max_bytes"],
        beside=parts[1] if len(parts) > 1 else None,
    )


def of_seen(seen: Seen) -> tuple[dict[str, Any], list[bytes]]:
    told = {"created_at": seen.created_at.isoformat(), "content": dict(seen.content), "problem": seen.problem}
    return told, [] if seen.form is None else [seen.form]


def of_error(error: ArtifactError | MissingExtraError) -> dict[str, Any]:
    if isinstance(error, MissingExtraError):
        return {"error": "lacking", "name": error.library, "about": error.extra}
    if isinstance(error, ArtifactTooLargeError):
        return {"error": "too large", "name": error.name, "about": error.limit_bytes}
    for kind, (wanted, attribute) in _ERRORS.items():
        if isinstance(error, wanted):
            return {"error": kind, "name": error.name, "about": getattr(error, attribute)}
    return {"error": "corrupt", "name": error.name, "about": str(error)}


def seen(told: Mapping[str, Any], parts: Sequence[bytes]) -> Seen:
    """Give what was seen; raises the error that was answered instead."""
    kind = told.get("error")
    if kind == "lacking":
        raise MissingExtraError(told["name"], extra=told["about"])
    if kind is not None:
        raise _REMAKE[kind](told["name"], told["about"])
    created_at = datetime.fromisoformat(told["created_at"])
    return Seen(created_at, told["content"], told["problem"], parts[0] if parts else None)
