"""What lies in the folder of artifacts, told from names and stats alone."""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import overload

from ensemble_desk.artifacts import naming, other_names
from ensemble_desk.artifacts.store import claims
from ensemble_desk.errors import ArtifactError, ArtifactNameError
from ensemble_desk.market.keys import Key

_MOST_NS = 2**63 - 1  # in the year 2262
USED = ".registered"
"""A file that says that a registry has taken in what lies beside it."""

OURS = {naming.FORM_FOLDER, "registry", "logs"}  # folders that hold no artifacts


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One artifact, as its name and its stat, or a listing, tell."""

    file_name: str
    key: Key
    version: str
    size_bytes: int
    mtime_ns: int
    has_manifest: bool
    written_ns: int | None = None

    @property
    def written_at(self) -> datetime:
        """When it was written; in a folder its time tells that, in a bucket ``mtime_ns`` only marks its bytes."""
        return datetime.fromtimestamp((self.mtime_ns if self.written_ns is None else self.written_ns) / 1e9, tz=UTC)


@dataclass(frozen=True, slots=True)
class Scan(Sequence[FileEntry]):
    """Whole versions ordered by file name; `foreign` maps names of other artifacts to the reason they are none.

    ``passed_over`` are files named as versions are, but for what they end in.
    """

    entries: tuple[FileEntry, ...] = ()
    foreign: Mapping[str, str] = field(default_factory=dict)
    passed_over: tuple[str, ...] = ()

    @overload
    def __getitem__(self, index: int) -> FileEntry: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[FileEntry]: ...
    def __getitem__(self, index: int | slice) -> FileEntry | Sequence[FileEntry]:
        return self.entries[index]

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[FileEntry]:
        return iter(self.entries)


def scan(folder: Path) -> Scan:
    """List a folder; a missing one is empty. Versions still being written are left out, dead leftovers settled."""
    found, unfinished = _pass(folder)
    settled = sum(_recover(folder, name) for name in sorted(unfinished))
    return _pass(folder)[0] if settled else found


def versions(folder: Path, key: Key) -> Iterator[str]:
    """Give every version of a key that the folder names, be it an artifact, a manifest or a claim."""
    below = (f"{inside}/{name}" for inside in _folders_below(folder) for name in _names(folder / inside))
    for name in (*os.listdir(folder), *below):  # noqa: PTH208 - names only
        candidate = name
        if name.endswith(naming.MANIFEST_SUFFIX):
            candidate = name.removesuffix(naming.MANIFEST_SUFFIX) + naming.ARTIFACT_SUFFIX
        try:
            owner, version = other_names.recognise(candidate)
        except ArtifactNameError:
            continue
        if owner == key:
            yield version


def written_ns(status: os.stat_result) -> int:
    """When a file was written, as a number that a database can hold; a file may say any year."""
    return max(-_MOST_NS, min(status.st_mtime_ns, _MOST_NS))


def _pass(folder: Path) -> tuple[Scan, set[str]]:
    seen: dict[str, os.stat_result | str] = {}
    manifests: set[str] = set()
    unfinished: set[str] = set()
    passed: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith("."):
                    unfinished.add(claims.claimed_name(name) or "")
                elif name.endswith(naming.MANIFEST_SUFFIX):
                    manifests.add(name)
                elif other_names.is_artifact(name):
                    seen[name] = _stat(entry, folder)
                elif other_names.is_passed_over(name) and entry.is_file(follow_symlinks=False):
                    passed.append(name)
    except FileNotFoundError:
        return Scan(), set()
    except OSError as error:
        problem = f"The models folder {folder} cannot be listed: {error.strerror}. Check the path and its permissions."
        raise ArtifactError(folder.name, problem) from error
    unfinished.discard("")
    below, passed_below = _below(folder)
    seen |= below
    found: list[FileEntry] = []
    foreign: dict[str, str] = {}
    for name in sorted(seen):
        _sort_in(folder, name, seen[name], manifests=manifests, found=found, foreign=foreign)
    return Scan(tuple(found), foreign, tuple(sorted(passed + passed_below))), unfinished


def _sort_in(
    folder: Path,
    name: str,
    status: os.stat_result | str,
    *,
    manifests: set[str],
    found: list[FileEntry],
    foreign: dict[str, str],
) -> None:
    try:
        key, version = other_names.recognise(name)
    except ArtifactNameError as error:
        foreign[name] = str(error)
        return
    if isinstance(status, str):
        if status:
            foreign[name] = status
        return
    has_manifest = naming.manifest_name(name) in manifests
    if not has_manifest and naming.manifest_name(name) != name:
        # In this order: a claim becomes the manifest by a rename, so whoever sees neither has seen a plain artifact.
        claim = claims.claim_path(folder, name)
        if claims.is_special(claim):
            foreign[name] = f"{name} stands beside {claim.name}, which is no regular file. Remove that."
            return
        if os.path.lexists(claim):
            return
        has_manifest = os.path.lexists(folder / naming.manifest_name(name))
    found.append(FileEntry(name, key, version, status.st_size, written_ns(status), has_manifest))


def marks_below(folder: Path, mark: int, depth: int = 1) -> Iterator[int]:
    """When each folder below changed last; which there are is remembered until the one that holds them changes."""
    for name in _children(str(folder), mark, depth == 1):
        inside = folder / name
        try:
            own = written_ns(os.stat(inside))  # noqa: PTH116 - on the path of every forecast
        except OSError:
            continue
        yield own
        if depth < other_names.DEEPEST:
            yield from marks_below(inside, own, depth + 1)


@lru_cache(maxsize=4_096)
def _children(folder: str, mark: int, top: bool) -> tuple[str, ...]:  # noqa: FBT001 - part of the cache's key
    """Folders that may hold artifacts of other programs; links are not followed. Another mark, another answer."""
    del mark
    try:
        with os.scandir(folder) as entries:
            found = sorted(entry.name for entry in entries if _is_open(entry))
    except OSError:
        return ()
    return tuple(name for name in found if not (top and name in OURS))


def _folders_below(folder: Path, inside: str = "", depth: int = 1) -> Iterator[str]:
    """Folders that may hold artifacts of other programs, relative to the models folder."""
    for name in _children.__wrapped__(str(folder / inside), 0, depth == 1):
        path = f"{inside}/{name}" if inside else name
        yield path
        if depth < other_names.DEEPEST:
            yield from _folders_below(folder, path, depth + 1)


def _is_open(entry: os.DirEntry[str]) -> bool:
    return not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - names only
    except OSError:
        return []


def _below(folder: Path) -> tuple[dict[str, os.stat_result | str], list[str]]:
    """Artifacts in the folders below, by their path from the models folder, and what is passed over there."""
    seen: dict[str, os.stat_result | str] = {}
    passed: list[str] = []
    for inside in _folders_below(folder):
        with suppress(OSError), os.scandir(folder / inside) as entries:
            for entry in entries:
                name = f"{inside}/{entry.name}"
                if entry.name.startswith("."):
                    continue
                if other_names.is_artifact(name):
                    seen[name] = _stat(entry, folder)
                elif other_names.is_passed_over(name) and entry.is_file(follow_symlinks=False):
                    passed.append(name)
    return seen, passed


def _stat(entry: os.DirEntry[str], folder: Path) -> os.stat_result | str:
    """Stat one file; a text says why it is no artifact, an empty one that it has just gone."""
    try:
        if entry.is_symlink() and claims.leaves(entry.path, folder):
            return f"{entry.name} is a link that leaves the models folder. Copy the file itself into it."
        status = entry.stat()
    except FileNotFoundError:
        return f"{entry.name} is a link to nothing." if entry.is_symlink() else ""
    except OSError as error:
        return f"{entry.name} cannot be examined: {error.strerror}."
    return status if stat.S_ISREG(status.st_mode) else f"{entry.name} is no regular file."


def _recover(folder: Path, file_name: str) -> bool:
    try:
        return claims.recover(folder, file_name)
    except OSError:
        return False  # a folder that only may be read is listed without its leftovers
