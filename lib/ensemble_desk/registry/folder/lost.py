"""A registry that was lost: it knows nothing, but the models folder holds what one has published."""

from collections.abc import Iterable
from contextlib import suppress

from sqlalchemy import Connection, select

from ensemble_desk.artifacts.store.scanning import FileEntry
from ensemble_desk.database.tables.registry_tables import ledger_head, pruned_versions, training_runs
from ensemble_desk.errors import ArtifactError, RegistryLostError
from ensemble_desk.registry.opening import Registry

_EXPORTED = ".safetensors"
_TRACES = (ledger_head.c.name, training_runs.c.id, pruned_versions.c.version)


def has_begun(connection: Connection) -> bool:
    """Tell whether this registry was ever used: it decided something, or a training was begun."""
    return any(connection.execute(select(trace).limit(1)).first() is not None for trace in _TRACES)


def refuse(registry: Registry, files: Iterable[FileEntry]) -> None:
    """Raise RegistryLostError when there are published versions in the folder of a registry that has not begun.

    An exported version brings its manifest along without any registry, so it is no sign of one; that another registry
    has taken in what is there stands beside it.
    """
    found = list(files)
    beside = [one.file_name for one in found if one.has_manifest and not one.file_name.endswith(_EXPORTED)]
    published = len(beside) if any(_is_published(registry, name) for name in beside) else 0
    if not published and found and registry.store.was_used():
        published = len(found)
    if published:
        raise RegistryLostError(registry.store.name, n_versions=published)


def _is_published(registry: Registry, file_name: str) -> bool:
    """Tell a manifest, be it damaged, from another program's JSON under its name."""
    try:
        return registry.store.manifest_bytes(file_name) is not None
    except ArtifactError:
        return True


def refuse_lost(registry: Registry) -> None:
    """Raise RegistryLostError when this registry was lost; one that is in use is not looked at further."""
    with registry.database.reading() as connection:
        begun = has_begun(connection)
    if not begun:
        with suppress(ArtifactError):  # a folder that cannot be listed is told by whoever needs it
            refuse(registry, registry.store.scan())
