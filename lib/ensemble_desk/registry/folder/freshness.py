"""Whether the index still tells what lies in the models folder: a question so cheap that every answer asks it first."""

from ensemble_desk.registry.entities import SyncReport
from ensemble_desk.registry.folder import marks as folder_marks
from ensemble_desk.registry.opening import Registry


def if_folder_changed(registry: Registry) -> SyncReport | None:
    """Synchronise when files came, went or were renamed since the last time; otherwise one stat and one read."""
    seen = registry.query_cache.get("folder mark", lambda: folder_marks.read(registry.database, registry.store.place))
    if seen == registry.store.folder_mark():
        return None
    from ensemble_desk.registry.folder import sync

    return sync.synchronise(registry)
