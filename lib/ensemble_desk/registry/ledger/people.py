"""Roles, tokens, notes and passed preflights: the ledger is told every one, once it was told of all there were.

A row of ``ledger_head`` marks that it was. Where the ledger is of an earlier release, what stands there at the first
look of the audit, the first such row or the first daily round is told as it is.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Insert, Table, Update, func, select, text

from ensemble_desk.database import inserting
from ensemble_desk.database.queries.plain_sql import PlainSql
from ensemble_desk.database.tables.columns import UtcTime
from ensemble_desk.database.tables.registry_tables import access_tokens, role_changes
from ensemble_desk.database.tables.registry_tables import model_versions as versions
from ensemble_desk.database.tables.registry_tables import notes as remarks
from ensemble_desk.registry import agreement
from ensemble_desk.registry.ledger import notes
from ensemble_desk.registry.ledger.notes import Note
from ensemble_desk.registry.ledger_file import NONE

if TYPE_CHECKING:
    from sqlalchemy import Connection

TABLES: Mapping[str, Table] = {notes.ROLE: role_changes, notes.TOKEN: access_tokens, notes.REMARK: remarks}


def written(connection: "Connection", kind: str, statement: Insert | Update) -> int:
    """Run a statement that writes such rows inside `writing.writing`, and note each; gives how many there were."""
    is_told = begin(connection)
    rows = connection.execute(statement.returning(*TABLES[kind].c)).mappings().all()
    for row in rows if is_told else ():
        notes.take(connection, kind, _plain(row))
    return len(rows)


def begin(connection: "Connection") -> bool:
    """Note all that stands there, unless that was done before; False while there is no ledger, which begins with it."""
    is_new = mark(connection)
    if agreement.head(connection) == NONE:
        if is_new:
            _UNMARK.write(connection, {})
        return False
    for kind, told in everything(connection) if is_new else ():
        notes.take(connection, kind, told)
    return True


def mark(connection: "Connection") -> bool:
    """Mark that the ledger is told of such rows; True when it was not. Who does so meanwhile is waited for."""
    return _MARK.write(connection, {}) is not None


def is_marked(connection: "Connection") -> bool:
    return _MARKED.first(connection, {}) is not None


def everything(connection: "Connection") -> list[Note]:
    """Give every such row, as its own writer would note it, and that these are all."""
    found: list[Note] = []
    for kind, table in TABLES.items():
        rows = connection.execute(select(table).order_by(*table.primary_key)).mappings()
        found += ((kind, _plain(row)) for row in rows)
    named = (versions.c.symbol, versions.c.timeframe, versions.c.version)
    fit = connection.execute(select(*named).where(versions.c.fit.is_(True)).order_by(versions.c.id)).mappings()
    return [*found, *((notes.FIT, _plain(row) | {"fit": True}) for row in fit), (notes.BEGUN, {})]


def key_of(kind: str, told: Mapping[Any, Any]) -> Any:
    """Give what a row is known by."""
    (column,) = TABLES[kind].primary_key
    return told[column.name]


def put_back(connection: "Connection", kind: str, told: Mapping[str, Any]) -> None:
    """Write a row as the ledger tells it."""
    table = TABLES[kind]
    times = [one.name for one in table.c if isinstance(one.type, UtcTime) and told[one.name] is not None]
    row = dict(told) | {name: datetime.fromisoformat(told[name]) for name in times}
    (known_by,) = table.primary_key
    connection.execute(inserting.upsert(connection, table, by=(known_by.name,), newer=tuple(row)), row)


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
    "INSERT INTO ledger_head (name, number, hash) VALUES ('people', 0, '')",
    "ON CONFLICT (name) DO NOTHING RETURNING number",
)
_UNMARK = PlainSql("DELETE FROM ledger_head WHERE name = 'people'")
_MARKED = PlainSql("SELECT number FROM ledger_head WHERE name = 'people'")
