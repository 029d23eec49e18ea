"""The models folder compared with the index: what came, changed, went or came back, before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ensemble_desk.artifacts import digests
from ensemble_desk.artifacts.store.folder import ArtifactStore
from ensemble_desk.artifacts.store.scanning import FileEntry, Scan
from ensemble_desk.database import texts
from ensemble_desk.errors import ArtifactError, ArtifactMissingError, ExaminerMissingError, MissingExtraError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.folder import inspection
from ensemble_desk.registry.folder.notes import Notes, is_final, is_note
from ensemble_desk.registry.index.entries import Entry
from ensemble_desk.registry.index.registration import Arrival
from ensemble_desk.registry.index.stored import Rejected

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
    store: ArtifactStore,
    scan: Scan,
    known: Mapping[str, Entry],
    rejected: Mapping[str, Rejected],
    *,
    pruned: Mapping[str, str],
    force: bool,
    notes: Notes,
) -> Differences:
    """Read what is new, and what changed its size or time since it was last looked at; with ``force`` everything.

    ``pruned`` maps file names that are never taken in again to the reason; ``notes`` are written before a file that
    nobody has registered is opened.
    """
    found = Differences()
    for file in scan:
        entry, before = known.get(file.file_name), rejected.get(file.file_name)
        if entry is not None:
            _look_again(store, entry, file, found, force=force, notes=notes)
        elif file.file_name in pruned:
            _refuse(found, file.file_name, file.size_bytes, file.mtime_ns, pruned[file.file_name])
        elif before is not None and before.is_of(file) and not is_note(before) and (not force or is_final(before)):
            found.refused[file.file_name] = before.reason
        else:
            _look_first(store, file, found, notes=notes, before=before)
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


def _look_first(
    store: ArtifactStore, file: FileEntry, found: Differences, *, notes: Notes, before: Rejected | None = None
) -> None:
    try:
        notes.begin(file, before)
        found.arrivals.append(inspection.arrival(store, file))
    except ArtifactMissingError:
        return  # gone between the listing and the reading
    except (MissingExtraError, ExaminerMissingError) as error:  # not recorded: it may be read elsewhere, or later
        found.refused[file.file_name] = found.unread[file.file_name] = str(error)
    except ArtifactError as error:
        _refuse(found, file.file_name, file.size_bytes, file.mtime_ns, str(error))


def _look_again(
    store: ArtifactStore, entry: Entry, file: FileEntry, found: Differences, *, force: bool, notes: Notes
) -> None:
    as_remembered = (entry.size_bytes, entry.mtime_ns) == (file.size_bytes, file.mtime_ns)
    if as_remembered and not force and entry.health in (State.AVAILABLE, State.INCOMPATIBLE):
        return
    try:
        data = store.read(file.file_name)
        actual = digests.of(data)
    except ArtifactMissingError:
        return
    except ArtifactError:
        data, actual = b"", ""  # too large or unreadable: not the registered bytes, whatever they are
    if actual != entry.sha256:
        found.changed.append((entry, actual))
    elif entry.health is State.INCOMPATIBLE:
        _look_first(store, file, found, notes=notes)
    else:
        doubtful = force or entry.health is not State.AVAILABLE
        form = inspection.sound_form(store, entry, data) if doubtful else entry.serving_sha256
        found.intact.append((entry, file, form))


def _refuse(found: Differences, name: str, size_bytes: int, mtime_ns: int, reason: str) -> None:
    name, reason = texts.storable(name), texts.storable(reason)
    found.refused[name] = reason
    found.newly_refused[name] = Rejected(size_bytes, mtime_ns, reason)
