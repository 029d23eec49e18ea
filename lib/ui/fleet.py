"""The overview: what serves, one row per key, and the numbers above it."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from lib.market.keys import Key
from lib.registry.entities import Mode, Production, State, VersionRecord
from lib.ui import actions, components, data, wording

_OPEN, _ROLL_BACK = "fleet_open", "fleet_roll_back"


@st.fragment(run_every="15s")
@actions.guard
def board() -> None:
    """Draw the fleet, anew every few seconds."""
    fleet = data.fleet()
    if not fleet:
        components.nothing_yet()
    records = data.in_production()
    _numbers(fleet)
    _tampered()
    frame = _frame(fleet, records)
    components.table(
        frame,
        key="fleet",
        alt="What is in production for every key",
        columns=_columns(frame),
        weak=[not wording.is_firm(record.n_eff) if (record := records.get(row.key)) else False for row in fleet],
    )


def _numbers(fleet: Sequence[Production]) -> None:
    failed = data.failed_runs()
    newest = max((bar for row in fleet if (bar := data.newest_bar(row.key))), default=None)
    waiting = sum(row.newer_waiting is not None for row in fleet)
    unserved = sum(row.version is None for row in fleet)
    with st.grid(5, min_column_width=150):
        st.metric("Keys served", f"{len(fleet) - unserved} of {len(fleet)}", border=True, height="stretch")
        st.metric("Pinned keys", sum(row.mode == Mode.PINNED for row in fleet), border=True, height="stretch")
        st.metric(
            "Newer versions waiting",
            waiting,
            border=True,
            height="stretch",
            help="Keys that are pinned while a newer usable version exists.",
        )
        st.metric(
            "Failed last runs",
            failed,
            border=True,
            height="stretch",
            help="Keys whose newest training run failed; the training runs page says why.",
        )
        st.metric("Newest bar", wording.day(newest), border=True, height="stretch", help="Of any key, in UTC.")


def _tampered() -> None:
    """Say loudly that bytes differ from what was registered; such a version is refused everywhere."""
    total = data.count(State.TAMPERED)
    if total:
        st.error(
            f"{total} version{'s are' if total != 1 else ' is'} TAMPERED: the file differs from what was registered "
            "and is refused everywhere. Restore it, or go on with another version.",
            icon=":material/gpp_bad:",
        )
        st.page_link(
            "pages/versions.py",
            label="Show them",
            icon=":material/arrow_forward:",
            query_params={"state": str(State.TAMPERED)},
        )


def _frame(fleet: Sequence[Production], records: Mapping[Key, VersionRecord]) -> pd.DataFrame:
    rows = []
    for row in fleet:
        record = records.get(row.key)
        age = data.age_in_bars(row.key, record.last_bar) if record and record.last_bar else None
        rows.append(
            {
                "Key": str(row.key),
                "Production": row.version or "none usable",
                "Mode": [str(row.mode)] + (["newer version waits"] if row.newer_waiting else []),
                "Validated accuracy": wording.accuracy_of(record) if record else wording.UNKNOWN,
                "Performance": ":material/query_stats: Open",
                "Rollback": ":material/history: Roll back",
                "Age (bars)": age,
                "Since": row.since,
                "By": row.actor,
                "Why": row.reason,
                "Weights": wording.weights(record.weights) if record else "",
            }
        )
    return pd.DataFrame(rows)


def _columns(frame: pd.DataFrame) -> dict[str, object]:
    return {
        "Key": st.column_config.TextColumn(pinned=True),
        "Mode": st.column_config.MultiselectColumn(
            options=[str(Mode.FOLLOW_LATEST), str(Mode.PINNED), "newer version waits"],
            color=["gray", "violet", "orange"],
            help="A pinned key stays where it is until somebody promotes a newer version or follows latest again.",
        ),
        "Validated accuracy": st.column_config.TextColumn(
            help="On the holdout that neither models nor weights saw: interval, rows, majority baseline. "
            "Grey when it rests on fewer than 20 independent outcomes."
        ),
        "Age (bars)": st.column_config.NumberColumn(
            format="localized", help="Bars of the source that came after the last bar the version learnt from."
        ),
        "Since": components.time_column("Since"),
        "Performance": st.column_config.ButtonColumn(
            "", type="tertiary", key=_OPEN, on_click=_go, args=("pages/performance.py", _OPEN, list(frame["Key"]))
        ),
        "Rollback": st.column_config.ButtonColumn(
            " ",
            type="tertiary",
            key=_ROLL_BACK,
            on_click=_go,
            args=("pages/rollback.py", _ROLL_BACK, list(frame["Key"])),
        ),
    }


def _go(page: str, click: str, keys: Sequence[str]) -> None:
    """Open a page for the key of the clicked row."""
    st.switch_page(page, query_params={"key": keys[st.session_state[click].row]})
