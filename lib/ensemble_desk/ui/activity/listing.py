"""The feed, day by day, a page at a time, with its way on and its download."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import streamlit as st

from ensemble_desk.activity.events import Asked, Event, Kind
from ensemble_desk.ui.activity.filters import NAMES
from ensemble_desk.ui.frame import caching, components, data, session, wording
from ensemble_desk.ui.frame.news import links, reads, unseen

_PAGE = 25
_MOST_EXPORTED = 10_000
_AFTER = "after"
_OF = "activity_asked"  # session state: the question that the place in the address belongs to
_COLUMNS = ("at", "actor", "kind", "key", "version", "what", "why", "group_id", "move_id", "run_id")
_ICONS: Mapping[Kind, str] = {
    Kind.ROLLBACK: ":orange[:material/undo:]",
    Kind.PROMOTE: ":material/upgrade:",
    Kind.FOLLOW: ":material/sync:",
    Kind.FOLLOW_LATEST: ":material/sync:",
    Kind.UNDO: ":material/redo:",
    Kind.QUARANTINE: ":orange[:material/front_hand:]",
    Kind.LIFT: ":material/lock_open:",
    Kind.REFUSED: ":orange[:material/block:]",
    Kind.TRAINING: ":material/model_training:",
    Kind.DESCRIPTION: ":material/edit_note:",
    Kind.ROLE: ":material/badge:",
    Kind.TOKEN: ":material/key:",
    Kind.PRUNING: ":material/delete:",
    Kind.NOTE: ":material/sticky_note_2:",
    Kind.ALERT: ":red[:material/notifications_active:]",
    Kind.SETTLED: ":material/notifications_off:",
}


def show(asked: Asked) -> None:
    """One page of what was done, newest first."""
    since, me = unseen.visit(), session.actor(caching.settings()).name
    after = _place(asked)
    found = reads.page(asked, limit=_PAGE, after=after)
    if not found.rows and not data.key_names():
        components.nothing_yet()
    if not found.rows:
        components.empty(
            "Nobody did anything of the kind in that time.", "Choose a longer time above, or leave a filter open."
        )
    for day, events in groupby(found.rows, key=lambda one: one.at.date()):
        st.header(f"{day:%A} {day.day} {day:%B %Y}", anchor=False)
        for together in _together(events):
            _row(together, is_new=together[0].at > since and together[0].actor != me)
    with st.container(horizontal=True, vertical_alignment="center"):
        if after is not None:
            st.button("Newest", icon=":material/first_page:", key="newest", on_click=_go_to, args=(None,))
        if found.next_place is not None:
            place = found.next_place
            st.button("Older", icon=":material/chevron_right:", key="older", on_click=_go_to, args=(place,))
        st.space("stretch")
        st.download_button(
            "Download",
            lambda: _exported(asked),
            file_name="activity.csv",
            mime="text/csv",
            key="activity_download",
            icon=":material/download:",
            on_click="ignore",
            disabled=not found.rows,
            help=f"All that fits the filters, up to {_MOST_EXPORTED:,} rows, as CSV.",
        )
    st.caption("Times are UTC.")


def _place(asked: Asked) -> str | None:
    """Where in the feed the address points; a place of another question gives way."""
    plain = tuple(st.session_state.get(name) for name in NAMES if name != "kind"), asked.kinds
    if st.session_state.setdefault(_OF, plain) != plain:
        st.session_state[_OF] = plain
        st.query_params.pop(_AFTER, None)
    return st.query_params.get(_AFTER)


def _go_to(place: str | None) -> None:
    if place is None:
        st.query_params.pop(_AFTER, None)
    else:
        st.query_params[_AFTER] = place


def _together(events: Iterator[Event]) -> Iterator[list[Event]]:
    """Moves of one group that stand next to each other are told in one row."""
    for (_, group), some in groupby(events, key=lambda one: (one.group_id is None and one.place, one.group_id)):
        found = list(some)
        yield from [found] if group is not None else ([one] for one in found)


def _row(events: Sequence[Event], *, is_new: bool) -> None:
    first = events[0]
    what, why = _said(events)
    new = " :blue-badge[new]" if is_new else ""
    told = f":gray[{first.at:%H:%M}{wording.plain(f' · {why}') if why else ''}]"
    with st.container(horizontal=True, wrap=False):
        st.markdown(f"{_ICONS[first.kind]} **{wording.plain(first.actor)}** {what}{new}  \n{told}", width="stretch")
        _way_on(events)


def _said(events: Sequence[Event]) -> tuple[str, str]:
    first = events[0]
    if len(events) == 1:
        return wording.plain(first.what), first.why
    keys = ", ".join(str(one.key) for one in events[:4]) + (" …" if len(events) > 4 else "")  # noqa: PLR2004
    return wording.plain(f"moved {len(events)} keys together ({first.kind}): {keys}"), first.why


def _way_on(events: Sequence[Event]) -> None:
    """Lead to where more of it is told."""
    one = events[0]
    if one.group_id is not None and len(events) > 1:
        links.group(one.group_id, label=f"{len(events)} moves")
    elif one.move_id is not None:
        links.move(one.move_id)
    elif one.run_id is not None:
        icon = ":material/model_training:"
        query = {"run": str(one.run_id)}
        st.page_link("pages/training_runs.py", label=f"Run {one.run_id}", icon=icon, query_params=query)
    elif one.key is not None and one.version is not None:
        query = {"view": "One version", "key": str(one.key), "version": one.version}
        st.page_link("pages/versions.py", label=one.version, icon=":material/inventory_2:", query_params=query)
    elif one.key is not None:
        icon = ":material/trending_down:"
        st.page_link("pages/drift.py", label=str(one.key), icon=icon, query_params={"key": str(one.key)})


def _exported(asked: Asked) -> bytes:
    """The filtered feed as CSV; read when somebody asks for it."""
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(_COLUMNS)
    place, left = None, _MOST_EXPORTED
    while left > 0:
        page = reads.page(asked, limit=min(500, left), after=place)
        table.writerows([_cell(getattr(one, name)) for name in _COLUMNS] for one in page.rows)
        place, left = page.next_place, left - len(page.rows)
        if place is None:
            break
    return written.getvalue().encode()


def _cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
