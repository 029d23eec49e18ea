"""Whether the database and the ledger tell of the same registry, by the line that each says was committed last."""

from pathlib import Path
from typing import TYPE_CHECKING

from ensemble_desk.database.opening import Database
from ensemble_desk.database.queries.plain_sql import PlainSql
from ensemble_desk.errors import LedgerBehindError, RegistryOlderError
from ensemble_desk.registry import ledger_file
from ensemble_desk.registry.ledger_file import NONE, Head, Tail

if TYPE_CHECKING:
    from sqlalchemy import Connection

_TRIES = 10


def refuse_older(database: Database, file: Path) -> None:
    """Raise RegistryOlderError when the ledger knows of more, or of other moves, than the database."""
    end = ledger_file.tail(file)
    if end.last.number:
        _refuse_older(file, _known(database), end)


def refuse_different(file: Path, known: Head, end: Tail) -> None:
    """Raise RegistryOlderError or LedgerBehindError unless both end with the same committed line."""
    _refuse_older(file, known, end)
    if known.number > end.committed.number:
        raise LedgerBehindError(str(file), known=known.number, recorded=end.committed.number)


def difference(database: Database, file: Path) -> str:
    """Say how database and ledger differ now, while nobody writes to them; '' when they tell of the same."""
    for _ in range(_TRIES):
        end, known = ledger_file.tail(file), _known(database)
        try:
            refuse_different(file, known, end)
        except (RegistryOlderError, LedgerBehindError) as error:
            if (end, known) == (ledger_file.tail(file), _known(database)):
                return str(error)
        else:
            return ""
    return ""


def _known(database: Database) -> Head:
    found = database.ask(_READ)
    return Head(found[0].number, found[0].hash) if found else NONE


def _refuse_older(file: Path, known: Head, end: Tail) -> None:
    if known in (end.committed, end.pending):
        return
    if known.number <= end.committed.number:
        raise RegistryOlderError(str(file), known=known.number, recorded=end.committed.number)


def head(connection: "Connection") -> Head:
    """Read the newest line that the database has committed."""
    found = _READ.first(connection, {})
    return NONE if found is None else Head(found.number, found.hash)


def keep(connection: "Connection", new: Head) -> None:
    _KEEP.write(connection, {"number": new.number, "hash": new.hash})


_READ = PlainSql("SELECT number, hash FROM ledger_head WHERE name = 'ledger'")
_KEEP = PlainSql(
    "INSERT INTO ledger_head (name, number, hash) VALUES ('ledger', :number, :hash)"
    " ON CONFLICT (name) DO UPDATE SET number = excluded.number, hash = excluded.hash"
)
