"""Who did what, newest first, over all keys: a bounded read of each table, put together by time."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select
from sqlalchemy import literal as constant

from ensemble_desk.activity import tables
from ensemble_desk.activity.events import Asked, Event, Page, Place
from ensemble_desk.activity.tables import Told, Where
from ensemble_desk.database.tables.registry_tables import deployments, notes, role_changes, training_run_progress
from ensemble_desk.registry.opening import Registry

_MOST_PEOPLE = 200


def read(registry: Registry, asked: Asked | None = None, *, limit: int = 50, after: str | None = None) -> Page:
    """Give the newest ``limit`` events that fit, or those after the place of one; reads no more than that of a table.

    Raises
    ------
    InvalidCursorError
        When ``after`` is no place that an event told.
    DatabaseError
    """
    asked, place = asked or Asked(), Place.parse(after) if after else None
    found: list[tuple[Place, Event]] = []
    with registry.database.reading() as connection:
        for number, told in enumerate(tables.EVERY):
            for conditions in told.where(asked):
                wanted = _ordered(told, conditions, asked)
                if place is not None:
                    wanted = wanted.where(_after(told, number, place, is_sqlite=not registry.database.is_postgresql))
                found += _taken(connection, told, wanted, asked=asked, number=number, limit=limit + 1)
    found.sort(key=lambda one: (one[0].at, -one[0].source, one[0].tie), reverse=True)
    rows = tuple(event for _, event in found[:limit])
    return Page(rows, rows[-1].place if len(found) > limit else None)


def count_since(registry: Registry, since: datetime, *, not_by: str | None, most: int = 100) -> int:
    """Count events after a moment that somebody else is the actor of, up to ``most``."""
    found = 0
    with registry.database.reading() as connection:
        for told in tables.EVERY:
            rows = told.rows.with_only_columns(constant(1)).where(told.at > since)
            if not_by is not None and "actor" in told.rows.selected_columns:
                actor = told.rows.selected_columns["actor"]
                rows = rows.where(actor.is_distinct_from(not_by))
            some = rows.limit(most).subquery()
            found += int(connection.execute(select(func.count()).select_from(some)).scalar_one())
    return min(found, most)


def people(registry: Registry) -> tuple[str, ...]:
    """Name those who moved, trained, gave roles or noted anything, in order; a step through each index a name."""
    found: set[str] = set()
    with registry.database.reading() as connection:
        for column in (deployments.c.actor, training_run_progress.c.actor, role_changes.c.actor, notes.c.actor):
            last = ""
            for _ in range(_MOST_PEOPLE):
                wanted = select(func.min(column)).where(column > last)
                name = connection.execute(wanted).scalar()
                if name is None:
                    break
                last = str(name)
                found.add(last)
    return tuple(sorted(found, key=str.casefold))


def newest(registry: Registry) -> tuple[object, ...]:
    """Give the newest row of every table: a cheap sign that there is something new."""
    with registry.database.reading() as connection:
        return tuple(connection.execute(_newest(told)).scalar() for told in tables.EVERY)


def _newest(told: Told) -> Select[Any]:
    """The number of the newest row, or its time where rows have no numbers."""
    by_number = told.tie if "id" in told.rows.selected_columns else told.at
    return select(func.max(by_number))


def _ordered(told: Told, conditions: Where, asked: Asked) -> Select[Any]:
    wanted = told.rows.where(*conditions).order_by(told.at.desc(), told.tie.desc())
    if asked.since is not None:
        wanted = wanted.where(told.at >= asked.since)
    return wanted if asked.until is None else wanted.where(told.at < asked.until)


def _after(told: Told, number: int, place: Place, *, is_sqlite: bool) -> ColumnElement[bool]:
    if number == place.source:
        return told.earlier(place.at, place.tie, is_sqlite=is_sqlite)
    return told.at <= place.at if number > place.source else told.at < place.at


def _taken(
    connection: Connection, told: Told, wanted: Select[Any], *, asked: Asked, number: int, limit: int
) -> list[tuple[Place, Event]]:
    if told.fits is None:
        wanted = wanted.limit(limit)
    found: list[tuple[Place, Event]] = []
    for row in connection.execute(wanted):
        if told.fits is None or told.fits(asked, row):
            place = Place(row.at, number, _tie(row))
            found.append((place, tables.of_row(told, row, place=str(place))))
        if len(found) == limit:
            break
    return found


def _tie(row: Any) -> int | str:
    tie: int | str = row.id if "id" in row._fields else row.name
    return tie
