"""Registering a version that was just published: into the index, and live when it passes the preflight."""

from ensemble_desk.artifacts.store.protocol import Published
from ensemble_desk.errors import FutureVersionError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import VersionRecord
from ensemble_desk.registry.folder import following
from ensemble_desk.registry.index import entries, registration, tombstones, versions
from ensemble_desk.registry.index import following as followed
from ensemble_desk.registry.index.following import Cause
from ensemble_desk.registry.index.registration import Arrival
from ensemble_desk.registry.ledger import writing
from ensemble_desk.registry.opening import Registry


def register(registry: Registry, published: Published, *, actor: str) -> VersionRecord:
    """Enter a version that the store has just published; production follows it if it passes the preflight.

    Raises PrunedVersionError for a name that was pruned, FutureVersionError for one that is dated in the future.
    """
    content = published.manifest.content
    today = registry.clock().date()
    if entries.is_future(published.version, today=today):
        raise FutureVersionError(published.file_name, today=today)
    key = Key(str(content["symbol"]), str(content["timeframe"]))
    arrival = Arrival(
        key=key,
        version=published.version,
        file_name=published.file_name,
        sha256=published.sha256,
        size_bytes=published.size_bytes,
        mtime_ns=published.mtime_ns,
        created_at=published.manifest.created_at,
        content=content,
        serving_sha256=published.form_sha256,
        has_manifest=True,
    )
    with writing.writing(registry) as connection:
        tombstones.refuse(connection, key, arrival.version)
        registration.enter(connection, arrival, publisher=actor, at=registry.clock())
    cause = Cause(actor, registry.clock(), followed.registered(arrival.version))
    following.follow(registry, key, cause=lambda _: cause)
    return versions.get(registry, key, published.version)
