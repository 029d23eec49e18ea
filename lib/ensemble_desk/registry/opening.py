"""Opening the registry: everything its verbs need, held together and passed as their first argument."""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Self

from ensemble_desk.artifacts.store import opening as stores
from ensemble_desk.artifacts.store.protocol import Store
from ensemble_desk.database import opening as databases
from ensemble_desk.database.opening import Database
from ensemble_desk.market import feature_sets, horizon_table, timeframes
from ensemble_desk.registry import agreement
from ensemble_desk.registry.artifact_cache import ArtifactCache
from ensemble_desk.registry.query_cache import QueryCache
from ensemble_desk.settings import Settings
from ensemble_desk.sources import feature_functions
from ensemble_desk.sources import opening as sources
from ensemble_desk.sources.protocol import BarSource

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, eq=False)
class Registry:
    """An open registry; close it, or use it in a ``with`` statement.

    Attributes
    ----------
    settings : what the deployment chose.
    database : index, pointers and history.
    store : the folder, or bucket, of artifacts.
    source : where bars for smoke forecasts come from.
    clock : gives the aware UTC time.
    cache : loaded versions of this process.
    query_cache : what was read of the database, kept until somebody writes to it.
    """

    settings: Settings
    database: Database
    store: Store
    source: BarSource
    clock: Clock
    cache: ArtifactCache
    query_cache: QueryCache

    def close(self) -> None:
        self.cache.clear()
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def open_registry(
    settings: Settings, *, clock: Clock | None = None, whatever_the_ledger_says: bool = False
) -> Registry:
    """Open the registry that the settings name; an empty database is given its tables.

    ``whatever_the_ledger_says`` is for those who look at the damage or repair it.

    Raises
    ------
    DatabaseError, SettingsError
        When the database cannot be opened, see :func:`ensemble_desk.database.opening.open_database`.
    RegistryOlderError
        When the ledger tells of moves that the database knows nothing of.
    """
    timeframes.use(horizon_table.read(settings.horizons))
    database = databases.open_database(settings.registry_url, patience_seconds=settings.database_patience)
    if not whatever_the_ledger_says:
        try:
            agreement.refuse_older(database, settings.ledger_files[0])
        except BaseException:
            database.close()
            raise
    feature_sets.use(partial(feature_functions.find, chosen=settings.features, database=database))
    return Registry(
        settings=settings,
        database=database,
        store=open_store(settings),
        source=sources.open_source(settings, database=database),
        clock=clock or _utc_now,
        cache=ArtifactCache(max_bytes=int(settings.cache_mb * 2**20)),
        query_cache=QueryCache(database),
    )


def open_store(settings: Settings) -> Store:
    """Open the place of artifacts that the settings name."""
    return stores.open_store(
        settings.bucket_url,
        folder=settings.models_folder,
        max_bytes=settings.max_artifact_bytes,
        kept_bytes=int(settings.models_cache_mb * 2**20),
    )


@dataclass(slots=True)
class _Shared:
    """The registries that this process has opened for whoever names their settings; a fork begins with none."""

    by_settings: dict[str, Registry] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


_shared = _Shared()


def _begin_anew() -> None:
    _shared.by_settings, _shared.lock = {}, threading.Lock()  # a thread of the parent may hold its lock


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


def shared(settings: Settings) -> Registry:
    """Give the one registry of this process for these settings, opened on first use; raises as `open_registry`."""
    name = settings.model_dump_json()
    with _shared.lock:
        if name not in _shared.by_settings:
            _shared.by_settings[name] = open_registry(settings)
        return _shared.by_settings[name]


def close_shared(settings: Settings) -> None:
    """Close the registry that `shared` gave for these settings, if there is one."""
    with _shared.lock:
        found = _shared.by_settings.pop(settings.model_dump_json(), None)
    if found is not None:
        found.close()


def _utc_now() -> datetime:
    return datetime.now(UTC)
