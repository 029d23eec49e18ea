"""One row per key of the fleet: what a PM asks for first, what an engineer asks for after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring.verdicts import DriftState
from ensemble_desk.registry.entities import UNSERVED, Production, State, VersionRecord
from ensemble_desk.registry.preflight.readiness import Readiness
from ensemble_desk.ui.frame import wording
from ensemble_desk.ui.frame.keys import wording as drift_wording
from ensemble_desk.ui.frame.standing import Standing

SINCE, VALIDATED = "Accuracy since training", "Validated accuracy"
WAITS, OLD = "newer version waits", "outdated"


@dataclass(frozen=True, slots=True)
class Bars:
    """The newest bar of a key, and how many came after the last one that its version learnt from."""

    newest: datetime | None
    age: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """All that is known of one key."""

    pointer: Production
    record: VersionRecord | None
    state: DriftState | None
    way_back: Readiness | None
    bars: Bars | None


def of(
    fleet: Sequence[Production],
    records: Mapping[Key, VersionRecord],
    standing: Standing,
    ways_back: Mapping[Key, Readiness],
    bars: Mapping[Key, Bars],
) -> list[Row]:
    return [
        Row(one, records.get(one.key), standing.of(one), ways_back.get(one.key), bars.get(one.key)) for one in fleet
    ]


def frame(rows: Sequence[Row], *, now: datetime) -> pd.DataFrame:
    return pd.DataFrame([_cells(row, now=now) for row in rows])


def weak(rows: Sequence[Row]) -> dict[str, list[bool]]:
    """Which accuracies of each column rest on too few outcomes."""
    return {
        SINCE: [row.state is None or not wording.is_firm(row.state.overall.n_eff) for row in rows],
        VALIDATED: [row.record is not None and not wording.is_firm(row.record.n_eff) for row in rows],
    }


def _cells(row: Row, *, now: datetime) -> dict[str, object]:
    pointer, record, state = row.pointer, row.record, row.state
    return {
        "Key": str(pointer.key),
        "Production": pointer.version or "none usable",
        SINCE: drift_wording.forecasts(state) if pointer.version else "",
        "Band": _band(row),
        "Rolling": [100 * share for share in state.sparkline] if state else [],
        VALIDATED: wording.accuracy_of(record) if record else wording.UNKNOWN,
        "Performance": "Open",
        "Rollback": "Roll back",
        "Way back": _way_back(row.way_back, now=now),
        "Skill": drift_wording.skill(state),
        "Promised": drift_wording.promise(state),
        "Mode": [str(pointer.mode)] + ([WAITS] if pointer.newer_waiting else []),
        "Age (bars)": row.bars.age if row.bars else None,
        "Since": pointer.since,
        "By": pointer.actor,
        "Why": pointer.reason,
        "Weights": wording.weights(record.weights) if record else "",
    }


def _band(row: Row) -> list[str]:
    """Band and evidence; where the loader refuses what is live, that instead of any praise for it."""
    if row.pointer.version is None:
        return []
    if row.record is not None and row.record.state in UNSERVED:
        return [refusal(row.record.state)]
    skilled = drift_wording.settled_skill(row.state)
    return [drift_wording.chip(row.state)] + ([skilled] if skilled else [])


def refusal(state: State) -> str:
    return f"{str(state).upper()} · not served"


def _way_back(found: Readiness | None, *, now: datetime) -> list[str]:
    if found is None:
        return []
    return [str(found.state)] + ([OLD] if found.at is not None and found.is_due(now) else [])
