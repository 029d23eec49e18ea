"""The first lines of a ledger: everything that the registry holds already, as if it had just been decided."""

from collections.abc import Iterator

from sqlalchemy import Connection, select

from ensemble_desk.database.queries.plain_sql import PlainSql
from ensemble_desk.database.tables.registry_tables import (
    deployments,
    model_versions,
    production_pointers,
    pruned_versions,
)
from ensemble_desk.registry.ledger import chain, notes, people, pointers
from ensemble_desk.registry.ledger.notes import Note

OF_DIGESTS = "name >= 'ledger d' AND name < 'ledger e'"
"""Marks in ``sync_state`` of what the ledger was told of digests, as :mod:`.anchoring` calls them."""


def everything(connection: Connection) -> list[Note]:
    """Give versions, quarantines, tombstones, history, pointers, roles, tokens and notes, as their writers would."""
    people.mark(connection)
    tell_digests_anew(connection)
    return [*_versions(connection), *_history(connection), *people.everything(connection)]


def tell_digests_anew(connection: Connection) -> None:
    """Let the ledger be told of all digests again, see :mod:`.anchoring`."""
    _FORGET.write(connection, {})


def _versions(connection: Connection) -> Iterator[Note]:
    for row in connection.execute(select(model_versions).order_by(model_versions.c.id)).mappings():
        yield notes.VERSION, notes.of_version(row) | {"has_manifest": None}
        if row["quarantine_reason"] is not None:
            named = {name: row[name] for name in ("symbol", "timeframe", "version")}
            yield notes.QUARANTINE, named | {"reason": row["quarantine_reason"]}
    for row in connection.execute(select(pruned_versions).order_by(pruned_versions.c.pruned_at)).mappings():
        yield notes.TOMBSTONE, notes.of_tombstone(row)


def _history(connection: Connection) -> Iterator[Note]:
    for row in connection.execute(select(deployments).order_by(deployments.c.id)).mappings():
        yield notes.ROW, chain.noted(row)
    for row in connection.execute(select(production_pointers)).mappings():
        yield notes.POINTER, pointers.told(row)


_FORGET = PlainSql(f"DELETE FROM sync_state WHERE {OF_DIGESTS}")  # noqa: S608 - own text
