"""How one key stands: all that its strip tells, read at once."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring.evidence.bands import Band, Evidence
from ensemble_desk.monitoring.verdicts import DriftState
from ensemble_desk.registry.entities import UNSERVED, Production, State, VersionRecord
from ensemble_desk.registry.preflight.readiness import Readiness
from ensemble_desk.ui.frame import data, monitoring_data

Colour = Literal["red", "yellow", "green", "gray"]


class Grade(StrEnum):
    """How a key stands, in the words of every page; worst first."""

    NOT_SERVED = "not served"
    FELL = "fell"
    WATCH = "watch"
    NOT_MEASURED = "not measured"
    UNSETTLED = "too few"
    READING = "being read"
    OK = "OK"


COLOURS: dict[Grade, Colour] = {
    Grade.NOT_SERVED: "red",
    Grade.FELL: "red",
    Grade.WATCH: "yellow",
    Grade.NOT_MEASURED: "gray",
    Grade.UNSETTLED: "gray",
    Grade.READING: "gray",
    Grade.OK: "green",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is live of a key, whether it still does what it promised, and whether one could go back.

    Attributes
    ----------
    record : the version that the pointer names; None when no version is usable.
    state : None while it is not read yet, or nothing serves.
    """

    pointer: Production
    record: VersionRecord | None
    state: DriftState | None
    way_back: Readiness

    @property
    def refused(self) -> State | None:
        """Why the loader refuses what is live; None when it serves it."""
        return self.record.state if self.record is not None and self.record.state in UNSERVED else None

    @property
    def grade(self) -> Grade:
        return grade(self.state, served=self.record is not None and self.refused is None)


def grade(state: DriftState | None, *, served: bool) -> Grade:
    if not served:
        return Grade.NOT_SERVED
    if state is None:
        return Grade.READING
    if state.confirmed:
        return Grade.FELL
    if state.band is Band.NOT_MEASURED:
        return Grade.NOT_MEASURED
    if state.evidence is Evidence.INSUFFICIENT:
        return Grade.UNSETTLED
    return Grade.OK if state.band is Band.OK and not state.rings else Grade.WATCH


def of(key: Key) -> Facts:
    """Read how a key stands."""
    pointer = data.production(key)
    record = None if pointer.version is None else data.version(key, pointer.version)
    return Facts(pointer, record, monitoring_data.standing().of(pointer), data.way_back(key))
