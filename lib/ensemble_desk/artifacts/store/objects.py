"""A bucket of artifacts: published create-only with the manifest last, read through a verified cache.

The protocol, per version N (``AAPL_d1_20250121``):

1. ``.N.json.tmp`` is created, which only one publisher can: it claims the name, holds the whole manifest.
2. ``serving/N.safetensors`` is written, then ``N.pkl`` created, then ``N.json`` created.
3. The claim is deleted.

A version beside a claim and without its manifest is not listed. Whoever lists finishes a version whose artifact has
landed as its claim says, which does no harm when its publisher lives; a claim without that artifact is given up when it
is older than a publisher takes. Nothing is told by times of folders: the registry says what is new, and sync lists.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ensemble_desk.artifacts import digests, naming, other_names
from ensemble_desk.artifacts.manifest import MOST_MANIFEST_BYTES, Manifest, is_of_others
from ensemble_desk.artifacts.store import bucket_claims, scanning
from ensemble_desk.artifacts.store.bucket import Bucket
from ensemble_desk.artifacts.store.kept_objects import KeptObjects
from ensemble_desk.artifacts.store.listing import Listing
from ensemble_desk.artifacts.store.protocol import Published
from ensemble_desk.artifacts.store.scanning import Scan
from ensemble_desk.artifacts.store.taking import TAKEN
from ensemble_desk.errors import (
    ArtifactMissingError,
    ArtifactTooLargeError,
    ClockSkewError,
    PublishError,
    StoreForbiddenError,
)
from ensemble_desk.market.keys import Key

_MOST_SKEW = dt.timedelta(minutes=5)
_GIVEN_UP_AFTER = dt.timedelta(hours=1)
_ALWAYS = 1  # a bucket tells nobody when it changed
_KEPT = (naming.ARTIFACT_SUFFIX, naming.MANIFEST_SUFFIX, naming.FORM_SUFFIX)


def _no_step(_name: str) -> None:
    """Go on."""


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """Artifacts, manifests and serving forms below one address of a bucket; see `protocol.Store` for the verbs.

    Attributes
    ----------
    max_bytes : no artifact larger than this is written or read.
    kept : copies on this machine, which answer for what is registered also while the bucket does not.
    clock : the time of this machine, which must be the bucket's but for some minutes.
    on_step : called with the name of each write step that is done, for tests that interrupt one.
    """

    bucket: Bucket
    max_bytes: int
    kept: KeptObjects
    clock: Callable[[], dt.datetime] = _utc_now
    on_step: Callable[[str], None] = _no_step

    @property
    def place(self) -> str:
        return self.bucket.url

    @property
    def name(self) -> str:
        return self.bucket.url

    def path_of(self, file_name: str) -> str:
        return f"{self.bucket.url}/{file_name}"

    def problem(self) -> str:
        self.bucket.is_empty()
        return ""

    def is_emptied(self) -> bool:
        return self.bucket.is_empty()

    def publish(
        self,
        content: Mapping[str, Any],
        *,
        key: Key,
        date: dt.date,
        created_at: dt.datetime,
        taken: Collection[str] = (),
    ) -> Published:
        """Write the next version of a day, later than all in the bucket and the ``taken`` ones, whole or not at all.

        Raises
        ------
        PublishError
            When the content is no artifact.
        StoreError
            When the bucket does not take it, or its clock is another than this machine's.
        """
        from ensemble_desk.artifacts.store import packing

        known = {*Listing.of(self.bucket.all(bucket_claims.prefix(key))).versions(key), *taken}
        known |= Listing.of(self.bucket.all("." + bucket_claims.prefix(key))).versions(key)
        while True:
            version = naming.next_version(date, known)
            known.add(version)
            packed = packing.pack(content, key=key, version=version, created_at=created_at, max_bytes=self.max_bytes)
            file_name = naming.file_name(key, version)
            if self.bucket.look(file_name) is not None or not self._claim(file_name, packed.manifest):
                continue
            with suppress(FileExistsError):
                mark = self._land(file_name, packed)
                break
            self._abandon(file_name)
        with suppress(OSError):
            self.on_step("manifest landed")
        self.bucket.delete(bucket_claims.name_of(file_name))
        return packed.published(version=version, file_name=file_name, mtime_ns=mark)

    def take_in(self, file_name: str, data: bytes) -> None:
        naming.parse(file_name)
        names = (file_name, naming.manifest_name(file_name), bucket_claims.name_of(file_name))
        if any(self.bucket.look(name) is not None for name in names):
            raise PublishError(file_name, TAKEN)
        try:
            self.bucket.create(file_name, data)
        except FileExistsError as error:
            raise PublishError(file_name, TAKEN) from error

    def scan(self) -> Scan:
        listing = Listing.of(self.bucket.all())
        unfinished = False
        with suppress(StoreForbiddenError):  # whoever only may read lists without the leftovers
            for name in listing.claimed:
                unfinished |= self._settle(name, listing)
        return (Listing.of(self.bucket.all()) if unfinished else listing).scan()

    def read(self, file_name: str, *, sha256: str | None = None) -> bytes:
        other_names.recognise(file_name)
        return self._read(file_name, sha256=sha256)

    def manifest(self, file_name: str) -> Manifest | None:
        data = self.manifest_bytes(file_name)
        return None if data is None else Manifest.from_json(data, name=naming.manifest_name(file_name))

    def manifest_bytes(self, file_name: str) -> bytes | None:
        other_names.recognise(file_name)
        name = naming.manifest_name(file_name)
        if name == file_name:
            return None
        data = self.bucket.read(name, most_bytes=MOST_MANIFEST_BYTES)
        if data is not None and len(data) > MOST_MANIFEST_BYTES:
            raise ArtifactTooLargeError(name, limit_bytes=MOST_MANIFEST_BYTES)
        return None if data is None or is_of_others(data) else data

    def form(self, file_name: str, *, sha256: str | None = None) -> bytes:
        other_names.recognise(file_name)
        return self._read(naming.form_name(file_name), sha256=sha256)

    def write_form(self, file_name: str, data: bytes) -> None:
        other_names.recognise(file_name)
        self.bucket.write(naming.form_name(file_name), data)

    def is_as_remembered(self, file_name: str, *, size_bytes: int, mtime_ns: int | None) -> bool:  # noqa: ARG002
        """Say yes: objects are not changed in place, what is read is held against its digest, and sync lists."""
        return True

    def exists(self, file_name: str) -> bool:
        other_names.recognise(file_name)
        return self.bucket.look(file_name) is not None

    def remember_use(self) -> None:
        with suppress(FileExistsError, StoreForbiddenError):
            self.bucket.create(scanning.USED, b"a registry has taken in what is here\n")

    def was_used(self) -> bool:
        return self.bucket.look(scanning.USED) is not None

    def folder_mark(self) -> int:
        return _ALWAYS

    def remove(self, file_names: Iterable[str]) -> int:
        removed = 0
        for name in file_names:
            other_names.recognise(name)
            beside = [one.name for one in self.bucket.all(f"{naming.stem(name)}.")] if "/" not in name else []
            for one in dict.fromkeys((name, *beside, naming.form_name(name))):
                self.bucket.delete(one)
                removed += 1
        return removed

    def names(self) -> Iterator[str]:
        for one in self.bucket.all():
            folder, _, last = one.name.rpartition("/")
            if folder in ("", naming.FORM_FOLDER) and last.endswith(_KEPT) and not last.startswith("."):
                yield one.name

    def content(self, name: str) -> bytes | None:
        return self.bucket.read(name)

    def put_back(self, name: str, data: bytes) -> None:
        self.bucket.create(name, data)

    def _read(self, name: str, *, sha256: str | None) -> bytes:
        kept = self.kept.get(sha256) if sha256 else None
        if kept is not None:
            return kept
        data = self.bucket.read(name, most_bytes=self.max_bytes)
        if data is None:
            raise ArtifactMissingError(name)
        if len(data) > self.max_bytes:
            raise ArtifactTooLargeError(name, limit_bytes=self.max_bytes)
        if sha256 and digests.of(data) == sha256:
            self.kept.put(data)
        return data

    def _claim(self, file_name: str, manifest: Manifest) -> bool:
        """Reserve a name with the manifest in it; False when another publisher holds it, or has just used it."""
        name = bucket_claims.name_of(file_name)
        try:
            self.bucket.create(name, bucket_claims.written(manifest))
        except FileExistsError:
            return False
        self.on_step("claimed")
        claim = self.bucket.look(name)
        ahead = self.clock() - claim.written_at if claim else dt.timedelta(0)
        if abs(ahead) > _MOST_SKEW:
            self.bucket.delete(name)
            raise ClockSkewError(self.place, seconds=ahead.total_seconds())
        if self.bucket.look(file_name) is not None:  # whoever had claimed it before has finished since we looked
            self.bucket.delete(name)
            return False
        return True

    def _land(self, file_name: str, packed: Any) -> int:
        """Write the objects of a claimed version, the manifest last; raises FileExistsError when one is there."""
        try:
            if packed.form is not None:
                self.bucket.write(naming.form_name(file_name), packed.form)
                self.on_step("serving form landed")
            mark = self.bucket.create(file_name, packed.data)
            self.on_step("artifact landed")
            self.bucket.create(naming.manifest_name(file_name), packed.manifest.to_json())
        except FileExistsError:
            raise
        except BaseException:
            with suppress(Exception):  # a bucket that went away is settled by whoever lists next
                self._abandon(file_name)
            raise
        return mark

    def _abandon(self, file_name: str) -> None:
        """Take back a claim; a version that is whole meanwhile stays."""
        if self.bucket.look(file_name) is None:
            self.bucket.delete(naming.form_name(file_name))
        self.bucket.delete(bucket_claims.name_of(file_name))

    def _settle(self, file_name: str, listing: Listing) -> bool:
        """Finish or give up what a dead publisher left; True when something changed."""
        manifest_name = naming.manifest_name(file_name)
        manifest = None if manifest_name in listing.objects else self._claimed(file_name)
        if manifest is not None and file_name in listing.objects:
            data = self.bucket.read(file_name, most_bytes=self.max_bytes)
            if data is not None and digests.of(data) == manifest.sha256:
                with suppress(FileExistsError):
                    self.bucket.create(manifest_name, manifest.to_json())
                self.bucket.delete(bucket_claims.name_of(file_name))
                return True
        landed = manifest_name in listing.objects
        if landed or self.clock() - listing.claimed[file_name] > _GIVEN_UP_AFTER:
            self._abandon(file_name)
            return True
        return False

    def _claimed(self, file_name: str) -> Manifest | None:
        data = self.bucket.read(bucket_claims.name_of(file_name), most_bytes=MOST_MANIFEST_BYTES)
        return bucket_claims.manifest_in(data, name=file_name)
