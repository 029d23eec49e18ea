"""The fleet as a table: what a PM asks for first, what an engineer asks for after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from lib.market.keys import Key
from lib.monitoring.drift import DriftState
from lib.registry.entities import Mode, Production, VersionRecord
from lib.registry.readiness import Going, Readiness
from lib.ui import components, drift_wording, wording
from lib.ui.fleet_data import Bars
from lib.ui.standing import Standing

SINCE, VALIDATED = "Accuracy since", "Validated accuracy"
_WAITS, _OLD = "newer version waits", "outdated"
_OPEN, _ROLL_BACK = "fleet_open", "fleet_roll_back"
_GOING = {Going.READY: "green", Going.NOT_READY: "red", Going.NOT_REHEARSED: "gray", Going.NOWHERE: "gray"}


@dataclass(frozen=True, slots=True)
class Row:
    """All that is known of one key."""

    pointer: Production
    record: VersionRecord | None
    state: DriftState | None
    way_back: Readiness | None
    bars: Bars | None


def rows_of(
    fleet: Sequence[Production],
    records: Mapping[Key, VersionRecord],
    standing: Standing,
    ways_back: Mapping[Key, Readiness],
    bars: Mapping[Key, Bars],
) -> list[Row]:
    return [
        Row(one, records.get(one.key), standing.of(one), ways_back.get(one.key), bars.get(one.key)) for one in fleet
    ]


def show(rows: Sequence[Row], *, now: datetime) -> None:
    frame = pd.DataFrame([_cells(row, now=now) for row in rows])
    components.table(
        frame,
        key="fleet",
        alt="What is in production for every key and how it does",
        columns=_columns([str(row.pointer.key) for row in rows]),
        weak={
            SINCE: [row.state is None or not wording.is_firm(row.state.live.n_eff) for row in rows],
            VALIDATED: [row.record is not None and not wording.is_firm(row.record.n_eff) for row in rows],
        },
    )


def _cells(row: Row, *, now: datetime) -> dict[str, object]:
    pointer, record, state = row.pointer, row.record, row.state
    return {
        "Key": str(pointer.key),
        SINCE: drift_wording.forecasts(state) if pointer.version else "",
        "Band": [drift_wording.chip(state)] if pointer.version else [],
        "Rolling": [100 * share for share in state.sparkline] if state else [],
        VALIDATED: wording.accuracy_of(record) if record else wording.UNKNOWN,
        "Promised": drift_wording.promise(state),
        "Performance": "Open",
        "Rollback": "Roll back",
        "Way back": _way_back(row.way_back, now=now),
        "Production": pointer.version or "none usable",
        "Mode": [str(pointer.mode)] + ([_WAITS] if pointer.newer_waiting else []),
        "Age (bars)": row.bars.age if row.bars else None,
        "Since": pointer.since,
        "By": pointer.actor,
        "Why": pointer.reason,
        "Weights": wording.weights(record.weights) if record else "",
    }


def _way_back(found: Readiness | None, *, now: datetime) -> list[str]:
    if found is None:
        return []
    return [str(found.state)] + ([_OLD] if found.at is not None and found.is_due(now) else [])


def _columns(keys: Sequence[str]) -> dict[str, Any]:
    chips = drift_wording.chip_colours()
    return {
        "Key": st.column_config.TextColumn(pinned=True),
        SINCE: st.column_config.TextColumn(
            help="Of the newest forecasts of this version whose outcome is known: interval, forecasts, majority of "
            "the same rows. Live ones were made before their outcome; replayed ones afterwards, from what was known "
            "then. Grey below 20 independent outcomes."
        ),
        "Band": st.column_config.MultiselectColumn(
            options=list(chips),
            color=list(chips.values()),
            help="How far that lies below the validated accuracy, and whether the outcomes bear it out. Only a "
            "confirmed fall is an alert; the drift page says how it is told.",
        ),
        "Rolling": st.column_config.LineChartColumn(
            y_min=0,
            y_max=100,
            color="gray",
            width=90,
            help="The same accuracy in percent after each of the newest outcomes.",
        ),
        VALIDATED: st.column_config.TextColumn(
            help="On the holdout that neither models nor weights saw: interval, rows, majority baseline. "
            "Grey below 20 independent outcomes."
        ),
        "Promised": st.column_config.TextColumn(
            help="What the forecasts' own confidences add up to, and Z: how many standard errors reality lies above "
            "(+) or below (−) it."
        ),
        "Performance": _button(_OPEN, "", "pages/performance.py", keys),
        "Rollback": _button(_ROLL_BACK, " ", "pages/rollback.py", keys),
        "Way back": st.column_config.MultiselectColumn(
            options=[*map(str, _GOING), _OLD],
            color=[*_GOING.values(), "orange"],
            help="Whether a rollback would pass now: its preflight, as last rehearsed. Outdated after a day.",
        ),
        "Mode": st.column_config.MultiselectColumn(
            options=[str(Mode.FOLLOW_LATEST), str(Mode.PINNED), _WAITS],
            color=["gray", "violet", "orange"],
            help="A pinned key stays where it is until somebody promotes a newer version or follows latest again.",
        ),
        "Age (bars)": st.column_config.NumberColumn(
            format="localized", help="Bars of the source that came after the last bar the version learnt from."
        ),
        "Since": components.time_column("Since"),
    }


def _button(click: str, label: str, page: str, keys: Sequence[str]) -> Any:
    return st.column_config.ButtonColumn(label, type="tertiary", key=click, on_click=_go, args=(page, click, keys))


def _go(page: str, click: str, keys: Sequence[str]) -> None:
    """Open a page for the key of the clicked row."""
    st.switch_page(page, query_params={"key": keys[st.session_state[click].row]})
