"""One row per key of the fleet: how it stands, what it needs, and by what it is sorted and found."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring.verdicts import DriftState
from ensemble_desk.registry.entities import UNSERVED, Mode, Production, VersionRecord
from ensemble_desk.registry.preflight.readiness import Going, Readiness
from ensemble_desk.ui.frame.keys import facts
from ensemble_desk.ui.frame.keys.facts import Grade
from ensemble_desk.ui.frame.standing import Standing

_GRADES = list(Grade)


class Need(StrEnum):
    """Why a key needs somebody, most urgent first."""

    NOT_SERVED = "not served"
    FELL = "fell"
    NO_WAY_BACK = "no way back"
    NOT_MEASURED = "not measured"
    EXPIRED = "expired"
    RUN_FAILED = "run failed"
    WAITS = "newer waits"


@dataclass(frozen=True, slots=True)
class Row:
    """All that is known of one key; ``record`` is what the pointer names, ``state`` None while it is not read."""

    pointer: Production
    record: VersionRecord | None
    state: DriftState | None
    way_back: Readiness | None
    grade: Grade
    needs: tuple[Need, ...]

    @property
    def name(self) -> str:
        return str(self.pointer.key)

    @property
    def now(self) -> float | None:
        """Accuracy of all outcomes of this version, a share; None when there are none."""
        return self.state.overall.value if self.state is not None and self.state.kinds else None

    @property
    def worst_first(self) -> tuple[float, ...]:
        """Sorts by grade, then by evidence of a fall, then by how far it lies below what was validated."""
        evidence = -self.state.e_value if self.state is not None else 0.0
        margin = self.state.margin if self.state is not None and self.state.margin is not None else 1.0
        return _GRADES.index(self.grade), evidence, margin


@dataclass(frozen=True, slots=True)
class Known:
    """What was read of the whole fleet, by key."""

    records: Mapping[Key, VersionRecord]
    standing: Standing
    ways_back: Mapping[Key, Readiness]
    expired: AbstractSet[Key]
    failing: AbstractSet[Key]


def of(fleet: Sequence[Production], known: Known) -> list[Row]:
    """Put the rows together, worst first."""
    return sorted((_row(one, known) for one in fleet), key=lambda row: (*row.worst_first, row.name))


def _row(pointer: Production, known: Known) -> Row:
    record, state = known.records.get(pointer.key), known.standing.of(pointer)
    served = pointer.version is not None and (record is None or record.state not in UNSERVED)
    grade = facts.grade(state, served=served)
    way_back = known.ways_back.get(pointer.key)
    return Row(pointer, record, state, way_back, grade, tuple(_needs(pointer, grade, way_back, known)))


def _needs(pointer: Production, grade: Grade, way_back: Readiness | None, known: Known) -> list[Need]:
    told = {
        Need.NOT_SERVED: grade is Grade.NOT_SERVED,
        Need.FELL: grade is Grade.FELL,
        Need.NO_WAY_BACK: way_back is not None and way_back.state in (Going.NOT_READY, Going.NOWHERE),
        Need.NOT_MEASURED: grade is Grade.NOT_MEASURED,
        Need.EXPIRED: pointer.key in known.expired,
        Need.RUN_FAILED: pointer.key in known.failing,
        Need.WAITS: pointer.mode is Mode.PINNED and pointer.newer_waiting is not None,
    }
    return [need for need, holds in told.items() if holds]
