"""What needs somebody: one line a key and reason with its ways on, most urgent first; many of a kind in one line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from ensemble_desk.monitoring.evidence import lacks
from ensemble_desk.registry.entities import State
from ensemble_desk.ui.frame import components, wording
from ensemble_desk.ui.frame.keys import wording as drift_wording
from ensemble_desk.ui.frame.keys.search import PARAMETER
from ensemble_desk.ui.overview import filters
from ensemble_desk.ui.overview.reads import Board
from ensemble_desk.ui.overview.rows import Need, Row

_MOST_SINGLE = 5
_MOST_NAMED = 4
_COLOURS: dict[Need, Literal["red", "orange", "gray", "blue"]] = {
    Need.NOT_SERVED: "red",
    Need.FELL: "red",
    Need.NO_WAY_BACK: "orange",
    Need.NOT_MEASURED: "gray",
    Need.EXPIRED: "orange",
    Need.RUN_FAILED: "orange",
    Need.WAITS: "blue",
}
_MANY = {
    Need.NOT_SERVED: "are not served",
    Need.FELL: "have fallen, confirmed",
    Need.NO_WAY_BACK: "could not go back now",
    Need.NOT_MEASURED: "are not measured: nobody can say how they do",
    Need.EXPIRED: "are served by a version older than DESK_MAX_AGE allows",
    Need.RUN_FAILED: "had their newest training fail",
    Need.WAITS: "have a newer version waiting behind a pin",
}


@dataclass(frozen=True, slots=True)
class _Way:
    """Where a line leads on to."""

    label: str
    page: str
    query: Mapping[str, str]


def show(board: Board) -> None:
    """Say first how many keys need somebody, then which and why."""
    st.header(_headline(board), anchor=False)
    st.caption(_summary(board))
    _tampered(board)
    for need, rows in board.needing.items():
        if len(rows) > _MOST_SINGLE:
            _group(need, rows)
        else:
            for row in rows:
                _line(need, row)


def _headline(board: Board) -> str:
    waiting = board.n_waiting
    if not waiting:
        return "The outcomes are being read" if board.n_reading else "Nothing needs anybody"
    return "One key needs somebody" if waiting == 1 else f"{waiting:,} keys need somebody"


def _summary(board: Board) -> str:
    """Say what is served together with what is known of it: served says nothing about doing well."""
    n = len(board.rows)
    served = f"{board.n_served:,} of {n:,} keys served"
    if not board.n_measured:
        return f"{served}, but of none is it known whether it does well"
    return f"{served}, {board.n_measured:,} measured, {board.n_well:,} as validated, {board.n_pinned:,} pinned"


def _tampered(board: Board) -> None:
    if board.n_tampered:
        n = board.n_tampered
        text = f"{n} version{'s are' if n != 1 else ' is'} TAMPERED: the file differs from what was registered, so it "
        way = _Way("Show them", "pages/versions.py", {"state": str(State.TAMPERED)})
        _draw("Tampered", "red", f"{text}is refused everywhere", [way])


def _line(need: Need, row: Row) -> None:
    told = f"**{wording.plain(row.name)}** {wording.plain(_SENTENCES[need](row))}"
    _draw(str(need).capitalize(), _COLOURS[need], told, _ways(need, row))


def _group(need: Need, rows: Sequence[Row]) -> None:
    named = ", ".join(row.name for row in rows[:_MOST_NAMED])
    more = f" and {len(rows) - _MOST_NAMED:,} more" if len(rows) > _MOST_NAMED else ""
    told = f"**{len(rows):,} keys** {_MANY[need]}: {wording.plain(named)}{more}"
    with _framed(str(need).capitalize(), _COLOURS[need], told):
        st.button(
            "Show them", key=f"show_{need.name.lower()}", type="tertiary", on_click=filters.choose, args=(str(need),)
        )


def _draw(chip: str, colour: str, told: str, ways: Sequence[_Way]) -> None:
    with _framed(chip, colour, told):
        for way in ways:
            st.page_link(way.page, label=way.label, query_params=dict(way.query))


def _framed(chip: str, colour: str, told: str) -> st.delta_generator.DeltaGenerator:
    """One line with a border; what is drawn in it stands at its end."""
    frame = st.container(
        border=True,
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
        gap="small",
    )
    frame.markdown(f":{colour}-badge[{chip}] {told}", width="content")
    return frame.container(horizontal=True, gap="small", width="content")


def _fell(row: Row) -> str:
    if row.state is None:
        return ""
    validated = wording.percent(row.record.ensemble_accuracy if row.record else None)
    now = wording.estimate(row.state.live)
    return f"accuracy {now}{drift_wording.since(row.state)}, validated {validated}; the alarm stands across the fleet"


def _not_served(row: Row) -> str:
    if row.record is None:
        return "no version of it is usable"
    return f"{row.record.version} is {row.record.state}, so the loader refuses it"


def _no_way_back(row: Row) -> str:
    found = row.way_back
    if found is None or found.target is None:
        return "there are earlier versions, but none is usable"
    return f"{found.target}, where it would go back to, failed its preflight at {found.failed_step}"


_SENTENCES: dict[Need, Callable[[Row], str]] = {
    Need.NOT_SERVED: _not_served,
    Need.FELL: _fell,
    Need.NO_WAY_BACK: _no_way_back,
    Need.NOT_MEASURED: lambda row: row.state.problem if row.state else "",
    Need.EXPIRED: lambda row: f"{row.pointer.version} is older than DESK_MAX_AGE allows",
    Need.RUN_FAILED: lambda _row: "its newest training failed",
    Need.WAITS: lambda row: (
        f"{row.pointer.newer_waiting} waits behind a pin of {wording.ago(row.pointer.since, components.now())}"
    ).removesuffix(" ago"),
}


def _ways(need: Need, row: Row) -> list[_Way]:
    asked = {PARAMETER: row.name}
    evidence = _Way("Evidence", "pages/drift.py", asked)
    back = _Way("Roll back", "pages/rollback.py", asked)
    card = {"view": "One version", PARAMETER: row.name, "version": str(row.pointer.version)}
    both = {"view": "Compare two", PARAMETER: row.name, "beside": str(row.pointer.newer_waiting)}
    lacks_what = _Way("What it lacks", "pages/drift.py", asked)
    lacking_label = row.state is not None and row.state.problem == lacks.NO_LABEL
    return {
        Need.NOT_SERVED: [back],
        Need.FELL: [evidence, back],
        Need.NO_WAY_BACK: [_Way("Way back", "pages/rollback.py", asked)],
        Need.NOT_MEASURED: [_Way("Describe", "pages/versions.py", card) if lacking_label else lacks_what],
        Need.EXPIRED: [_Way("Retrain", "pages/drift.py", asked)],
        Need.RUN_FAILED: [_Way("Training runs", "pages/training_runs.py", {})],
        Need.WAITS: [_Way("Compare", "pages/versions.py", both)],
    }[need]
