"""What every place of artifacts can do, be it a folder or a bucket; paths are names relative to it, with ``/``."""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ensemble_desk.artifacts.manifest import Manifest
from ensemble_desk.artifacts.store.scanning import Scan
from ensemble_desk.market.keys import Key


@dataclass(frozen=True, slots=True)
class Published:
    """A version that has just landed; ``form_sha256`` is None when it has no serving form, see `serving_forms`."""

    version: str
    file_name: str
    sha256: str
    size_bytes: int
    manifest: Manifest
    form_sha256: str | None
    mtime_ns: int | None


class Store(Protocol):
    """Artifacts, their manifests and serving forms.

    Reads raise ArtifactMissingError, ArtifactTooLargeError and other ArtifactErrors about the one file; a bucket that
    does not answer raises StoreError, which is none of them.
    """

    @property
    def max_bytes(self) -> int:
        """No artifact larger than this is written or read."""

    @property
    def place(self) -> str:
        """Where it is, to tell people and to remember it by; holds no secret."""

    @property
    def name(self) -> str:
        """What pages call it; tells no more of this machine than must be."""

    def path_of(self, file_name: str) -> str:
        """Give the whole path or address of one file."""

    def problem(self) -> str:
        """Tell what keeps it from being used; empty when nothing does. Raises StoreError."""

    def is_emptied(self) -> bool:
        """Tell whether so much is gone that this cannot be its versions' deletion."""

    def publish(
        self,
        content: Mapping[str, Any],
        *,
        key: Key,
        date: dt.date,
        created_at: dt.datetime,
        taken: Collection[str] = (),
    ) -> Published:
        """Write the next version of a day, whole or not at all; raises PublishError."""

    def take_in(self, file_name: str, data: bytes) -> None:
        """Write an artifact of another program, whole or not at all, where its name is free; raises PublishError."""

    def scan(self) -> Scan:
        """List all versions, opening none; settles what dead publishers left."""

    def read(self, file_name: str, *, sha256: str | None = None) -> bytes:
        """Read an artifact's bytes; with ``sha256`` a copy nearby may answer that has this digest."""

    def manifest(self, file_name: str) -> Manifest | None:
        """Read the manifest of an artifact; None for a plain artifact."""

    def manifest_bytes(self, file_name: str) -> bytes | None:
        """Read the bytes of an artifact's manifest; None for a plain artifact."""

    def form(self, file_name: str, *, sha256: str | None = None) -> bytes:
        """Read the serving form of an artifact, as `read` does."""

    def write_form(self, file_name: str, data: bytes) -> None:
        """Write the serving form of an artifact, whole or not at all; raises OSError."""

    def is_as_remembered(self, file_name: str, *, size_bytes: int, mtime_ns: int | None) -> bool:
        """Tell whether an artifact looks as it did when its bytes were last known to be the registered ones."""

    def exists(self, file_name: str) -> bool:
        """Tell whether an artifact is there."""

    def remember_use(self) -> None:
        """Leave a mark that a registry has taken in what is here; a place that only may be read stays without."""

    def was_used(self) -> bool:
        """Tell whether that mark is here."""

    def folder_mark(self) -> int:
        """Give a number that differs once a file came or went where that can be told cheaply; else always the same."""

    def remove(self, file_names: Iterable[str]) -> int:
        """Remove every file of some versions for good; gives how many there were. Raises OSError."""

    def names(self) -> Iterator[str]:
        """Give the names of all artifacts, manifests and serving forms."""

    def content(self, name: str) -> bytes | None:
        """Read one of `names` whole; None when it is not there, or is no file that could be one."""

    def put_back(self, name: str, data: bytes) -> None:
        """Write one of `names` where none is, as restoring does; raises OSError, FileExistsError."""
