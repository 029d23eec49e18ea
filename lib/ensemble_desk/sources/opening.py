"""Opening the source of bars that the settings name."""

from ensemble_desk.database.opening import Database
from ensemble_desk.settings import Settings
from ensemble_desk.sources.protocol import BarSource
from ensemble_desk.sources.sample import SampleSource


def open_source(settings: Settings, *, database: Database | None = None) -> BarSource:
    """Open the source; nothing is read or connected to before it is asked for bars.

    ``database`` is the registry's where that is open already; the database source opens its own otherwise.
    """
    if settings.bars_source == "database":
        from ensemble_desk.sources.database import DatabaseSource

        return DatabaseSource(database, url=settings.registry_url)
    if settings.bars_source == "yahoo":
        from ensemble_desk.sources.yahoo import YahooSource

        return YahooSource()
    return SampleSource()
