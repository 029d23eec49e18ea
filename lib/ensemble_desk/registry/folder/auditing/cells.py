"""Cells of the database that hold what nobody can read, named by table, row and column."""

import json
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import JSON, Column, Connection, Table, column, exc, select

from ensemble_desk.artifacts.descriptions import Description
from ensemble_desk.database import failures
from ensemble_desk.database.tables import registry_tables as tables
from ensemble_desk.errors import InvalidDescriptionError, InvalidSymbolError, InvalidTimeframeError
from ensemble_desk.errors.base import shown
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.actors import Role
from ensemble_desk.registry.entities import Action, Finding, Mode, State

UNREADABLE = "unreadable row"
_MOST, _AT_ONCE = 20, 1_000
_ADVICE = "put it right, or restore a backup (desk restore FROM), then verify again"
_WRONG = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    InvalidSymbolError,
    InvalidTimeframeError,
    InvalidDescriptionError,
)
T = TypeVar("T")


class Checks:
    """Checks of one look at the database: a row that ends one of them is found, the others are made all the same."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ended: list[str] = []

    def of(self, found: Iterable[T]) -> Iterator[T]:
        """Give what a check finds or needs, as far as it can read."""
        try:
            yield from found
        except _WRONG as error:
            self._ended.append(f"{type(error).__name__}: {error}")
        except (exc.OperationalError, sqlite3.OperationalError) as error:
            cause = getattr(error, "orig", error)
            if not failures.is_no_text(cause):
                raise
            self._ended.append(str(cause))

    def unreadable(self) -> Iterator[Finding]:
        """Name the cells that ended checks, by looking at every cell there is; nothing when none was ended."""
        if not self._ended:
            return
        if self._connection.dialect.name == "sqlite":
            driver: Any = self._connection.connection.driver_connection
            driver.text_factory = _text
        self._connection.detach()  # used by nobody afterwards: it may be left in the middle of a row
        everywhere = _everywhere(self._connection)
        found = list(islice(everywhere, _MOST))
        everywhere.close()
        yield from found or [Finding(None, UNREADABLE, f"some row cannot be read ({self._ended[0]}); {_ADVICE}")]


def _everywhere(connection: Connection) -> Generator[Finding]:
    for table in tables.metadata.sorted_tables:
        readers = {one.name: _reader(one, connection) for one in table.c}
        bare: Any = select(*(column(name) for name in readers)).select_from(table)
        with connection.execute(bare, execution_options={"yield_per": _AT_ONCE}) as rows:
            for row in rows.mappings():
                yield from _of_row(table, row, readers)


def _of_row(table: Table, row: Mapping[Any, Any], readers: Mapping[str, Callable[[Any], object]]) -> Iterator[Finding]:
    for name, read in readers.items():
        try:
            read(row[name])
        except _WRONG:
            which = ", ".join(f"{one.name} {shown(row[one.name])}" for one in table.primary_key)
            holds = f"{table.name}, row {which}: {name} holds {shown(row[name])}, which nobody can read"
            yield Finding(_key(row), UNREADABLE, f"{holds}; {_ADVICE}")


def _reader(of: Column[Any], connection: Connection) -> Callable[[Any], object]:
    """Read a value as it stands there in the way of its column; raises one of `_WRONG`."""
    kind = of.type.dialect_impl(connection.dialect)
    is_checked = connection.dialect.name != "sqlite"  # a server keeps what is of another type out
    process = None if is_checked or kind.python_type is bool else kind.result_processor(connection.dialect, None)
    wanted = (int, float) if kind.python_type is float else (int,) if kind.python_type is bool else kind.python_type
    further = _FURTHER.get((of.table.name, of.name)) or _NAMES.get(of.name)

    def read(stored: Any) -> object:
        if stored is None:
            return None if of.nullable else _refused(stored)
        value = stored if process is None else process(stored)
        if not isinstance(kind, JSON) and not isinstance(value, wanted):
            return _refused(value)
        return value if further is None else further(value)

    return read


def _refused(value: object) -> object:
    raise TypeError(type(value).__name__)


def _object(value: object) -> object:
    return value if isinstance(value, dict) else _refused(value)


def _key(row: Mapping[Any, Any]) -> Key | None:
    try:
        return Key(row["symbol"], row["timeframe"])
    except (*_WRONG, KeyError):
        return None


def _text(raw: bytes) -> str | bytes:
    """Give bytes that are no text as they are."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


_NAMES: Mapping[str, Callable[[Any], object]] = {
    "symbol": lambda name: Key(name, "d1"),
    "timeframe": lambda name: Key("A", name),
    "mode": Mode,
    "action": Action,
    "health": State,
    "state": State,
    "role": Role.named,
    "manifest": _object,
}
_FURTHER: Mapping[tuple[str, str], Callable[[Any], object]] = {
    ("model_versions", "described"): lambda text: _object(json.loads(text)),
    ("version_descriptions", "told"): lambda told: Description.from_dict(_object(told)),  # type: ignore[arg-type]
    **{(name, "state"): lambda _: None for name in ("outcomes", "sent_alerts", "alarm_states")},
}
