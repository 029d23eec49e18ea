"""One look at a file that nobody has registered: is it a version, and what does it say? Nothing here trusts it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ensemble_desk.artifacts import digests, manifest, naming, serving_form
from ensemble_desk.artifacts.examiner import wire
from ensemble_desk.artifacts.manifest import Manifest
from ensemble_desk.artifacts.safe_loading import audit, checks, loading
from ensemble_desk.errors import ArtifactCorruptError, ArtifactNameError, IncompatibleArtifactError
from ensemble_desk.market.keys import Key


@dataclass(frozen=True, slots=True)
class Subject:
    """A file to look at: its bytes, its name and what the name says, and the bytes of the manifest beside it."""

    data: bytes
    file_name: str
    key: Key
    version: str
    written_at: datetime
    max_bytes: int
    beside: bytes | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen.

    Attributes
    ----------
    content : what the manifest of the version says, JSON types only; empty for one that this code cannot serve.
    problem : why it cannot be served; '' when it can.
    form : the bytes of its serving form; None when it has none, or is one itself.
    """

    created_at: datetime
    content: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    form: bytes | None = None


def look(subject: Subject) -> Seen:
    """Load a file safely and describe it out of its own bytes.

    Raises
    ------
    UnsafeArtifactError, ArtifactCorruptError, ArtifactTooLargeError, ArtifactNameError, MissingExtraError
        When it is no version at all, or nothing can be said of it here.
    """
    is_alone = naming.is_form_alone(subject.file_name)
    if is_alone and not serving_form.is_form(subject.data):
        raise ArtifactCorruptError(subject.file_name, "it is no serving form")
    sha256 = digests.of(subject.data)
    beside = None
    if subject.beside is not None:
        beside = Manifest.from_json(subject.beside, name=f"The manifest of {subject.file_name}")
        if beside.sha256 != sha256:
            told = beside.sha256[:12]
            problem = f"its SHA-256 is {sha256[:12]}…, its manifest says {told}…"
            raise ArtifactCorruptError(subject.file_name, problem)
    created_at = beside.created_at if beside is not None else subject.written_at
    try:
        # under a name that is no version's, so that what a file claims to be is judged apart from what it holds
        content = loading.load(subject.data, name=f"The file {subject.file_name}", max_bytes=subject.max_bytes)
        _check_name(subject, content)
        described = _described(subject, content, sha256=sha256, created_at=created_at)
    except IncompatibleArtifactError as error:
        return Seen(created_at, problem=error.problem)
    form = None if is_alone else serving_form.write(content, name=subject.file_name)
    if form is not None and len(form) > subject.max_bytes:
        form = None  # arrays that are shared in the file stand in a form as often as they are named
    return Seen(created_at, described, form=form)


def _described(subject: Subject, content: Mapping[str, Any], *, sha256: str, created_at: datetime) -> Mapping[str, Any]:
    """Describe a version from its own content, not from the file beside it, which nobody has signed."""
    surface = audit.code_surface(subject.data, name=subject.file_name, max_bytes=subject.max_bytes)
    try:
        made = manifest.from_artifact(
            content, sha256=sha256, size_bytes=len(subject.data), created_at=created_at, code_surface=surface
        )
        told = {**made.content, **manifest.member_classes(content)}
    except (TypeError, KeyError) as error:
        raise IncompatibleArtifactError(subject.file_name, f"its content cannot be described ({error})") from error
    if len(json.dumps(told)) > wire.MOST_TOLD_BYTES:
        most = wire.MOST_TOLD_BYTES // 2**20
        raise IncompatibleArtifactError(subject.file_name, f"beside its models it holds more than {most} MiB")
    return told


def _check_name(subject: Subject, content: Mapping[str, Any]) -> None:
    """Refuse a version under another version's name: it would serve one symbol's forecasts as another's."""
    try:
        checks.validate(content, key=subject.key, version=subject.version, name=subject.file_name)
    except IncompatibleArtifactError as error:
        raise ArtifactNameError(subject.file_name, error.problem) from error
