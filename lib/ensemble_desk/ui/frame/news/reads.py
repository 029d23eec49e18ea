"""What pages read of what people did, cached until there is something newer."""

from datetime import datetime

import streamlit as st

from ensemble_desk.activity import feed, move_story, visits
from ensemble_desk.activity import notes as told
from ensemble_desk.activity.events import Asked, Page
from ensemble_desk.activity.move_story import Story
from ensemble_desk.activity.notes import Note
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Deployment
from ensemble_desk.registry.ledger import history
from ensemble_desk.ui.frame import caching


@st.cache_data(ttl=2, max_entries=1, show_spinner=False)
def newest() -> tuple[object, ...]:
    """The newest row of everything that the feed tells of."""
    return feed.newest(caching.registry())


def forget() -> None:
    """Look again at the next read: something was done here just now."""
    newest.clear()
    caching.forget()


@caching.remembered(max_entries=128, also=newest, shared=True)
def page(asked: Asked, *, limit: int, after: str | None) -> Page:
    return feed.read(caching.registry(), asked, limit=limit, after=after)


@caching.remembered(max_entries=1, also=newest, shared=True)
def people() -> tuple[str, ...]:
    return feed.people(caching.registry())


@caching.remembered(max_entries=256, also=newest, shared=True)
def count_since(since: datetime, *, not_by: str) -> int:
    return feed.count_since(caching.registry(), since, not_by=not_by)


@st.cache_data(ttl=5, max_entries=256, show_spinner=False)
def last_visit(person: str) -> datetime | None:
    return visits.last(caching.registry(), person)


@caching.remembered(max_entries=64, also=newest, shared=True)
def story(number: int) -> Story:
    return move_story.read(caching.registry(), number)


@caching.remembered(max_entries=16, also=newest, shared=True)
def group(group_id: str) -> tuple[Story, ...]:
    return move_story.group(caching.registry(), group_id)


@caching.remembered(max_entries=64, also=newest, shared=True)
def moves_since(number: int) -> tuple[Deployment, ...]:
    """Moves after a row of history, newest first; refused attempts moved nothing."""
    return tuple(row for row in history.since(caching.registry(), number) if row.has_moved)


@caching.remembered(max_entries=128, also=newest, shared=True)
def notes_on_version(key: Key, version: str) -> tuple[Note, ...]:
    return told.of_version(caching.registry(), key, version)


@caching.remembered(max_entries=128, also=newest, shared=True)
def notes_on_move(row: Deployment) -> tuple[Note, ...]:
    return told.of_move(caching.registry(), row)
