"""What stands in a database before we bring it our tables: nothing, the guide's tables to adopt, or what is in the way.

The guide's ``symbols`` and ``training_runs`` (and the ``drift_monitoring`` of the document it points to) are used as
they are when our code can read and write them: nothing is added to them but an index. Other tables under one of our
names are left alone.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Inspector, Table, inspect, text, types

from ensemble_desk.database.schema_version import VERSION_TABLE
from ensemble_desk.database.tables import registry_tables
from ensemble_desk.errors.base import listed

OWN_SCHEMA = "ensemble_desk"
"""Where our tables are when those under their names cannot be adopted."""

_ADOPTABLE = ("symbols", "training_runs", "drift_monitoring")
_SHORT_TEXTS = ("ticker", "timeframe", "status")  # may have a greatest length; an error message may not
_MARK_OF_THE_GUIDE = {"symbol_id", "timeframe", "run_date"}


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether our tables can be made beside those that are there; an empty text means nothing of the kind.

    Attributes
    ----------
    in_the_way : why our tables need a schema of their own.
    unfinished : why the guide's tables are only half there, which somebody has to finish first.
    """

    in_the_way: str = ""
    unfinished: str = ""


def examine(connection: Connection) -> Standing:
    """Look at the tables in the schema of a connection that none of our migrations has run in."""
    found = inspect(connection)
    there = [name for name in registry_tables.metadata.tables if found.has_table(name)]
    unfinished = _unfinished(found, there)
    if unfinished:
        return Standing(unfinished=unfinished)
    foreign = [name for name in there if name not in _ADOPTABLE]
    if foreign:
        return Standing(f"it holds tables of another program under the same names ({listed(sorted(foreign), most=4)})")
    for name in there:
        problem = _problem(connection, found, registry_tables.metadata.tables[name])
        if problem:
            return Standing(f"its table {name} cannot be used as it is: {problem}")
    return Standing()


def beside(connection: Connection) -> str:
    """Name the schema with the guide's tables that our own schema keeps apart from; empty when there is none."""
    wanted = text(
        "SELECT runs.table_schema FROM information_schema.columns AS runs"
        " JOIN information_schema.columns AS tickers ON tickers.table_schema = runs.table_schema"
        " AND tickers.table_name = 'symbols' AND tickers.column_name = 'ticker'"
        " JOIN unnest(string_to_array((SELECT reset_val FROM pg_settings WHERE name = 'search_path'), ','))"
        " WITH ORDINALITY AS path (name, place)"
        " ON runs.table_schema = replace(trim(both ' \"' from path.name), '$user', current_user)"
        " WHERE runs.table_name = 'training_runs' AND runs.column_name = 'symbol_id'"
        " AND runs.table_schema <> coalesce(current_schema(), '') ORDER BY path.place LIMIT 1"
    )
    return str(connection.execute(wanted).scalar() or "")


def _unfinished(found: Inspector, there: Collection[str]) -> str:
    if "training_runs" not in there:
        return ""
    present = {column["name"] for column in found.get_columns("training_runs")}
    if not present >= _MARK_OF_THE_GUIDE:
        return ""  # another program's table of that name
    if "symbols" not in there:
        return "holds the guide's table training_runs without its table symbols"
    lacking = [column.name for column in registry_tables.training_runs.columns if column.name not in present]
    if lacking:
        return f"holds the guide's table training_runs without its columns {listed(lacking, most=13)}"
    return ""


def _problem(connection: Connection, found: Inspector, table: Table) -> str:
    """Say why our code cannot read and write a table that is there; empty when it can."""
    columns: dict[str, Any] = {column["name"]: column for column in found.get_columns(table.name)}
    for ours in table.columns:
        if ours.name not in columns:
            return f"it has no column {ours.name}"
        if not _fits(ours, columns[ours.name]["type"], sqlite=connection.dialect.name == "sqlite"):
            return f"its column {ours.name} has the type {columns[ours.name]['type']}"
    needed = [name for name, told in columns.items() if name not in table.columns and _must_be_given(told)]
    if needed:
        return f"a row in it needs {listed(needed, most=4)}, which we have nothing to put in"
    return _number_problem(connection, found, table, columns["id"]) or _rights_problem(connection, table.name)


def _fits(ours: "Column[Any]", theirs: types.TypeEngine[Any], *, sqlite: bool) -> bool:
    if isinstance(ours.type, types.String):
        if not isinstance(theirs, types.String) or isinstance(theirs, types.Enum):
            return False
        return sqlite or theirs.length is None or ours.name in _SHORT_TEXTS
    if isinstance(ours.type, types.Integer):
        return isinstance(theirs, types.Integer)
    if isinstance(ours.type, types.Float):
        return isinstance(theirs, types.Float | types.Numeric)
    kind = next(one for one in (types.JSON, types.Date, types.Boolean, types.DateTime) if _is(ours.type, one))
    return sqlite or isinstance(theirs, kind)  # SQLite keeps texts and numbers, whatever the column is called


def _is(ours: types.TypeEngine[Any], kind: type[types.TypeEngine[Any]]) -> bool:
    inner = ours.impl if isinstance(ours, types.TypeDecorator) else ours
    return isinstance(inner, kind)


def _must_be_given(column: Mapping[str, Any]) -> bool:
    given_by_itself = column.get("default") is not None or column.get("identity") or column.get("computed")
    return not column["nullable"] and not given_by_itself


def _number_problem(connection: Connection, found: Inspector, table: Table, number: Mapping[str, Any]) -> str:
    """Say why a row would get no number of its own, or a second row could say the same."""
    if found.get_pk_constraint(table.name)["constrained_columns"] != ["id"]:
        return "id is not its primary key"
    sqlite = connection.dialect.name == "sqlite"
    if sqlite and str(number["type"]).upper() != "INTEGER":
        return f"its id is {number['type']}, which SQLite gives no number by itself; it must be INTEGER PRIMARY KEY"
    if not sqlite and _must_be_given(number):
        return "its id has no default"
    unique: list[set[str | None]] = [set(one["column_names"]) for one in found.get_unique_constraints(table.name)]
    unique += [set(one["column_names"]) for one in found.get_indexes(table.name) if one["unique"]]
    wanted = _unique_columns(table)
    return "" if set(wanted) in unique else f"{' + '.join(wanted)} is not unique in it"


def _unique_columns(table: Table) -> Sequence[str]:
    if table.name == "symbols":
        return ("ticker",)
    return ("symbol_id", "timeframe", "date" if table.name == "drift_monitoring" else "run_date")


def _rights_problem(connection: Connection, table: str) -> str:
    if connection.dialect.name == "sqlite":
        return ""
    for right in ("SELECT", "INSERT", "UPDATE", "REFERENCES"):
        asked = text("SELECT has_table_privilege(:table, :right)")
        if not connection.execute(asked, {"table": table, "right": right}).scalar_one():
            return f"this user lacks the right to {right} there"
    return ""


def is_ours(connection: Connection) -> bool:
    """Tell whether ``alembic_version`` is where an earlier release of ours kept its migration."""
    found = inspect(connection)
    return found.has_table("alembic_version") and found.has_table("training_run_progress")


def take_version_over(connection: Connection) -> None:
    """Give our row in ``alembic_version`` a table of its own name, so that another program may have that one."""
    connection.execute(text(f"ALTER TABLE alembic_version RENAME TO {VERSION_TABLE}"))
    if connection.dialect.name == "postgresql":
        rename = f"ALTER TABLE {VERSION_TABLE} RENAME CONSTRAINT alembic_version_pkc TO {VERSION_TABLE}_pkc"
        connection.execute(text(rename))
