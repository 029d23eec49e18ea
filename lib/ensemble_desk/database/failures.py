"""The one place where errors of SQLAlchemy and its drivers become ours, each with advice."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ensemble_desk.errors import DatabaseError

_LOCKED = ("is locked by another program", "Wait until the other program is done, then retry.")
_READ_ONLY = ("is read-only", "Give this user write permission to the database and its folder, then retry.")
_DISK_FULL = ("has no space left on its disk", "Free some space, then retry.")
_CORRUPT = (
    "is damaged",
    "Move it away and restore it from a backup (desk restore FROM) or from its ledger (desk registry restore).",
)
_MISSING = ("cannot be opened", "Check that its folder exists and that this user may write there.")
_UNREACHABLE = ("cannot be reached", "Check that the server runs and that DESK_DATABASE_URL is right, then retry.")
_BUSY = ("has no free connection", "Too many programs use it at once; retry in a moment.")
_SLOW = ("took too long to answer and was stopped", "Retry when it is less busy.")
_CONFLICT = ("was changed by two programs at once", "Look again, then retry.")
_NOT_ALLOWED = ("refuses this user", "Ask its administrator for rights on the tables, then retry.")
_OWN_SCHEMA = "set DESK_DATABASE_SCHEMA to a schema for the registry's own tables"
_RULE = (
    "refuses a row by a rule of another program (NOT NULL, CHECK or a greatest length)",
    f"Loosen that rule, or {_OWN_SCHEMA}.",
)
_SCHEMA = ("lacks a table or column that this release needs", "Restart this program, which upgrades the tables.")

_SQLITE = {  # primary result code -> problem and advice
    3: _READ_ONLY,  # PERM
    5: _LOCKED,  # BUSY
    6: _LOCKED,  # LOCKED
    8: _READ_ONLY,
    10: ("cannot be read or written by the operating system", "Check its disk, then retry."),  # IOERR
    11: _CORRUPT,
    13: _DISK_FULL,
    14: _MISSING,  # CANTOPEN
    26: _CORRUPT,  # NOTADB
}
_NO_SUCH_DATABASE = ("does not exist on its server", "Create it there, or correct DESK_DATABASE_URL.")
_WRONG_OPTION = ("has an option in its URL that there is none of", "Correct DESK_DATABASE_URL.")
_NO_TEXT = "not decode to UTF-8"
_TOLD_ONLY = {  # errors that have a text, and no code
    _NO_TEXT: _CORRUPT,
    "invalid connection option": _WRONG_OPTION,
    "does not exist": _NO_SUCH_DATABASE,
    "authentication failed": _NOT_ALLOWED,
    "too many clients": _BUSY,
}
_SQLSTATE = {  # PostgreSQL
    "22001": _RULE,
    "23502": _RULE,
    "23514": _RULE,
    "25006": _READ_ONLY,
    "28000": _NOT_ALLOWED,
    "28P01": _NOT_ALLOWED,
    "3D000": _NO_SUCH_DATABASE,
    "40001": _CONFLICT,
    "40P01": _CONFLICT,
    "42501": _NOT_ALLOWED,
    "42703": _SCHEMA,
    "42P01": _SCHEMA,
    "53100": _DISK_FULL,
    "53300": _BUSY,
    "55P03": _LOCKED,
    "57014": _SLOW,
    "57P01": _UNREACHABLE,
    "57P02": _UNREACHABLE,
    "57P03": _UNREACHABLE,
}


@contextmanager
def translated() -> Iterator[None]:
    """Raise DatabaseError for what a person can solve; a mistake in a query stays what it is."""
    try:
        yield
    except _errors("sqlalchemy.exc", "TimeoutError") as error:
        raise DatabaseError(*_BUSY) from error
    except _errors("sqlalchemy.exc", "DBAPIError") as error:
        known = _known(getattr(error, "orig", None), lost=bool(getattr(error, "connection_invalidated", False)))
        if known is None:
            raise
        raise DatabaseError(*known) from error
    except _driver_errors() as error:  # SQLAlchemy does not wrap what fails while a connection is made ready
        known = _known(error, lost=False)
        if known is None:
            raise
        raise DatabaseError(*known) from error


def check_files(file: Path) -> None:
    """Raise DatabaseError where a file of SQLite's is a pipe or a device: opening one can wait for ever."""
    for name in (file, *(file.with_name(f"{file.name}{ending}") for ending in ("-journal", "-wal", "-shm"))):
        if name.exists() and not name.is_file():
            kind = "a folder" if name.is_dir() else "no regular file"
            problem = f"cannot be opened: {name.name} is {kind}"
            raise DatabaseError(problem, "Move it away, or name another file in DESK_DATABASE_URL.")


def _driver_errors() -> tuple[type[Exception], ...]:
    return (sqlite3.Error, *_errors("psycopg", "Error"))


def _errors(module: str, name: str) -> tuple[type[Exception], ...]:
    """Give a class of errors; none while its library, which nobody then has called, is not even imported."""
    imported = sys.modules.get(module)
    return () if imported is None else (getattr(imported, name),)


def is_locked(error: DatabaseError) -> bool:
    """Tell whether waiting may help."""
    return error.problem == _LOCKED[0]


def is_unreachable(error: BaseException) -> bool:
    """Tell whether there was no connection at all, so that asking again repeats nothing."""
    cause = getattr(error, "orig", error)
    return _known(cause, lost=bool(getattr(error, "connection_invalidated", False))) in (_UNREACHABLE, _BUSY)


def is_no_text(cause: object) -> bool:
    """Tell whether SQLite found bytes in a text that no text is made of."""
    return isinstance(cause, sqlite3.OperationalError) and _NO_TEXT in str(cause)


def is_read_only(error: DatabaseError) -> bool:
    return error.problem == _READ_ONLY[0]


def gone() -> DatabaseError:
    return DatabaseError(
        "file is gone", "Put it back from a backup, or restart this program to begin with an empty one."
    )


def damaged(detail: str) -> DatabaseError:
    return DatabaseError(f"is damaged ({detail})", "Restore it from a backup: desk restore FROM")


def goes_another_way(row: str) -> DatabaseError:
    return DatabaseError(
        f"holds {row}, which the ledger does not know",
        "Put a database or a ledger back that fits the other one: desk registry verify says what differs.",
    )


def no_folder(problem: str) -> DatabaseError:
    return DatabaseError(f"has no folder and none can be made ({problem})", "Check DESK_MODELS_URL and permissions.")


def unfinished(problem: str, *, sqlite: bool) -> DatabaseError:
    other = "name another file in DESK_DATABASE_URL" if sqlite else _OWN_SCHEMA
    return DatabaseError(problem, f"Finish that program's migration, or {other}.")


def occupied(reason: str, *, sqlite: bool) -> DatabaseError:
    other = "Name another file in DESK_DATABASE_URL" if sqlite else "Name another schema in DESK_DATABASE_SCHEMA"
    return DatabaseError(f"has no place for our tables: {reason}", f"{other}; what is there is left as it is.")


def too_new(revision: str) -> DatabaseError:
    return DatabaseError(f"was written by a newer release (schema {revision})", "Update this program.")


def _known(cause: object, *, lost: bool) -> tuple[str, str] | None:
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        if "no such table" in str(cause) or "no such column" in str(cause):
            return _SCHEMA
        return _SQLITE.get(int(code) & 0xFF)
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return _SQLSTATE.get(str(state), _UNREACHABLE if str(state).startswith("08") else None)
    unconnected = ("OperationalError", "InterfaceError", "ConnectionTimeout")
    if not lost and type(cause).__name__ not in unconnected and "invalid connection option" not in str(cause):
        return None
    told = (known for words, known in _TOLD_ONLY.items() if words in str(cause))
    return next(told, _UNREACHABLE)
