"""What all daily digests come to is told to the ledger, so that they cannot be made anew or taken away with their rows.

Once a day it is told the sum of those of all days that are over; and after each job that wrote such rows, up to where
the digests of this day go.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.database.queries.plain_sql import PlainSql
from ensemble_desk.registry import ledger_file
from ensemble_desk.registry.ledger import beginning, notes, people, writing
from ensemble_desk.registry.opening import Registry

_HOURS = 2  # a day is over when it has been for so long: who writes may have looked at the clock before
_BEFORE, _TODAY = "ledger digests", "ledger day: "


def tell(registry: Registry) -> None:
    """Write the lines of the days that are over and of today, unless they are there; raises as `writing.writing`."""
    at = registry.clock()
    over = (at - timedelta(hours=_HOURS)).date()
    marks = {row.name: row.value for row in registry.database.ask(_READ)}
    with registry.database.reading() as connection:
        is_told = not _untold(digests.since(connection, at.date()), marks)
    if marks.get(_BEFORE) == over.toordinal() and is_told:
        return
    with writing.writing(registry) as connection:
        people.begin(connection)
        if marks.get(_BEFORE) != over.toordinal():
            _tell_of_days(connection, over, at=at)
        _tell_of_today(connection, marks, at=at)


def begin(registry: Registry) -> None:
    """Tell a ledger of an earlier release once what people said and what else there is; raises what `tell` does."""
    with registry.database.reading() as connection:
        is_told = people.marked(connection) == people.MARKS.keys()
    if not is_told and ledger_file.tail(registry.settings.ledger_files[0]).last.number:
        with writing.writing(registry) as connection:
            people.begin(connection)


def _tell_of_days(connection: Connection, over: date, *, at: datetime) -> None:
    ((n_digests, sha256),) = digests.wholes(connection, [over])
    told = {"before": over.isoformat(), "hours": _HOURS, "n_digests": n_digests, "sha256": sha256}
    notes.take(connection, notes.DIGESTS, told)
    _KEEP.write(connection, {"name": _BEFORE, "value": over.toordinal(), "updated_at": at})


def _tell_of_today(connection: Connection, marks: Mapping[str, int], *, at: datetime) -> None:
    found = digests.since(connection, at.date())
    signs = _untold(found, marks)
    if signs:
        told = {kind: by_key for kind, by_key in found.items() if _TODAY + kind in signs}
        notes.take(connection, notes.TODAY, {"day": at.date().isoformat(), "kinds": told})
    for name, sign in signs.items():
        _KEEP.write(connection, {"name": name, "value": sign, "updated_at": at})


def _untold(found: Mapping[str, Mapping[str, object]], marks: Mapping[str, int]) -> dict[str, int]:
    """Give the marks of the kinds of which something else was found than the ledger was told of last."""
    texts = {_TODAY + kind: ledger_file.encoded(by_key) for kind, by_key in found.items()}
    signs = {name: int(hashlib.sha256(text).hexdigest()[:15], 16) for name, text in texts.items()}
    return {name: sign for name, sign in signs.items() if marks.get(name) != sign}


_READ = PlainSql(f"SELECT name, value FROM sync_state WHERE {beginning.OF_DIGESTS}")  # noqa: S608 - own text
_KEEP = PlainSql(
    "INSERT INTO sync_state (name, value, updated_at) VALUES (:name, :value, :updated_at)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
    times=("updated_at",),
)
