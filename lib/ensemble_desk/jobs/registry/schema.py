"""Commands about the tables of the registry: which migration they are at, and bringing them up to date."""

from collections.abc import Callable
from typing import Any

from ensemble_desk.database import opening
from ensemble_desk.database.schema_version import HEAD
from ensemble_desk.jobs import desk, output
from ensemble_desk.jobs.arguments import Json


def current(*, as_json: Json = False) -> None:
    """Show which migration the database is at, and which one this release brings it to; changes nothing."""
    _show(opening.migration_of(desk.settings().registry_url), as_json=as_json)


def upgrade(*, as_json: Json = False) -> None:
    """Bring the tables up to date; programs of the release before go on with them where its changes only add."""
    settings = desk.settings()
    before = opening.migration_of(settings.registry_url)
    opening.open_database(settings.registry_url, patience_seconds=settings.database_patience).close()
    _show(opening.migration_of(settings.registry_url), as_json=as_json, before=before)


def _show(found: str | None, *, as_json: bool, **more: Any) -> None:
    told = {"database": found, "release": HEAD, "up_to_date": found is not None and found >= HEAD, **more}
    output.show(told, as_json=as_json, table=lambda: output.table(("", ""), list(told.items()), empty=""))


COMMANDS: dict[str, Callable[..., None]] = {"current": current, "upgrade": upgrade}
