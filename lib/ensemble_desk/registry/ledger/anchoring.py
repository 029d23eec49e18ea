"""Once a day the ledger is told what all daily digests of the days before come to, so that they cannot be made anew."""

from sqlalchemy import Connection

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.database.queries.plain_sql import PlainSql
from ensemble_desk.registry import ledger_file
from ensemble_desk.registry.ledger import notes, people, writing
from ensemble_desk.registry.opening import Registry


def tell(registry: Registry) -> None:
    """Write the line of today, unless it is there; raises what `writing.writing` does."""
    at = registry.clock()
    day = at.date()
    if _told(registry) == day.toordinal():
        return
    with writing.writing(registry) as connection:
        people.begin(connection)
        n_digests, sha256 = digests.whole(connection, before=day)
        told = {"before": day.isoformat(), "n_digests": n_digests, "sha256": sha256}
        notes.take(connection, notes.DIGESTS, told)
        _keep(connection, {"value": day.toordinal(), "updated_at": at})


def begin(registry: Registry) -> None:
    """Tell a ledger of an earlier release once which roles, tokens and notes there are; raises what `tell` does."""
    with registry.database.reading() as connection:
        is_told = people.is_marked(connection)
    if not is_told and ledger_file.tail(registry.settings.ledger_files[0]).last.number:
        with writing.writing(registry) as connection:
            people.begin(connection)


def _told(registry: Registry) -> int | None:
    found = registry.database.ask(_READ)
    return int(found[0].value) if found else None


def _keep(connection: Connection, values: dict[str, object]) -> None:
    _KEEP.write(connection, values)


_READ = PlainSql("SELECT value FROM sync_state WHERE name = 'ledger digests'")
_KEEP = PlainSql(
    "INSERT INTO sync_state (name, value, updated_at) VALUES ('ledger digests', :value, :updated_at)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
    times=("updated_at",),
)
