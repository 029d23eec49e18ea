"""Looking into files of the models folder, here or, when they are many, on every core; what a look tells is plain."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from operator import itemgetter

from ensemble_desk.artifacts import digests
from ensemble_desk.artifacts.store.protocol import Store
from ensemble_desk.artifacts.store.scanning import FileEntry
from ensemble_desk.errors import ArtifactError, ArtifactMissingError, ExaminerMissingError, MissingExtraError
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.folder.examining import inspection
from ensemble_desk.registry.folder.examining.notes import Notes, is_note
from ensemble_desk.registry.index.entries import Entry
from ensemble_desk.registry.index.registration import Arrival
from ensemble_desk.registry.index.stored import Rejected
from ensemble_desk.work import cores

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
    unread : which library, or whatever else, is missing to say so.
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


def at_all(
    store: Store,
    pairs: Sequence[Pair],
    rejected: Mapping[str, Rejected],
    *,
    force: bool,
    notes: Notes,
    progress: Progress | None,
    n_processes: int = 0,
) -> list[Look]:
    """Look into files, each with its entry if it has one, and tell what each is, in their order.

    Files that a program may have ended over come first, one by one, so that the note that stays is of the one at fault.
    Many are looked into by ``n_processes``, 0 for one a core.
    """
    told: list[Look] = []
    alone = [number for number, (file, _) in enumerate(pairs) if is_note(rejected.get(file.file_name))]
    others = sorted(set(range(len(pairs))).difference(alone))
    order, look_here = [*alone, *others], _Here(store, rejected, notes, force=force)
    n_processes = (n_processes or cores.n_cores()) if len(others) >= FEWEST_IN_PARALLEL else 1
    ordered, n_here = [pairs[number] for number in order], len(alone) if n_processes > 1 else len(pairs)
    looks = chain(
        look_here.at(ordered[:n_here]), _in_parallel(store, ordered[n_here:], notes, n_processes, force=force)
    )
    try:
        for look in looks:
            told.append(look)
            if progress is not None:
                progress(len(told), len(pairs))
    except BrokenExecutor:  # a process was ended from outside, perhaps for want of memory: go on in this one
        told += look_here.at(ordered[len(told) :])
    return [look for _, look in sorted(zip(order, told, strict=True), key=itemgetter(0))]


@dataclass(frozen=True, slots=True)
class _Here:
    """Looks in this process, a note written before each."""

    store: Store
    rejected: Mapping[str, Rejected]
    notes: Notes
    force: bool = field(kw_only=True)

    def at(self, pairs: Sequence[Pair]) -> Iterator[Look]:
        for file, entry in pairs:
            before = self.rejected.get(file.file_name) if entry is None else None
            yield _at(self.store, file, entry, force=self.force, begin=partial(self.notes.begin, file, before))


def _in_parallel(store: Store, pairs: Sequence[Pair], notes: Notes, n: int, *, force: bool) -> Iterator[Look]:
    """Look into files in other processes; the notes of a chunk are written before it is handed over."""
    if not pairs:
        return
    waiting: deque[Future[list[Look]]] = deque()
    done: list[str] = []
    chunks = [pairs[start : start + _AT_ONCE] for start in range(0, len(pairs), _AT_ONCE)]
    with cores.pool(n) as pool:
        for number, chunk in enumerate(chunks):
            notes.begin_all([file for file, entry in chunk if _is_opened(entry)], done=done)
            done = []
            waiting.append(pool.submit(_at_some, store, chunk, force=force))
            if len(waiting) > n:
                yield from waiting.popleft().result()
                done = [file.file_name for file, entry in chunks[number - n] if _is_opened(entry)]
        while waiting:
            yield from waiting.popleft().result()


def _is_opened(entry: Entry | None) -> bool:
    """Whether a file is examined, if it holds the bytes that it should."""
    return entry is None or entry.health is State.INCOMPATIBLE


def _at_some(store: Store, pairs: Sequence[Pair], *, force: bool) -> list[Look]:
    return [_at(store, file, entry, force=force, begin=_noted) for file, entry in pairs]


def _noted() -> None:
    """Go on: the program that asks has written the note."""


def _at(store: Store, file: FileEntry, entry: Entry | None, *, force: bool, begin: Callable[[], None]) -> Look:
    if entry is None:
        return _first(store, file, begin)
    return _again(store, entry, file, force=force, begin=begin)


def _first(store: Store, file: FileEntry, begin: Callable[[], None]) -> Look:
    try:
        begin()
        return Look(arrival=inspection.arrival(store, file))
    except ArtifactMissingError:
        return Look()  # gone between the listing and the reading
    except (MissingExtraError, ExaminerMissingError) as error:
        return Look(unread=str(error))
    except ArtifactError as error:
        return Look(refused=str(error))


def _again(store: Store, entry: Entry, file: FileEntry, *, force: bool, begin: Callable[[], None]) -> Look:
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
        return _first(store, file, begin)
    doubtful = force or entry.health not in (State.AVAILABLE, State.UNFIT)
    return Look(intact=True, form=inspection.sound_form(store, entry, data) if doubtful else entry.serving_sha256)
