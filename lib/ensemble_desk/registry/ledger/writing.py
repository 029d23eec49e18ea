"""Transactions that the ledger remembers: its lines are on disk before the commit, and say afterwards that it was.

What becomes of a program that dies: before its lines are whole, nothing has happened; between them and the commit, the
next writer finds that the database does not know them and writes ``abandoned``; after the commit, that it does, and
writes ``committed``. Nobody else can append meanwhile, so lines without an end are those of the dead.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING

from ensemble_desk.registry import agreement, ledger_file
from ensemble_desk.registry.ledger import notes
from ensemble_desk.registry.ledger_file import ABANDONED, COMMITTED, NONE, Head, Writer
from ensemble_desk.registry.opening import Registry

if TYPE_CHECKING:
    from sqlalchemy import Connection


@contextmanager
def writing(registry: Registry) -> Iterator["Connection"]:
    """One transaction that writes what the ledger must know.

    Raises
    ------
    DatabaseError
    LedgerError
        When the ledger cannot be written; nothing changed.
    RegistryOlderError, LedgerBehindError
        When database and ledger tell of different registries; nothing changed.
    """
    with ExitStack() as held:
        written: tuple[Writer, Head] | None = None
        with registry.database.writing() as connection:
            with notes.collecting(connection) as taken:
                yield connection
            if taken:
                writer = held.enter_context(appending(registry))
                written = writer, _write_ahead(registry, connection, writer, taken)
        if written is not None:
            written[0].settle(COMMITTED, written[1], at=registry.clock())


def appending(registry: Registry) -> AbstractContextManager[Writer]:
    """Keep every other program from appending to this registry's ledger, until the end. Raises LedgerError."""
    settings = registry.settings
    return ledger_file.appending(settings.ledger_files, bucket_url=settings.ledger_bucket)


def settle(registry: Registry) -> None:
    """Write down what became of lines whose writer died; raises as `writing` does."""
    if ledger_file.tail(registry.settings.ledger_files[0]).pending is None:
        return
    with (
        appending(registry) as writer,
        registry.database.reading() as connection,
    ):
        _settle(registry, writer, agreement.head(connection))


def _write_ahead(registry: Registry, connection: "Connection", writer: Writer, taken: list[notes.Note]) -> Head:
    known = agreement.head(connection)
    _settle(registry, writer, known)
    agreement.refuse_different(registry.settings.ledger_files[0], known, writer.end)
    if known == NONE:
        from ensemble_desk.registry.ledger import beginning

        taken = beginning.everything(connection)  # this transaction's own rows among them
    head = writer.planned(taken)
    agreement.keep(connection, head)
    writer.append(taken, durable=True)
    return head


def _settle(registry: Registry, writer: Writer, known: Head) -> None:
    pending = writer.end.pending
    if pending is not None:
        writer.settle(COMMITTED if known == pending else ABANDONED, pending, at=registry.clock())
