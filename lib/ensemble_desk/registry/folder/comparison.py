"""The models folder compared with the index: what came, changed, went or came back, before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from ensemble_desk.artifacts import naming
from ensemble_desk.artifacts.store.protocol import Store
from ensemble_desk.artifacts.store.scanning import FileEntry, Scan
from ensemble_desk.database import texts
from ensemble_desk.errors import FutureVersionError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.folder.examining import looking
from ensemble_desk.registry.folder.examining.looking import Look, Progress
from ensemble_desk.registry.folder.examining.notes import Notes, is_final, is_note
from ensemble_desk.registry.index import entries
from ensemble_desk.registry.index.entries import Entry
from ensemble_desk.registry.index.registration import Arrival
from ensemble_desk.registry.index.stored import Rejected

_ANOTHER_NAME = "To keep both, take it in under another: desk registry import FILE --as KEY/VERSION"
_NOWHERE = -1  # size and time of a name that is refused without a look at the file


@dataclass(slots=True)
class Differences:
    """What differs, by what has to be written.

    Attributes
    ----------
    arrivals : versions to register.
    changed : registered versions whose files hold other bytes now, with the digest of those ('' when unreadable).
    intact : registered versions whose files were touched, or are back, with the registered bytes; and the digest of
        the serving form, made anew where that was in doubt.
    vanished : registered versions without a file.
    refused : files that are no version, all of them, with the reason.
    newly_refused : those among them that are not recorded yet.
    forgotten : recorded refusals whose file is gone or was accepted.
    unread : files that nothing can be said of here, because a library is not installed.
    """

    arrivals: list[Arrival] = field(default_factory=list)
    changed: list[tuple[Entry, str]] = field(default_factory=list)
    intact: list[tuple[Entry, FileEntry, str | None]] = field(default_factory=list)
    vanished: list[Entry] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    newly_refused: dict[str, Rejected] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)

    @property
    def entries(self) -> list[Entry]:
        """Registered versions of which something new is known."""
        return [*(entry for entry, _ in self.changed), *(entry for entry, *_ in self.intact), *self.vanished]

    @property
    def keys(self) -> list[Key]:
        return sorted({entry.key for entry in self.entries} | {arrival.key for arrival in self.arrivals})


def compare(
    store: Store,
    scan: Scan,
    known: Mapping[str, Entry],
    rejected: Mapping[str, Rejected],
    *,
    pruned: Mapping[str, str],
    today: date,
    force: bool,
    notes: Notes,
    progress: Progress | None = None,
    n_processes: int = 0,
) -> Differences:
    """Read what is new, and what changed its size or time since it was last looked at; with ``force`` everything.

    ``pruned`` maps file names that are never taken in again to the reason; ``notes`` are written before a file that
    nobody has registered is opened, and ``n_processes`` open them where they are many, 0 for one a core.
    """
    found = Differences()
    files, twice = _each_once(scan, known)
    for file, name in twice:
        reason = f"{file.file_name} is {file.key} {file.version}, which {name} is already. {_ANOTHER_NAME}"
        _refuse(found, file.file_name, file.size_bytes, file.mtime_ns, reason)
    to_look_at: list[FileEntry] = []
    for file in files:
        entry, before = known.get(file.file_name), rejected.get(file.file_name)
        if entry is not None:
            if force or looking.differs(entry, file):
                to_look_at.append(file)
        elif file.file_name in pruned:
            _refuse(found, file.file_name, file.size_bytes, file.mtime_ns, pruned[file.file_name])
        elif before is not None and before.is_of(file) and not is_note(before) and (not force or is_final(before)):
            found.refused[file.file_name] = before.reason
        elif entries.is_future(file.version, today=today):
            reason = str(FutureVersionError(file.file_name, today=today))
            _refuse(found, file.file_name, file.size_bytes, file.mtime_ns, reason)
        else:
            to_look_at.append(file)
    pairs = [(file, known.get(file.file_name)) for file in to_look_at]
    looks = looking.at_all(store, pairs, rejected, force=force, notes=notes, progress=progress, n_processes=n_processes)
    for (file, entry), look in zip(pairs, looks, strict=True):
        _fold(found, look, file, entry)
    for name, reason in scan.foreign.items():
        _refuse(found, name, _NOWHERE, _NOWHERE, reason)
    present = {file.file_name for file in scan}
    gone = (entry for name, entry in known.items() if name not in present and entry.health is not State.MISSING)
    found.vanished.extend(entry for entry in gone if not store.exists(entry.file_name))
    found.newly_refused = {
        name: new for name, new in found.newly_refused.items() if name in notes.written or rejected.get(name) != new
    }
    found.forgotten.extend(name for name in rejected if name not in found.refused)
    return found


def _each_once(scan: Scan, known: Mapping[str, Entry]) -> tuple[list[FileEntry], list[tuple[FileEntry, str]]]:
    """Take one file for each version: the registered one, else one named as ours are, else the first by name."""
    taken: dict[tuple[Key, str], str] = {}
    order = sorted(scan, key=lambda file: (file.file_name not in known, not _is_plain(file), file.file_name))
    for file in order:
        taken.setdefault((file.key, file.version), file.file_name)
    files, twice = [], []
    for file in scan:
        name = taken[file.key, file.version]
        if name == file.file_name:
            files.append(file)
        else:
            twice.append((file, name))
    return files, twice


def _is_plain(file: FileEntry) -> bool:
    return file.file_name == naming.file_name(file.key, file.version)


def _fold(found: Differences, look: Look, file: FileEntry, entry: Entry | None) -> None:
    """Write down what a look at one file told."""
    if look.arrival is not None:
        found.arrivals.append(look.arrival)
    elif look.unread:  # not recorded: an installation that has the library may read it
        found.refused[file.file_name] = found.unread[file.file_name] = look.unread
    elif look.refused:
        _refuse(found, file.file_name, file.size_bytes, file.mtime_ns, look.refused)
    elif entry is not None and look.changed is not None:
        found.changed.append((entry, look.changed))
    elif entry is not None and look.intact:
        found.intact.append((entry, file, look.form))


def _refuse(found: Differences, name: str, size_bytes: int, mtime_ns: int, reason: str) -> None:
    name, reason = texts.storable(name), texts.storable(reason)
    found.refused[name] = reason
    found.newly_refused[name] = Rejected(size_bytes, mtime_ns, reason)
