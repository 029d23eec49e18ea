"""The folder of artifacts: publish a version whole or not at all, list without opening, read within bounds."""

import datetime as dt
import os
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ensemble_desk.artifacts import naming, other_names
from ensemble_desk.artifacts.manifest import MOST_MANIFEST_BYTES, Manifest, is_of_others
from ensemble_desk.artifacts.store import claims, form_files, removal, scanning, taking
from ensemble_desk.artifacts.store.locking import flag
from ensemble_desk.artifacts.store.protocol import Published
from ensemble_desk.artifacts.store.scanning import Scan
from ensemble_desk.errors import (
    ArtifactCorruptError,
    ArtifactError,
    ArtifactMissingError,
    ArtifactTooLargeError,
    PublishError,
)
from ensemble_desk.market.keys import Key

_MOST_KEPT_BYTES = 2**30
_KEPT = (naming.ARTIFACT_SUFFIX, naming.MANIFEST_SUFFIX, naming.FORM_SUFFIX)


def _no_step(_name: str) -> None:
    """Go on."""


@dataclass(frozen=True, slots=True)
class ArtifactStore:
    """One folder of artifacts and their manifests; see `protocol.Store` for the verbs.

    Attributes
    ----------
    folder : need not exist before the first publish.
    max_bytes : no artifact larger than this is written or read.
    on_step : called with the name of each write step that is done, for tests that interrupt one.
    """

    folder: Path
    max_bytes: int
    on_step: Callable[[str], None] = _no_step

    def __init__(self, folder: Path, *, max_bytes: int, on_step: Callable[[str], None] = _no_step) -> None:
        object.__setattr__(self, "folder", Path(folder))
        object.__setattr__(self, "max_bytes", max_bytes)
        object.__setattr__(self, "on_step", on_step)

    @property
    def place(self) -> str:
        return str(self.folder)

    @property
    def name(self) -> str:
        return self.folder.name

    def path_of(self, file_name: str) -> str:
        return str(self.folder / file_name)

    def problem(self) -> str:
        return "" if self.folder.is_dir() else "the models folder is not there"

    def is_emptied(self) -> bool:
        """Tell whether the folder itself is gone; an unmounted disk is no deletion."""
        return not self.folder.is_dir()

    def publish(
        self,
        content: Mapping[str, Any],
        *,
        key: Key,
        date: dt.date,
        created_at: dt.datetime,
        taken: Collection[str] = (),
    ) -> Published:
        """Write the next version of a day, later than all in the folder and the ``taken`` ones, whole or not at all.

        Raises
        ------
        PublishError
            When the content is no artifact, or the folder cannot take it; nothing is left behind.
        """
        name = f"{key} of {date.isoformat()}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            while True:
                claim = self._claim(key, date, taken)
                published = self._fill(claim, content, key=key, created_at=created_at)
                if published:
                    return published
        except OSError as error:
            raise PublishError(name, error.strerror or type(error).__name__) from error

    def take_in(self, file_name: str, data: bytes) -> None:
        taking.take_in(self.folder, file_name, data)

    def scan(self) -> Scan:
        """List the folder in one pass by names and stats; settles what dead publishers left, opens nothing else."""
        return scanning.scan(self.folder)

    def read(self, file_name: str, *, sha256: str | None = None) -> bytes:
        """Read an artifact's bytes, at most `max_bytes`, whatever their digest."""
        del sha256
        other_names.recognise(file_name)
        return self._read(file_name)

    def manifest(self, file_name: str) -> Manifest | None:
        """Read the manifest of an artifact; None for a plain artifact."""
        data = self.manifest_bytes(file_name)
        return None if data is None else Manifest.from_json(data, name=naming.manifest_name(file_name))

    def manifest_bytes(self, file_name: str) -> bytes | None:
        """Read the bytes of an artifact's manifest; None for a plain artifact, also with another program's JSON."""
        other_names.recognise(file_name)
        name = naming.manifest_name(file_name)
        if name == file_name or not os.path.lexists(self.folder / name):
            return None
        try:
            data = self._read(name, most_bytes=MOST_MANIFEST_BYTES)
        except ArtifactTooLargeError as error:
            raise ArtifactCorruptError(name, "it is too large for a manifest") from error
        return None if is_of_others(data) else data

    def form(self, file_name: str, *, sha256: str | None = None) -> bytes:
        """Read the serving form of an artifact; raises ArtifactMissingError where there is none."""
        del sha256
        other_names.recognise(file_name)
        return self._read(naming.form_name(file_name))

    def write_form(self, file_name: str, data: bytes) -> None:
        """Write the serving form of an artifact, whole or not at all; raises OSError."""
        other_names.recognise(file_name)
        form_files.write(self.folder, naming.form_name(file_name), data)

    def is_as_remembered(self, file_name: str, *, size_bytes: int, mtime_ns: int | None) -> bool:
        return self.stamp(file_name) == (size_bytes, mtime_ns)

    def stamp(self, file_name: str) -> tuple[int, int] | None:
        """Give size and time of an artifact's file; None when there is none."""
        other_names.recognise(file_name)
        try:
            status = (self.folder / file_name).stat()
        except OSError:
            return None
        return status.st_size, scanning.written_ns(status)

    def exists(self, file_name: str) -> bool:
        other_names.recognise(file_name)
        return (self.folder / file_name).is_file()

    def remember_use(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | flag("O_NOFOLLOW") | flag("O_NONBLOCK")
        with suppress(OSError):
            os.close(os.open(self.folder / scanning.USED, flags, 0o644))

    def was_used(self) -> bool:
        return (self.folder / scanning.USED).exists()

    def folder_mark(self) -> int:
        """Give a number that differs once a file came, went or was renamed: the newest mtime of it and its folders."""
        try:
            mark = scanning.written_ns(self.folder.stat())
        except FileNotFoundError:
            return 0
        return max([mark, *scanning.marks_below(self.folder, mark)])

    def remove(self, file_names: Iterable[str]) -> int:
        return removal.remove(self.folder, file_names)

    def names(self) -> Iterator[str]:
        for place, prefix in ((self.folder, ""), (self.folder / naming.FORM_FOLDER, f"{naming.FORM_FOLDER}/")):
            for entry in os.scandir(place) if place.is_dir() else ():
                ours = entry.name.endswith(_KEPT) and not entry.name.startswith(".")
                if ours and entry.is_file(follow_symlinks=False):
                    yield f"{prefix}{entry.name}"

    def content(self, name: str) -> bytes | None:
        try:
            return self._read(name, most_bytes=max(self.max_bytes, _MOST_KEPT_BYTES))
        except ArtifactError:
            return None

    def put_back(self, name: str, data: bytes) -> None:
        if os.path.lexists(self.folder / name):
            raise FileExistsError(name)
        self.folder.mkdir(parents=True, exist_ok=True)
        form_files.write(self.folder, name, data)

    def _claim(self, key: Key, date: dt.date, besides: Collection[str]) -> claims.Claim:
        taken = {*scanning.versions(self.folder, key), *besides}
        while True:
            version = naming.next_version(date, taken)
            claim = claims.take(self.folder, naming.file_name(key, version))
            if claim:
                return claim
            taken.add(version)

    def _fill(
        self, claim: claims.Claim, content: Mapping[str, Any], *, key: Key, created_at: dt.datetime
    ) -> Published | None:
        """Write a claimed version; None when another program took the name meanwhile."""
        from ensemble_desk.artifacts.store import packing

        _, version = naming.parse(claim.file_name)
        try:
            self.on_step("claimed")
            packed = packing.pack(content, key=key, version=version, created_at=created_at, max_bytes=self.max_bytes)
            claim.write_draft(packed.data)
            self.on_step("draft written")
            if packed.form is not None:
                claim.write_form(packed.form)
                self.on_step("serving form written")
            claim.write_manifest(packed.manifest.to_json())
            self.on_step("manifest written")
            claim.land_form()
            self.on_step("serving form landed")
            claim.land_artifact()
            self.on_step("artifact landed")
            claim.land_manifest()
        except FileExistsError:
            claim.abandon()
            return None
        except BaseException:
            claim.abandon()
            raise
        with suppress(OSError):
            self.on_step("manifest landed")
        claim.finish()
        stamp = self.stamp(claim.file_name)
        return packed.published(version=version, file_name=claim.file_name, mtime_ns=stamp[1] if stamp else None)

    def _read(self, name: str, *, most_bytes: int | None = None) -> bytes:
        most = self.max_bytes if most_bytes is None else most_bytes
        path = os.path.realpath(self.folder / name)
        self._refuse_outside(path, name)
        try:
            descriptor = os.open(path, os.O_RDONLY | flag("O_NONBLOCK") | flag("O_NOFOLLOW"))
            with os.fdopen(descriptor, "rb") as file:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode):
                    raise ArtifactCorruptError(name, "it is no regular file")
                self._refuse_outside(_opened(descriptor, path), name)
                data = file.read(status.st_size + 1) if status.st_size <= most else None
        except FileNotFoundError as error:
            raise ArtifactMissingError(name) from error
        except OSError as error:
            raise ArtifactError(name, f"{name} cannot be read: {error.strerror}. Check its permissions.") from error
        if data is None or len(data) > most:
            raise ArtifactTooLargeError(name, limit_bytes=most)
        return data

    def _refuse_outside(self, path: str, name: str) -> None:
        if claims.leaves(path, self.folder):
            raise ArtifactCorruptError(name, "it is a link that leaves the models folder")


def _opened(descriptor: int, path: str) -> str:
    """Where an open file lies; a folder on its path may have become a link meanwhile. Its path where nothing tells."""
    told = f"/proc/self/fd/{descriptor}"
    return os.path.realpath(told) if os.path.lexists(told) else path
