"""What people said, and what else nobody can make anew: the ledger is told every row, once it was told of all.

These are roles, tokens, notes and passed preflights, and since a later release descriptions, exports of the log and
alerts. A row of ``ledger_head`` for each of the two marks that the ledger was told. Where it is of an earlier release,
what stands there at the first look of the audit, the first such row or the first daily round is told as it is.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Insert, Table, Update, func, select, text

from ensemble_desk.database import inserting
from ensemble_desk.database.queries.plain_sql import PlainSql
from ensemble_desk.database.tables.columns import UtcTime
from ensemble_desk.database.tables.registry_tables import (
    access_tokens,
    alert_events,
    digest_begins,
    role_changes,
    version_descriptions,
)
from ensemble_desk.database.tables.registry_tables import model_versions as versions
from ensemble_desk.database.tables.registry_tables import notes as remarks
from ensemble_desk.registry import agreement
from ensemble_desk.registry.ledger import notes
from ensemble_desk.registry.ledger.notes import Note
from ensemble_desk.registry.ledger_file import NONE

if TYPE_CHECKING:
    from sqlalchemy import Connection

TABLES: Mapping[str, Table] = {
    notes.ROLE: role_changes,
    notes.TOKEN: access_tokens,
    notes.REMARK: remarks,
    notes.DESCRIPTION: version_descriptions,
    notes.EXPORT: digest_begins,
    notes.ALERT: alert_events,
}
MARKS: Mapping[str, tuple[str, ...]] = {  # the line that marks it, and of which kinds it then is told
    notes.PEOPLE: (notes.ROLE, notes.TOKEN, notes.REMARK),
    notes.UPKEEP: (notes.DESCRIPTION, notes.EXPORT, notes.ALERT),
}


def written(connection: "Connection", kind: str, statement: Insert | Update) -> int:
    """Run a statement that writes such rows inside `writing.writing`, and note each; gives how many there were."""
    is_told = begin(connection)
    rows = connection.execute(statement.returning(*TABLES[kind].c)).mappings().all()
    for row in rows if is_told else ():
        notes.take(connection, kind, _plain(row))
    return len(rows)


def note(connection: "Connection", kind: str, /, **of: Any) -> None:
    """Note rows that were written otherwise inside `writing.writing`, by values of their columns."""
    is_told, table = begin(connection), TABLES[kind]
    rows = connection.execute(select(table).where(*(table.c[name] == value for name, value in of.items()))).mappings()
    for row in rows if is_told else ():
        notes.take(connection, kind, _plain(row))


def begin(connection: "Connection") -> bool:
    """Note all that stands there, unless that was done before; False while there is no ledger, which begins with it."""
    new = mark(connection)
    if agreement.head(connection) == NONE:
        for name in new:
            _UNMARK.write(connection, {"name": name})
        return False
    for kind, told in everything(connection, new):
        notes.take(connection, kind, told)
    return True


def mark(connection: "Connection", names: Iterable[str] = tuple(MARKS)) -> list[str]:
    """Mark that the ledger is told of such rows; gives what was not marked. Who does so meanwhile is waited for."""
    return [name for name in names if _MARK.write(connection, {"name": name}) is not None]


def marked(connection: "Connection") -> set[str]:
    return {row.name for row in _MARKED.rows(connection, {})} & MARKS.keys()


def everything(connection: "Connection", names: Iterable[str] = tuple(MARKS)) -> list[Note]:
    """Give every such row, as its own writer would note it, and that these are all."""
    found: list[Note] = []
    for name in names:
        for kind in MARKS[name]:
            found += rows_of(connection, kind)
        if name == notes.PEOPLE:
            named = (versions.c.symbol, versions.c.timeframe, versions.c.version)
            fit = connection.execute(select(*named).where(versions.c.fit.is_(True)).order_by(versions.c.id)).mappings()
            found += ((notes.FIT, _plain(row) | {"fit": True}) for row in fit)
        found.append((name, {}))
    return found


def rows_of(connection: "Connection", kind: str) -> list[Note]:
    """Give every row of a kind as its own writer would note it."""
    table = TABLES[kind]
    rows = connection.execute(select(table).order_by(*table.primary_key)).mappings()
    return [(kind, _plain(row)) for row in rows]


def key_of(kind: str, told: Mapping[Any, Any]) -> Any:
    """Give what a row is known by."""
    columns = TABLES[kind].primary_key.columns.keys()
    return told[columns[0]] if len(columns) == 1 else tuple(told[name] for name in columns)


def put_back(connection: "Connection", kind: str, told: Mapping[str, Any]) -> None:
    """Write a row as the ledger tells it."""
    table = TABLES[kind]
    times = [one.name for one in table.c if isinstance(one.type, UtcTime) and told[one.name] is not None]
    row = dict(told) | {name: datetime.fromisoformat(told[name]) for name in times}
    here = {one.name: row.pop(one.name) for one in table.primary_key.columns}
    inserting.put(connection, table, here, row)


def count_on(connection: "Connection") -> None:
    """Let the numbers of new rows go on after those that were put back."""
    if connection.dialect.name != "postgresql":
        return
    for table in (table for table in TABLES.values() if "id" in table.c):
        newest = connection.execute(select(func.max(table.c.id))).scalar()
        if newest is not None:
            connection.execute(
                text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :to)"), {"name": table.name, "to": newest}
            )


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in row.items()}


_MARK = PlainSql(
    "INSERT INTO ledger_head (name, number, hash) VALUES (:name, 0, '')",
    "ON CONFLICT (name) DO NOTHING RETURNING number",
)
_UNMARK = PlainSql("DELETE FROM ledger_head WHERE name = :name")
_MARKED = PlainSql("SELECT name FROM ledger_head")
