"""Looking into files of the models folder, here or, when they are many, on every core; what a look tells is plain."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass

from ensemble_desk.artifacts import digests
from ensemble_desk.artifacts.store.folder import ArtifactStore
from ensemble_desk.artifacts.store.scanning import FileEntry
from ensemble_desk.errors import ArtifactError, ArtifactMissingError, MissingExtraError
from ensemble_desk.registry import workers
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.folder import inspection
from ensemble_desk.registry.index.entries import Entry
from ensemble_desk.registry.index.registration import Arrival

FEWEST_IN_PARALLEL = 64
"""So many files are worth starting processes, which takes a second or two."""

_AT_ONCE = 16

Progress = Callable[[int, int], None]
"""Told how many files were looked into, and how many there are."""

Pair = tuple[FileEntry, Entry | None]


@dataclass(frozen=True, slots=True)
class Look:
    """What one file turned out to be; nothing at all when it has just gone.

    Attributes
    ----------
    arrival : a version to register.
    refused : why it is no version.
    unread : which library is missing to say so.
    changed : the digest of its bytes, which are not the registered ones ('' when unreadable).
    intact : whether it holds the registered bytes; then ``form`` is the digest of its serving form.
    """

    arrival: Arrival | None = None
    refused: str = ""
    unread: str = ""
    changed: str | None = None
    intact: bool = False
    form: str | None = None


def differs(entry: Entry, file: FileEntry) -> bool:
    """Whether a registered file has to be looked into: it changed its size or time, or something was wrong with it."""
    as_remembered = (entry.size_bytes, entry.mtime_ns) == (file.size_bytes, file.mtime_ns)
    return not as_remembered or entry.health not in (State.AVAILABLE, State.INCOMPATIBLE, State.UNFIT)


def at_all(store: ArtifactStore, pairs: Sequence[Pair], *, force: bool, progress: Progress | None) -> list[Look]:
    """Look into files, each with its entry if it has one, and tell what each is, in their order."""
    told: list[Look] = []
    n_processes = workers.n_cores() if len(pairs) >= FEWEST_IN_PARALLEL else 1
    looks = _in_parallel if n_processes > 1 else _here
    try:
        for look in looks(store, pairs, force, n_processes):
            told.append(look)
            if progress is not None:
                progress(len(told), len(pairs))
    except BrokenExecutor:  # a process was ended from outside, perhaps for want of memory: go on in this one
        told += _here(store, pairs[len(told) :], force, 1)
    return told


def _here(store: ArtifactStore, pairs: Sequence[Pair], force: bool, _n: int) -> Iterator[Look]:  # noqa: FBT001 - private
    return (_at(store, file, entry, force=force) for file, entry in pairs)


def _in_parallel(store: ArtifactStore, pairs: Sequence[Pair], force: bool, n: int) -> Iterator[Look]:  # noqa: FBT001 - private
    chunks = [pairs[start : start + _AT_ONCE] for start in range(0, len(pairs), _AT_ONCE)]
    with workers.pool(n) as pool:
        for looks in [pool.submit(_at_some, store, chunk, force=force) for chunk in chunks]:
            yield from looks.result()


def _at_some(store: ArtifactStore, pairs: Sequence[Pair], *, force: bool) -> list[Look]:
    return list(_here(store, pairs, force, 1))


def _at(store: ArtifactStore, file: FileEntry, entry: Entry | None, *, force: bool) -> Look:
    return _first(store, file) if entry is None else _again(store, entry, file, force=force)


def _first(store: ArtifactStore, file: FileEntry) -> Look:
    try:
        return Look(arrival=inspection.arrival(store, file))
    except ArtifactMissingError:
        return Look()  # gone between the listing and the reading
    except MissingExtraError as error:
        return Look(unread=str(error))
    except ArtifactError as error:
        return Look(refused=str(error))


def _again(store: ArtifactStore, entry: Entry, file: FileEntry, *, force: bool) -> Look:
    try:
        data = store.read(file.file_name)
        actual = digests.of(data)
    except ArtifactMissingError:
        return Look()
    except ArtifactError:
        data, actual = b"", ""  # too large or unreadable: not the registered bytes, whatever they are
    if actual != entry.sha256:
        return Look(changed=actual)
    if entry.health is State.INCOMPATIBLE:
        return _first(store, file)
    doubtful = force or entry.health not in (State.AVAILABLE, State.UNFIT)
    return Look(intact=True, form=inspection.sound_form(store, entry, data) if doubtful else entry.serving_sha256)
