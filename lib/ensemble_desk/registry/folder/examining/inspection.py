"""Looking at a file in the models folder: is it a version, and what does it say? Nothing here trusts the file."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ensemble_desk.artifacts import descriptions, digests, naming, serving_form
from ensemble_desk.artifacts.examiner import asking
from ensemble_desk.artifacts.examiner.looking import Subject
from ensemble_desk.artifacts.safe_loading import loading
from ensemble_desk.artifacts.store.protocol import Store
from ensemble_desk.artifacts.store.scanning import FileEntry
from ensemble_desk.errors import ArtifactError, MissingExtraError, StoreForbiddenError
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.index.entries import Entry
from ensemble_desk.registry.index.registration import Arrival

_log = logging.getLogger(__name__)


def arrival(store: Store, file: FileEntry) -> Arrival:
    """Read a file that is not registered and have it examined; what it says comes out of its own bytes.

    A file that is safe but holds nothing that this code can serve arrives as incompatible, with the reason.

    Raises
    ------
    UnsafeArtifactError, ArtifactCorruptError, ArtifactTooLargeError, ArtifactNameError, ArtifactError
        When it is no version at all, or ended its examiner.
    """
    data = store.read(file.file_name)
    subject = Subject(
        data=data,
        file_name=file.file_name,
        key=file.key,
        version=file.version,
        written_at=file.written_at,
        max_bytes=store.max_bytes,
        beside=store.manifest_bytes(file.file_name),
    )
    seen = asking.look(subject)
    sha256, beside = digests.of(data), subject.beside is not None
    if seen.problem:
        health, problem = State.INCOMPATIBLE, seen.problem
        return _arrival(file, sha256, seen.created_at, {}, has_manifest=beside, health=health, problem=problem)
    if naming.is_form_alone(file.file_name):
        told: Mapping[str, Any] = {"sha256": sha256, "size_bytes": len(data)}
    else:
        told = _kept(store, file.file_name, seen.form)
    described = {**seen.content, "serving": told} if told else seen.content
    form = told.get("sha256")
    return _arrival(file, sha256, seen.created_at, described, has_manifest=beside, serving_sha256=form)


def digest(store: Store, file_name: str) -> str:
    """Compute the digest of a file as it is now."""
    return digests.of(store.read(file_name))


def make_form(store: Store, file_name: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Write the serving form of an artifact whose bytes were verified; gives its digest and size, empty without one."""
    return _kept(store, file_name, serving_form.write(content, name=file_name))


def sound_form(store: Store, entry: Entry, data: bytes) -> str | None:
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


def _kept(store: Store, file_name: str, form: bytes | None) -> Mapping[str, Any]:
    if form is None:
        return {}
    try:
        store.write_form(file_name, form)
    except (OSError, StoreForbiddenError) as error:
        told = error.strerror if isinstance(error, OSError) else error
        _log.warning("%s has no serving form, its place cannot be written: %s", file_name, told)
        return {}
    return {"sha256": digests.of(form), "size_bytes": len(form)}


def _arrival(
    file: FileEntry,
    sha256: str,
    created_at: datetime,
    content: Mapping[str, Any],
    *,
    has_manifest: bool,
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
        has_manifest=has_manifest,
    )
