"""How the fleet stands: its drift, read beside the pages, so that a page shows the last answer instead of waiting."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ensemble_desk.errors import DeskError
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import drift, refreshing
from ensemble_desk.monitoring.drift import FleetDrift
from ensemble_desk.monitoring.evidence.bands import Band
from ensemble_desk.monitoring.verdicts import DriftState
from ensemble_desk.registry.entities import Production
from ensemble_desk.registry.opening import Registry

Mark = tuple[int, ...]

MOST_SECONDS_WAITED = 0.3
_REST = 4.0  # a long reading is begun anew only after this many times its own length


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest answer about the fleet.

    Attributes
    ----------
    states : strongest evidence first; empty until the first answer.
    at : when it was read; None until the first answer.
    current : False while something has come since that is not in it yet.
    """

    states: tuple[DriftState, ...] = ()
    at: datetime | None = None
    current: bool = False
    by_key: Mapping[Key, DriftState] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_key", {one.key: one for one in self.states})

    def of(self, pointer: Production) -> DriftState | None:
        """The state of what the pointer names; None while the answer is of another version, or there is none yet."""
        known = self.by_key.get(pointer.key)
        return known if known is not None and known.version == pointer.version else None

    @property
    def alerts(self) -> tuple[DriftState, ...]:
        return tuple(one for one in self.states if one.confirmed)

    @property
    def unmeasured(self) -> tuple[DriftState, ...]:
        return tuple(one for one in self.states if one.band is Band.NOT_MEASURED)


class _Reading(threading.Thread):
    """One reading of the fleet's drift."""

    def __init__(self, desk: Registry, mark: Mark, before: FleetDrift | None) -> None:
        super().__init__(name="standing", daemon=True)
        self.desk, self.mark, self.before, self.at = desk, mark, before, datetime.now(UTC)
        self.found: FleetDrift | None = None
        self.error: DeskError | None = None
        self.begun, self.seconds = time.monotonic(), 0.0

    def wait(self) -> None:
        """Wait a little from its beginning on; one that takes long holds nobody up any more."""
        self.join(max(0.0, self.begun + MOST_SECONDS_WAITED - time.monotonic()))

    def run(self) -> None:
        try:
            self.found = refreshing.after_moves(self.desk, self.before) if self.before else drift.fleet(self.desk)
        except DeskError as error:
            self.error = error
        self.seconds = time.monotonic() - self.begun


class Watch:
    """Keeps the last answer and one reading at a time; shared by all sessions of a server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reading: _Reading | None = None
        self._known: tuple[Mark, Standing] | None = None
        self._rests_until = 0.0

    def ask(self, desk: Registry, *, mark: Mark) -> Standing:
        """Give the standing at ``mark``, or the last one when that takes longer than a page should wait.

        Raises
        ------
        DatabaseError
            When the reading that this call waited for failed.
        """
        reading = self._wanted(desk, mark)
        if reading is not None:
            reading.wait()
            if not reading.is_alive():
                self._take(reading)
        with self._lock:
            if self._known is None:
                return Standing()
            at_mark, told = self._known
            return told if at_mark == mark else Standing(told.states, told.at, current=False)

    def _wanted(self, desk: Registry, mark: Mark) -> _Reading | None:
        """The reading under way, a new one when the last answer is of another mark, else None."""
        with self._lock:
            if self._known is not None and self._known[0] == mark:
                return None
            if self._reading is None and time.monotonic() >= self._rests_until:
                self._reading = _Reading(desk, mark, self._unless_outcomes_came(mark))
                self._reading.start()
            return self._reading

    def _unless_outcomes_came(self, mark: Mark) -> FleetDrift | None:
        """The last answer, when nothing but production has moved since."""
        if self._known is None or self._known[0][1:] != mark[1:]:
            return None
        return FleetDrift(self._known[1].states)

    def _take(self, reading: _Reading) -> None:
        with self._lock:
            if self._reading is reading:
                self._reading = None
                if reading.seconds > MOST_SECONDS_WAITED:
                    self._rests_until = time.monotonic() + _REST * reading.seconds
            if reading.found is not None:
                self._known = (reading.mark, Standing(reading.found.states, reading.at, current=True))
        if reading.error is not None:
            raise reading.error
