"""Bytes of registered versions, given out only when their digest is the registered one; damage goes into the index."""

import logging
from collections.abc import Mapping
from typing import Any

from ensemble_desk.artifacts import digests, naming, serving_form
from ensemble_desk.errors import ArtifactMissingError, IncompatibleArtifactError, TamperedArtifactError
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.index import entries
from ensemble_desk.registry.index.entries import Entry
from ensemble_desk.registry.opening import Registry

_log = logging.getLogger(__name__)


def read(registry: Registry, entry: Entry, *, nearby: bool = True) -> bytes:
    """Read the bytes that were registered; with ``nearby`` a verified copy on this machine may answer for a bucket.

    Raises
    ------
    TamperedArtifactError
        When the file holds other bytes; the index then says so, so that every other program refuses it too.
    ArtifactMissingError, ArtifactError
        When the file is gone or cannot be read.
    """
    data = registry.store.read(entry.file_name, sha256=entry.sha256 if nearby else None)
    actual = digests.of(data)
    if actual != entry.sha256:
        _note(registry, entry, State.TAMPERED, entries.tampered(entry, actual))
        raise TamperedArtifactError(entry.file_name, expected=entry.sha256, actual=actual)
    if entry.health is State.TAMPERED:
        form(registry, entry)
        _note(registry, entry, State.AVAILABLE, "")  # the registered file was put back
    return data


def load_form(registry: Registry, entry: Entry) -> tuple[int, Mapping[str, Any]]:
    """Load what forecasts need of a version out of its serving form; its artifact where it has none.

    The artifact's own bytes are read only when its file does not look as it did when they were last known to be the
    registered ones. Raises what :func:`load` raises.
    """
    if not registry.store.is_as_remembered(entry.file_name, size_bytes=entry.size_bytes, mtime_ns=entry.mtime_ns):
        read(registry, entry)
    data = form(registry, entry)
    if data is None:
        _log.warning("the serving form of %s %s is gone; `registry sync` makes it anew", entry.key, entry.version)
        return load(registry, entry)
    found = read_form(data, name=entry.file_name)
    return len(data), found if "usual_rates" in found else found | entries.usual_rates(registry.database, entry)


def read_form(data: bytes, *, name: str) -> dict[str, Any]:
    """Read the form that a version is served from: the one beside its artifact, or the artifact itself."""
    read_one = serving_form.read if naming.is_form_alone(name) else serving_form.read_beside
    return read_one(data, name=name)


def load(registry: Registry, entry: Entry) -> tuple[int, Mapping[str, Any]]:
    """Load a version from its registered bytes; gives their number and the content."""
    if entry.health is State.INCOMPATIBLE:
        raise IncompatibleArtifactError(entry.file_name, entry.problem.rstrip("."))
    from ensemble_desk.artifacts.safe_loading import loading

    data = read(registry, entry)
    content = loading.load(data, name=entry.file_name, max_bytes=registry.store.max_bytes)
    return len(data), content


def form(registry: Registry, entry: Entry) -> bytes | None:
    """Read the registered serving form; None when it is gone, TamperedArtifactError when it holds other bytes."""
    if entry.serving_sha256 is None:
        return None
    try:
        data = registry.store.form(entry.file_name, sha256=entry.serving_sha256)
    except ArtifactMissingError:
        return None
    actual = digests.of(data)
    if actual != entry.serving_sha256:
        name = naming.form_name(entry.file_name)
        _note(registry, entry, State.TAMPERED, entries.tampered_form(entry, actual))
        raise TamperedArtifactError(name, expected=entry.serving_sha256, actual=actual)
    return data


def _note(registry: Registry, entry: Entry, health: State, problem: str) -> None:
    from ensemble_desk.registry.serving import damage

    damage.note(registry, entry, health, problem)
