"""Everything a report of one key holds, gathered at one moment."""

from dataclasses import dataclass
from datetime import datetime

from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import diagnosis, drift, live, scoreboard, so_far
from ensemble_desk.monitoring.diagnosis import Diagnosis
from ensemble_desk.monitoring.drift import EvidencePath
from ensemble_desk.monitoring.live import LiveAccuracy
from ensemble_desk.monitoring.scoreboard import MemberScore
from ensemble_desk.monitoring.so_far import SoFar
from ensemble_desk.monitoring.verdicts import DriftState
from ensemble_desk.monitoring.worth import records
from ensemble_desk.monitoring.worth.records import Record
from ensemble_desk.registry.entities import Production, VersionRecord
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import production
from ensemble_desk.registry.opening import Registry


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """What is in production of a key and how it does.

    Attributes
    ----------
    bars : where bars come from and up to which one, in words.
    record, own, so_far, evidence, diagnosis, value : of the version in production; None when there is none.
    whole : of the key, each bar by the version that forecast it.
    """

    key: Key
    at: datetime
    bars: str
    page_url: str
    production: Production
    record: VersionRecord | None
    state: DriftState
    own: LiveAccuracy | None
    so_far: SoFar | None
    whole: LiveAccuracy
    members: tuple[MemberScore, ...]
    evidence: EvidencePath | None
    diagnosis: Diagnosis | None
    value: Record | None


def collect(registry: Registry, key: Key) -> Report:
    """Gather the report of a key.

    Raises
    ------
    UnknownKeyError, SourceError, DatabaseError
    """
    pointer = production.read(registry, key)
    version = pointer.version
    return Report(
        key=key,
        at=registry.clock(),
        bars=registry.source.describe(key),
        page_url=registry.settings.page_url,
        production=pointer,
        record=versions.get(registry, key, version) if version else None,
        state=drift.state(registry, key),
        own=live.accuracy(registry, key, version=version) if version else None,
        so_far=so_far.path(registry, key, version=version) if version else None,
        whole=live.accuracy(registry, key),
        members=scoreboard.members(registry, key, version=version) if version else (),
        evidence=drift.path(registry, key, version=version) if version else None,
        diagnosis=diagnosis.features_of(registry, key) if version else None,
        value=records.record(registry, key, version=version) if version else None,
    )
