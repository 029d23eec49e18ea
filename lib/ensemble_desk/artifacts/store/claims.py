"""How a version lands in the folder: a claim on its name, a draft, and renames that never overwrite.

The protocol, per version N (``AAPL_d1_20250121``):

1. claim: create ``.N.json.tmp`` exclusively and lock it. It reserves the name; the lock dies with its process.
2. write ``.N.pkl.tmp`` and the serving form ``.N.safetensors.tmp``, then the manifest into the claim; sync all and the
   folder; rename the form into ``serving``.
3. link the draft to ``N.pkl`` (fails when that exists), rename the claim to ``N.json``, remove the draft, sync.

So wherever a publisher dies, ``N.pkl`` either is not there, or has its manifest, or stands beside a claim that already
holds the whole manifest on disk. A version beside a claim is not listed. A claim nobody holds the lock of is settled by
whoever looks next: finished when the manifest in it matches the artifact's digest, else removed with its draft.
"""

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ensemble_desk.artifacts import naming
from ensemble_desk.artifacts.manifest import MOST_MANIFEST_BYTES, Manifest
from ensemble_desk.artifacts.store import locking
from ensemble_desk.artifacts.store.locking import flag
from ensemble_desk.errors import ArtifactCorruptError, ArtifactNameError

_SUFFIX = ".tmp"
_MOST_BYTES = 2**31  # of an artifact that a dead publisher left; no setting allows as much
_NO_HARD_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}


class Claim:
    """The reserved name of one version, held by an open, locked file; made by `take`."""

    def __init__(self, folder: Path, file_name: str, descriptor: int) -> None:
        self.folder, self.file_name = folder, file_name
        self._descriptor = descriptor
        self.artifact, self.manifest = folder / file_name, folder / naming.manifest_name(file_name)
        self.draft, self.path = _draft(folder, file_name), claim_path(folder, file_name)
        self.form, self.form_draft = folder / naming.form_name(file_name), _form_draft(folder, file_name)

    def write_draft(self, data: bytes) -> None:
        _write_file(self.draft, data)

    def write_form(self, data: bytes) -> None:
        _write_file(self.form_draft, data)

    def write_manifest(self, data: bytes) -> None:
        _write(self._descriptor, data)
        sync_folder(self.folder)

    def land_form(self) -> None:
        """Give the serving form its final name; over one that a dead publisher left."""
        if self.form_draft.exists():
            make_place(self.form.parent, self.folder)
            self.form_draft.replace(self.form)
            sync_folder(self.form.parent)

    def land_artifact(self) -> None:
        """Give the draft its final name; raises FileExistsError when another program took it."""
        try:
            os.link(self.draft, self.artifact, follow_symlinks=False)
        except FileExistsError:
            raise
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            if os.path.lexists(self.artifact):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(self.artifact)) from error
            self.draft.rename(self.artifact)  # our own publishers are kept off by the claim

    def land_manifest(self) -> None:
        self.path.rename(self.manifest)

    def finish(self) -> None:
        """Tidy up after both files landed; the version is whole, so nothing here may fail it."""
        with contextlib.suppress(OSError):
            self.draft.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            sync_folder(self.folder)
        self.release()

    def abandon(self) -> None:
        """Take back whatever was written for a version that is not whole."""
        with contextlib.suppress(OSError):
            self._settle()
        self.release()

    def settle(self) -> None:
        """Finish or remove what a dead publisher left."""
        self._settle(complete=True)
        self.release()

    def release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _settle(self, *, complete: bool = False) -> None:
        written = self._written()
        landed = written is not None and not self.manifest.exists()
        ours = landed and written is not None and _digest(self.artifact, size=written.size_bytes) == written.sha256
        if ours and complete:
            self.path.rename(self.manifest)
        elif ours:
            self.artifact.unlink()
        is_ours = not self.manifest.exists() and not leaves(str(self.form.parent), self.folder)
        for left in (*([self.form] if is_ours else []), self.draft, self.form_draft):
            if not is_folder(left):
                left.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)
        sync_folder(self.folder)

    def _written(self) -> Manifest | None:
        """Read what stands in the claim, which is open and known to be a regular file."""
        data = os.pread(self._descriptor, MOST_MANIFEST_BYTES + 1, 0)
        try:
            return Manifest.from_json(data, name=self.file_name) if len(data) <= MOST_MANIFEST_BYTES else None
        except ArtifactCorruptError:
            return None


def take(folder: Path, file_name: str) -> Claim | None:
    """Reserve a version's name; None when it exists already or a living publisher holds it."""
    recover(folder, file_name)
    if any(is_folder(draft) for draft in _drafts(folder, file_name)):
        return None
    try:
        claim = _lock(folder, file_name, os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        return None
    if claim is not None and (os.path.lexists(claim.artifact) or os.path.lexists(claim.manifest)):
        claim.abandon()
        return None
    return claim


def recover(folder: Path, file_name: str) -> bool:
    """Settle what a dead publisher left of a version; False when there is nothing, or its publisher lives."""
    drafts = (claim_path(folder, file_name), *_drafts(folder, file_name))
    if not any(os.path.lexists(draft) and not is_folder(draft) for draft in drafts):
        return False
    claim = _lock(folder, file_name, os.O_CREAT)
    if claim is None:
        return False
    try:
        claim.settle()
    finally:
        claim.release()
    return True


def claimed_name(name: str) -> str | None:
    """Tell which artifact a file of this module belongs to; None for the name of any other file."""
    if not (name.startswith(".") and name.endswith(_SUFFIX)):
        return None
    stem, _, suffix = name[1 : -len(_SUFFIX)].rpartition(".")
    file_name = stem + naming.ARTIFACT_SUFFIX
    if f".{suffix}" not in (naming.ARTIFACT_SUFFIX, naming.MANIFEST_SUFFIX, naming.FORM_SUFFIX):
        return None
    try:
        naming.parse(file_name)
    except ArtifactNameError:
        return None
    return file_name


def claim_path(folder: Path, file_name: str) -> Path:
    return folder / f".{naming.manifest_name(file_name)}{_SUFFIX}"


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | flag("O_DIRECTORY"))
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network folders cannot
            raise
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _closed_unless_kept(descriptor: int) -> Iterator[list[bool]]:
    kept = [False]
    try:
        yield kept
    finally:
        if not kept[0]:
            os.close(descriptor)


def _lock(folder: Path, file_name: str, flags: int) -> Claim | None:
    """Open and lock the claim file; None when a living process holds it, or when it is no file that could be one."""
    path = claim_path(folder, file_name)
    if not flags & os.O_EXCL and is_special(path):
        return None  # a pipe, a device, a link: opening such can wait for ever
    descriptor = os.open(path, os.O_RDWR | flag("O_NOFOLLOW") | flag("O_NONBLOCK") | flags, 0o666)
    with _closed_unless_kept(descriptor) as kept:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        try:
            locking.try_lock(descriptor)
        except OSError:
            return None
        try:
            named = path.stat()
        except FileNotFoundError:
            return None
        held = os.fstat(descriptor)
        if (named.st_ino, named.st_dev) != (held.st_ino, held.st_dev):
            return None  # settled by another process between our opening and our lock
        kept[0] = True
        return Claim(folder, file_name, descriptor)


def leaves(path: str, folder: Path) -> bool:
    """Tell whether a path, its links followed, lies outside the folder."""
    followed, inside = (os.path.normcase(os.path.realpath(one)) for one in (path, folder))
    return not f"{followed}{os.sep}".startswith(os.path.join(inside, ""))  # noqa: PTH118 - for every file of thousands


def is_special(path: Path) -> bool:
    """Tell whether something other than a regular file has this name; opening a pipe or a device can wait for ever."""
    try:
        return not stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def make_place(place: Path, folder: Path) -> None:
    """Make a folder within the folder of artifacts; raises OSError where it is a link that leaves it."""
    if leaves(str(place), folder):
        raise OSError(errno.ELOOP, f"{place.name} is a link that leaves the models folder")
    place.mkdir(exist_ok=True)


def is_folder(path: Path) -> bool:
    """Tell a folder, which is nobody's draft."""
    return path.is_dir() and not path.is_symlink()


def _drafts(folder: Path, file_name: str) -> tuple[Path, Path]:
    return _draft(folder, file_name), _form_draft(folder, file_name)


def _draft(folder: Path, file_name: str) -> Path:
    return folder / f".{file_name}{_SUFFIX}"


def _form_draft(folder: Path, file_name: str) -> Path:
    return folder / f".{file_name.removesuffix(naming.ARTIFACT_SUFFIX)}{naming.FORM_SUFFIX}{_SUFFIX}"


def _write_file(path: Path, data: bytes) -> None:
    descriptor = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | flag("O_NOFOLLOW"), 0o666
    )  # claimed: nobody's yet
    try:
        _write(descriptor, data)
    finally:
        os.close(descriptor)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)


def _digest(path: Path, *, size: int) -> str:
    """Give the digest of a regular file of this size, of no other file; '' then."""
    if is_special(path) or not path.exists():
        return ""
    descriptor = os.open(path, os.O_RDONLY | flag("O_NOFOLLOW") | flag("O_NONBLOCK"))
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or not status.st_size == size <= _MOST_BYTES:
            return ""
        return hashlib.file_digest(file, "sha256").hexdigest()
