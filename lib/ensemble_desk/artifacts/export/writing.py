"""An exported version put into a folder: manifest first, then the artifact, whole or not at all."""

import datetime as dt
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ensemble_desk.artifacts import digests, manifest, naming, serving_form
from ensemble_desk.artifacts.export import exporting
from ensemble_desk.artifacts.export.exporting import Version
from ensemble_desk.artifacts.safe_loading import loading
from ensemble_desk.artifacts.store import form_files, scanning
from ensemble_desk.errors import PublishError


@dataclass(frozen=True, slots=True)
class Written:
    """The files of an exported version."""

    version: str
    artifact: Path
    manifest: Path
    sha256: str
    size_bytes: int


def write(found: Version, folder: Path, *, created_at: dt.datetime, max_bytes: int) -> Written:
    """Write a version under its own name, or the next of its day where that is taken; read it back before it lands.

    Raises
    ------
    PublishError
        When the folder cannot be written.
    ArtifactError
        When what was made cannot be loaded the way every reader will; nothing is left then.
    """
    name = naming.form_alone_name(found.key, found.day)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = set(scanning.versions(folder, found.key))
        while True:
            version = exporting.next_version(found.day, taken)
            written = _write(exporting.renamed(found, version), folder, created_at=created_at, max_bytes=max_bytes)
            if written is not None:
                return written
            taken.add(version)
    except OSError as error:
        raise PublishError(name, error.strerror or type(error).__name__) from error


def _write(found: Version, folder: Path, *, created_at: dt.datetime, max_bytes: int) -> Written | None:
    name = naming.form_alone_name(found.key, found.day)
    data = serving_form.write_alone(found.content, name=name)
    content = loading.load(data, name=name, max_bytes=max_bytes)
    sha256 = digests.of(data)
    beside = manifest.from_artifact(
        content, sha256=sha256, size_bytes=len(data), created_at=created_at, code_surface=()
    )
    path = folder / name
    descriptor, draft = tempfile.mkstemp(dir=folder, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
            os.fchmod(descriptor, form_files.MODE)
        form_files.write(folder, naming.manifest_name(name), beside.to_json())
        os.link(draft, path)  # unlike a rename it never replaces
    except FileExistsError:
        return None
    finally:
        with suppress(OSError):
            Path(draft).unlink()
    return Written(found.day, path, folder / naming.manifest_name(name), sha256, len(data))
