"""Which channel was told what: each alert once, until there is something new to hear about its topic."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from ensemble_desk.database import inserting
from ensemble_desk.database.opening import Database
from ensemble_desk.database.tables.registry_tables import sent_alerts as table

_SENDING, _SENT = "sending", "sent"
_GIVEN_UP_AFTER = timedelta(minutes=10)  # a program that claimed an alert and ended before sending it


def is_new(database: Database, *, topic: str, channel: str, fingerprint: str) -> bool:
    """Whether the channel has not been told this yet."""
    wanted = select(table.c.fingerprint).where(table.c.topic == topic, table.c.channel == channel)
    with database.reading() as connection:
        return connection.execute(wanted).scalar() != fingerprint


def claim(database: Database, *, topic: str, channel: str, fingerprint: str, at: datetime) -> bool:
    """Take it upon this program to tell the channel; False when it knows, or another program is telling it."""
    here = (table.c.topic == topic, table.c.channel == channel)
    values = {"fingerprint": fingerprint, "state": _SENDING, "at": at}
    with database.writing() as connection:
        known = connection.execute(select(table).where(*here).with_for_update()).first()
        if known is None:
            new = inserting.insert_into(connection, table).values(topic=topic, channel=channel, **values)
            first = new.on_conflict_do_nothing()
            return connection.execute(first.returning(table.c.topic)).first() is not None
        busy = known.state == _SENDING and at - known.at < _GIVEN_UP_AFTER
        if busy or (known.state == _SENT and known.fingerprint == fingerprint):
            return False
        connection.execute(update(table).where(*here).values(**values))
        return True


def settle(database: Database, *, topics: Collection[str], channel: str, told: bool, at: datetime) -> None:
    """Write down how telling went; what could not be told is told at the next try."""
    here = (table.c.topic.in_(topics), table.c.channel == channel)
    with database.writing() as connection:
        if told:
            connection.execute(update(table).where(*here).values(state=_SENT, at=at))
        else:
            connection.execute(delete(table).where(*here))


def forget(database: Database, *, standing: Collection[str]) -> None:
    """Drop topics that are no alert any more, so that they are told again when they return."""
    with database.reading() as connection:
        known = set(connection.execute(select(table.c.topic).distinct()).scalars())
    gone = known - set(standing)
    if gone:
        with database.writing() as connection:
            connection.execute(delete(table).where(table.c.topic.in_(gone)))
