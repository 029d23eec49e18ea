"""What the feed is filtered by; all of it stands in the address."""

from datetime import UTC, date, datetime, time, timedelta

import streamlit as st

from ensemble_desk.activity.events import Asked, Kind
from ensemble_desk.errors import DeskError
from ensemble_desk.market.keys import Key
from ensemble_desk.ui.frame import components, data, wording
from ensemble_desk.ui.frame.news import reads

NAMES = ("about", "who", "kind", "time", "from", "to", "group")
_EARLIEST = date(1970, 1, 1)
_WEEK, _BETWEEN = "7 days", "Between"
_SPANS = {"1 day": 1, _WEEK: 7, "30 days": 30}
_TIMES = (*_SPANS, "All", _BETWEEN)


def choose() -> Asked:
    """Ask for key, person, kind, time and group."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        about = st.selectbox(
            "Key", data.key_names(), index=None, placeholder="All keys", key="about", bind="query-params", width=170
        )
        who = st.selectbox(
            "Person", reads.people(), index=None, placeholder="Everybody", key="who", bind="query-params", width=170
        )
        kinds = st.multiselect(
            "Kind", [str(kind) for kind in Kind], placeholder="Everything", key="kind", bind="query-params", width=260
        )
        span = st.selectbox("Time", _TIMES, index=_TIMES.index(_WEEK), key="time", bind="query-params", width=120)
        days = _days() if span == _BETWEEN else (None, None)
        group = st.text_input(
            "Group",
            key="group",
            bind="query-params",
            width=150,
            placeholder="Any",
            help="Moves made together have one.",
        )
    since, until = _between(span, days)
    return Asked(
        key=_key(about),
        actor=who,
        kinds=tuple(map(Kind, kinds)),
        since=since,
        until=until,
        group_id=group.strip() or None,
    )


def _days() -> tuple[date | None, date | None]:
    today = components.now().date()
    chosen = [
        st.date_input(label, None, min_value=_EARLIEST, max_value=today, key=key, bind="query-params", width=150)
        for label, key in (("From (UTC)", "from"), ("To", "to"))
    ]
    return chosen[0], chosen[1]


def _between(span: str | None, days: tuple[date | None, date | None]) -> tuple[datetime | None, datetime | None]:
    """The moments of a choice; those that go on with the clock keep to the minute, so that a page is read once."""
    if span in _SPANS:
        now = components.now().replace(second=0, microsecond=0)
        return now - timedelta(days=_SPANS[str(span)]), None
    first, last = days
    return None if first is None else _start(first), None if last is None else _start(last) + timedelta(days=1)


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _key(text: str | None) -> Key | None:
    try:
        return Key.parse(text) if text else None
    except DeskError as error:
        st.warning(wording.plain(str(error)), icon=":material/link_off:")
        return None
