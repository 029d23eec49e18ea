"""Looking at a file in the models folder: is it a version, and what does it say? Nothing here trusts the file."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ensemble_desk.artifacts import descriptions, digests, manifest, naming, serving_form
from ensemble_desk.artifacts.manifest import Manifest
from ensemble_desk.artifacts.safe_loading import audit, checks, loading
from ensemble_desk.artifacts.store.folder import ArtifactStore
from ensemble_desk.artifacts.store.scanning import FileEntry
from ensemble_desk.errors import (
    ArtifactCorruptError,
    ArtifactError,
    ArtifactNameError,
    IncompatibleArtifactError,
    MissingExtraError,
)
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.index.entries import Entry
from ensemble_desk.registry.index.registration import Arrival

_log = logging.getLogger(__name__)


def arrival(store: ArtifactStore, file: FileEntry) -> Arrival:
    """Read a file that is not registered and load it safely; what it says comes out of its own bytes.

    A file that is safe but holds nothing that this code can serve arrives as incompatible, with the reason.

    Raises
    ------
    UnsafeArtifactError, ArtifactCorruptError, ArtifactTooLargeError, ArtifactNameError, ArtifactError
        When it is no version at all.
    """
    data = store.read(file.file_name)
    if naming.is_form_alone(file.file_name) and not serving_form.is_form(data):
        raise ArtifactCorruptError(file.file_name, "it is no serving form")
    beside = store.manifest(file.file_name)
    sha256 = digests.of(data)
    if beside is not None and beside.sha256 != sha256:
        problem = f"its SHA-256 is {sha256[:12]}…, its manifest says {beside.sha256[:12]}…"
        raise ArtifactCorruptError(file.file_name, problem)
    written = datetime.fromtimestamp(file.mtime_ns / 1e9, tz=UTC)
    created_at = beside.created_at if beside is not None else written
    try:
        # under a name that is no version's, so that what a file claims to be is judged apart from what it holds
        content = loading.load(data, name=f"The file {file.file_name}", max_bytes=store.max_bytes)
        _check_name(file, content)
        told = _told(store, file, data, content, created_at=created_at)
        if naming.is_form_alone(file.file_name):
            form: Mapping[str, Any] = {"sha256": sha256, "size_bytes": len(data)}
        else:
            form = make_form(store, file.file_name, content)
    except IncompatibleArtifactError as error:
        return _arrival(file, sha256, created_at, {}, health=State.INCOMPATIBLE, problem=error.problem)
    described = {**told.content, **member_classes(content), **({"serving": form} if form else {})}
    return _arrival(file, sha256, created_at, described, serving_sha256=form.get("sha256"))


def digest(store: ArtifactStore, file_name: str) -> str:
    """Compute the digest of a file as it is now."""
    return digests.of(store.read(file_name))


def make_form(store: ArtifactStore, file_name: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Write the serving form of an artifact whose bytes were verified; gives its digest and size, empty without one."""
    form = serving_form.write(content, name=file_name)
    if form is None:
        return {}
    try:
        store.write_form(file_name, form)
    except OSError as error:
        _log.warning("%s has no serving form, its folder cannot be written: %s", file_name, error.strerror)
        return {}
    return {"sha256": digests.of(form), "size_bytes": len(form)}


def sound_form(store: ArtifactStore, entry: Entry, data: bytes) -> str | None:
    """Give the digest of a version's serving form, None when it has none.

    Unless the registered form is there, it is made anew from the artifact's verified bytes.
    """
    if naming.is_form_alone(entry.file_name):
        return entry.sha256
    try:
        if entry.serving_sha256 and digests.of(store.form(entry.file_name)) == entry.serving_sha256:
            return entry.serving_sha256
    except ArtifactError:
        pass  # gone or unreadable: it is made anew
    try:
        loaded = loading.load(data, name=entry.file_name, max_bytes=store.max_bytes)
        content = descriptions.lay_over(loaded, entry.described)
    except MissingExtraError:
        return entry.serving_sha256  # left to an installation that can make one
    except ArtifactError:
        return None
    return make_form(store, entry.file_name, content).get("sha256")


def _told(
    store: ArtifactStore, file: FileEntry, data: bytes, content: Mapping[str, Any], *, created_at: datetime
) -> Manifest:
    """Describe a version from its own content, not from the file beside it, which nobody has signed."""
    surface = audit.code_surface(data, name=file.file_name, max_bytes=store.max_bytes)
    try:
        return manifest.from_artifact(
            content,
            sha256=digests.of(data),
            size_bytes=len(data),
            created_at=created_at,
            code_surface=surface,
        )
    except (TypeError, KeyError) as error:
        raise IncompatibleArtifactError(file.file_name, f"its content cannot be described ({error})") from error


def member_classes(content: Mapping[str, Any]) -> dict[str, Any]:
    """Tell the class labels of a plain artifact's estimators, so that a description can be held against them."""
    if "schema_version" in content:
        return {}
    known = {name: getattr(model, "classes_", None) for name, model in content["models"].items()}
    return {"member_classes": {str(name): manifest.plain(list(own)) for name, own in known.items() if own is not None}}


def _check_name(file: FileEntry, content: Mapping[str, Any]) -> None:
    """Refuse a version under another version's name: it would serve one symbol's forecasts as another's."""
    try:
        checks.validate(content, key=file.key, version=file.version, name=file.file_name)
    except IncompatibleArtifactError as error:
        raise ArtifactNameError(file.file_name, error.problem) from error


def _arrival(
    file: FileEntry,
    sha256: str,
    created_at: datetime,
    content: Mapping[str, Any],
    *,
    serving_sha256: str | None = None,
    health: State = State.AVAILABLE,
    problem: str = "",
) -> Arrival:
    return Arrival(
        key=file.key,
        version=file.version,
        file_name=file.file_name,
        sha256=sha256,
        size_bytes=file.size_bytes,
        mtime_ns=file.mtime_ns,
        created_at=created_at,
        content=content,
        serving_sha256=serving_sha256,
        health=health,
        problem=problem,
        has_manifest=file.has_manifest,
    )
