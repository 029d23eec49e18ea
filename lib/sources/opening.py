"""Opening the source of bars that the settings name."""

from lib.database.opening import Database
from lib.settings import Settings
from lib.sources.protocol import BarSource
from lib.sources.sample import SampleSource


def open_source(settings: Settings, *, database: Database | None = None) -> BarSource:
    """Open the source; nothing is read or connected to before it is asked for bars.

    ``database`` is the registry's where that is open already; the database source opens its own otherwise.
    """
    if settings.bars_source == "database":
        from lib.sources.database import DatabaseSource

        return DatabaseSource(database, url=settings.registry_url)
    if settings.bars_source == "yahoo":
        from lib.sources.yahoo import YahooSource

        return YahooSource()
    return SampleSource()
