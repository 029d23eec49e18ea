"""Parts that several pages share: choosing a key and a version, badges, facts, tables and empty states."""

import functools
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NoReturn

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]  # it has no stubs
import streamlit as st

from ensemble_desk.figures.style import palette
from ensemble_desk.forecasting import batches
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Mode, State, VersionRecord
from ensemble_desk.ui.frame import data, wording
from ensemble_desk.ui.frame.browser import places
from ensemble_desk.ui.frame.help import glossary

Colour = Literal["red", "orange", "blue", "green", "violet", "gray"]

STATE_COLOURS: dict[State, Colour] = {
    State.IN_PRODUCTION: "blue",  # green is how a key stands, which is another matter
    State.AVAILABLE: "gray",
    State.QUARANTINED: "orange",
    State.TAMPERED: "red",
    State.INCOMPATIBLE: "violet",
    State.MISSING: "gray",
    State.UNFIT: "red",
    State.PRUNED: "gray",
}
EXPIRED = "expired"
_OWN = "desk bars import aapl.csv --symbol AAPL --timeframe d1\ndesk train --symbol AAPL --timeframe d1"
_TAKE_OVER = "desk registry sync\ndesk registry list"
_OWNER = "_of"  # behind the name of a choice: what it was made for
_ROW_PX, _MOST_PX = 33, 400  # of a table: a row, and the height from which it scrolls; both are Streamlit's own
_MOST_STYLED = 50  # rows; Streamlit takes about half a millisecond of each run for every styled row
_STATE_ICONS = {
    State.IN_PRODUCTION: ":material/rocket_launch:",
    State.AVAILABLE: ":material/check_circle:",
    State.QUARANTINED: ":material/front_hand:",
    State.TAMPERED: ":material/gpp_bad:",
    State.INCOMPATIBLE: ":material/extension_off:",
    State.MISSING: ":material/help_center:",
    State.UNFIT: ":material/block:",
    State.PRUNED: ":material/delete:",
}


def now() -> datetime:
    return datetime.now(UTC)


def version_picker(
    key: Key,
    *,
    label: str = "Version",
    name: str = "version",
    only: Sequence[VersionRecord] | None = None,
    pruned: bool = False,
    first: str | None = None,
) -> VersionRecord:
    """Choose a version of the key; it lives in the URL and is ``first``, else the one in production, until one chooses.

    With ``pruned`` a link to a pruned version leads to what is left of it.
    """
    records = {record.version: record for record in (data.versions(key) if only is None else only)}
    if not records:
        nothing_yet()
    asked = st.session_state.get(name) or st.query_params.get(name)
    left = data.pruned(key, asked) if pruned and asked and asked not in records else None
    if left is not None:
        records[left.version] = left
    live = next((record.version for record in records.values() if record.state == State.IN_PRODUCTION), None)
    chosen = bound_choice(
        label,
        list(records),
        name=name,
        of=str(key),
        first=first or live or next(iter(records)),
        missing=f"{key} has no version {{}}.",
    )
    return records[chosen]


def bound_choice(label: str, options: Sequence[str], *, name: str, of: str, first: str, missing: str) -> str:
    """A select box whose value stands in the URL once it is another than ``first``; an unknown one is said.

    ``of`` names what the options belong to: a value left over from another owner gives way silently.
    """
    linked = st.query_params.get(name)
    asked = linked or (None if left_over(name, of=of) else st.session_state.get(name))
    if asked is not None and asked not in options and not left_over(name, of=of):
        st.warning(f"{wording.plain(missing.format(asked))} Showing {first} instead.", icon=":material/link_off:")
    if asked not in options and st.session_state.get(name, first) != first:
        st.session_state[name] = first
    st.session_state[f"{name}{_OWNER}"] = of
    # no format_func: the URL would hold the formatted text, which changes with the state of a version
    return st.selectbox(label, options, index=options.index(first), key=name, bind="query-params")


def choose(name: str, value: str, *, of: str) -> None:
    """Make such a choice from elsewhere, before its select box is drawn."""
    st.session_state[name], st.session_state[f"{name}{_OWNER}"] = value, of


def left_over(name: str, *, of: str) -> bool:
    """Whether the value of a choice was made for another owner, such as a version for another key."""
    owner = st.session_state.get(f"{name}{_OWNER}")
    return owner is not None and owner != of


def belongs_to_a_key(name: str) -> bool:
    """Whether a part of the address is a choice that means nothing for another key."""
    return f"{name}{_OWNER}" in st.session_state


def nothing_yet() -> NoReturn:
    """The empty state of the whole product, with the one thing to do next."""
    st.markdown("**No version is registered yet.** There are three ways to begin:")
    empty("See it work", "Train a set from the bundled sample, some minutes, then come back:", command="make demo")
    empty("Train your own", "On bars of your files; the newest version goes live by itself:", command=_OWN)
    empty("Take over what a team has", "Put its files into the models folder, then take them in:", command=_TAKE_OVER)
    st.stop()


def empty(title: str, advice: str = "", *, command: str | None = None) -> None:
    with st.container(border=True):
        st.markdown(f"**{title}**")
        if advice:
            st.caption(advice)
        if command:
            st.code(command, language="bash", width="content")


def choose_first(what: str) -> None:
    """Answer a form that was sent without its choice."""
    st.warning(f"Choose {what} first. Nothing changed.", icon=":material/info:")


def state_badge(record: VersionRecord) -> None:
    st.badge(
        str(record.state).capitalize(),
        icon=_STATE_ICONS[record.state],
        color=STATE_COLOURS[record.state],
        help=wording.plain(record.problem or record.quarantine_reason) or None,
    )


def age_badge(record: VersionRecord) -> None:
    """Say so when a version is older than the settings allow."""
    if data.is_expired(record):
        st.badge("Expired", icon=":material/hourglass_disabled:", color="orange", help=glossary.of("expired"))


def mode_badge(mode: Mode) -> None:
    pinned = mode == Mode.PINNED
    st.badge(
        str(mode).capitalize(),
        icon=":material/push_pin:" if pinned else ":material/sync:",
        color="violet" if pinned else "gray",
        help=glossary.of("pinned" if pinned else "follows latest"),
    )


def source_badge(key: Key) -> None:
    """Where the bars come from and up to which bar, so that nothing sampled is taken for live."""
    st.badge(wording.plain(data.source_of(key).capitalize()), icon=":material/database:", color="gray")


def version_badges(record: VersionRecord) -> None:
    """State of a version and the source of its key's bars in one row."""
    with st.container(horizontal=True):
        state_badge(record)
        age_badge(record)
        source_badge(record.key)
        if record.leakage_suspected:
            st.badge("Leakage suspected", icon=":material/water_drop:", color="red")


def accuracy_line(record: VersionRecord) -> None:
    """The validated accuracy in words; grey where it rests on too few independent outcomes."""
    text = wording.accuracy_of(record)
    if wording.is_firm(record.n_eff):
        st.markdown(f"Holdout accuracy **{text}**")
    else:
        st.markdown(f":gray[Holdout accuracy {text}]", help="Fewer than 20 independent outcomes: it says little.")


def facts(told: Mapping[str, object], *, alt: str) -> None:
    """A short list of names and values."""
    with places.rows(len(told), name=alt):
        st.table({name: str(value) for name, value in told.items()}, border="horizontal", width="content", alt=alt)


def ready(frame: pd.DataFrame) -> pd.DataFrame | pa.Table:
    """Bring a table that is made once and shown often into the form it is sent in; a short one stays as it is."""
    return frame if len(frame) <= _MOST_STYLED else pa.Table.from_pandas(_harmless(frame), preserve_index=False)


def _harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """What the toolbar of a table downloads is what is in it: no text that a spreadsheet would run."""
    return batches.harmless(frame, signed=True)


def table(
    frame: pd.DataFrame | pa.Table,
    *,
    key: str,
    alt: str,
    columns: Mapping[str, Any] | None = None,
    weak: Sequence[bool] | Mapping[str, Sequence[bool]] = (),
    chosen: Callable[[int], None] | None = None,
) -> None:
    """A table with its download in the toolbar.

    Rows marked weak have their accuracy written in grey, in tables of up to 50 rows; where columns differ in that,
    ``weak`` is told by column. ``chosen`` is called with the number of the row that somebody has chosen, by mouse or
    by keyboard.
    """
    shown: Any = _harmless(frame) if isinstance(frame, pd.DataFrame) else frame
    if isinstance(frame, pd.DataFrame) and len(frame) <= _MOST_STYLED:
        accuracies = [str(name) for name in frame.columns if "accuracy" in str(name).lower()]
        marked = weak if isinstance(weak, Mapping) else dict.fromkeys(accuracies, weak)
        for name, flags in marked.items():
            if any(flags):
                shown = _greyed(shown, name, flags)
    rows = frame.num_rows if isinstance(frame, pa.Table) else len(frame)
    height = min(_ROW_PX * (rows + 1) + 2, _MOST_PX)  # told from the start, so that nothing moves once it is drawn
    shape: dict[str, Any] = {"hide_index": True, "column_config": dict(columns or {}), "alt": alt, "height": height}
    if chosen is None:
        st.dataframe(shown, key=key, placeholder="", **shape)
    else:
        call = functools.partial(_row_chosen, key, chosen)
        st.dataframe(shown, key=key, placeholder="", on_select=call, selection_mode="single-row", **shape)


def _row_chosen(key: str, chosen: Callable[[int], None]) -> None:
    for row in st.session_state[key].selection.rows:
        chosen(int(row))


def _greyed(shown: Any, name: str, flags: Sequence[bool]) -> Any:
    styler = shown.style if isinstance(shown, pd.DataFrame) else shown
    return styler.apply(lambda _: [f"color: {palette.MUTED}" if flag else "" for flag in flags], subset=[name])


def time_column(label: str, *, help: str | None = None) -> Any:  # noqa: A002 - Streamlit's own name
    return st.column_config.DatetimeColumn(label, format="YYYY-MM-DD HH:mm", timezone="UTC", help=help or "UTC")


def percent_column(*, help: str | None = None) -> Any:  # noqa: A002 - Streamlit's own name
    """A column of values in percent (0 to 100)."""
    return st.column_config.NumberColumn(format="%.1f %%", help=help)


def states_column(label: str = "State") -> Any:
    """A column of states as coloured words."""
    return st.column_config.MultiselectColumn(
        label,
        options=[*map(str, STATE_COLOURS), EXPIRED],
        color=[*STATE_COLOURS.values(), "orange"],
    )


def time_line(label: str, at: datetime | None) -> None:
    """A time in UTC with the viewer's own time on hover."""
    st.markdown(f"{label} {wording.time(at)}", help=wording.local_time(at, st.context.timezone) or None)


def describe_link(key: Key, version: str) -> None:
    """Lead to the form that tells what a version forecasts."""
    st.page_link(
        "pages/versions.py",
        label=f"Describe {key} {version}",
        icon=":material/edit_note:",
        query_params={"view": "One version", "key": str(key), "version": version},
    )
