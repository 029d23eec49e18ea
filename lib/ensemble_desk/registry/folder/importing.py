"""Taking a file from anywhere into the models folder, under the key and version that a person names."""

from pathlib import Path

from ensemble_desk.artifacts import naming
from ensemble_desk.artifacts.examiner import asking
from ensemble_desk.artifacts.examiner.looking import Subject
from ensemble_desk.artifacts.store import taking
from ensemble_desk.errors import ArtifactNameError, FutureVersionError, IncompatibleArtifactError, PublishError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import VersionRecord
from ensemble_desk.registry.folder import sync
from ensemble_desk.registry.index import entries, tombstones, versions
from ensemble_desk.registry.opening import Registry


def named(text: str) -> tuple[Key, str]:
    """Read ``AAPL/d1/20250121``; raises ArtifactNameError, InvalidSymbolError or InvalidTimeframeError."""
    told, slash, version = text.strip().rpartition("/")
    if not slash:
        raise ArtifactNameError(text, "say symbol, timeframe and day as AAPL/d1/20250121")
    key = Key.parse(told)
    naming.parse(naming.file_name(key, version))
    return key, version


def take_in(registry: Registry, data: bytes, *, source: Path, key: Key, version: str) -> VersionRecord:
    """Copy a file's bytes into the folder and register them; the file itself stays where and as it is.

    Raises
    ------
    UnsafeArtifactError, ArtifactCorruptError, ArtifactTooLargeError, IncompatibleArtifactError, ArtifactNameError
        When the file is no artifact that can be loaded safely, or says that it is of another key or day.
    ExaminerEndedError, ExaminerMissingError
        When it ended what examined it, or nothing could.
    FutureVersionError
        When the day has not come yet.
    PublishError, PrunedVersionError
        When there is, or was, such a version already. Nothing is written then.
    """
    most, at = registry.store.max_bytes, registry.clock()
    if entries.is_future(version, today=at.date()):
        raise FutureVersionError(naming.file_name(key, version), today=at.date())
    seen = asking.look(Subject(data, source.name, key, version, written_at=at, max_bytes=most))
    if seen.problem:
        raise IncompatibleArtifactError(source.name, seen.problem)
    for record in versions.of_key(registry, key):
        if record.version == version:
            raise PublishError(record.file_name, taking.TAKEN)
    with registry.database.reading() as connection:
        tombstones.refuse(connection, key, version)
    registry.store.take_in(naming.file_name(key, version), data)
    sync.synchronise(registry)
    return versions.get(registry, key, version)
