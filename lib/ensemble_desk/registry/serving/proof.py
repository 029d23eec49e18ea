"""Proof that a move has arrived: what production says, read back the whole way that a forecast goes."""

import time
from dataclasses import dataclass

from ensemble_desk.artifacts import digests, serving_form
from ensemble_desk.artifacts.safe_loading import loading
from ensemble_desk.errors import UnknownKeyError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.index import entries
from ensemble_desk.registry.ledger import pointers
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.serving import verified


@dataclass(frozen=True, slots=True)
class Proof:
    """What is really served.

    Attributes
    ----------
    version : the version that production points at; None when none is usable.
    milliseconds : how long the whole way took: pointer, bytes, digest, safe load, serving form.
    matches : whether the bytes in the folder are those that production promises, and hold that version.
    detail : in words.
    """

    version: str | None
    milliseconds: float
    matches: bool
    detail: str


def prove(registry: Registry, key: Key) -> Proof:
    """Read back what is served, past every cache.

    Raises
    ------
    UnknownKeyError, ArtifactError
        When the key is unknown, or its production version cannot be loaded.
    """
    begun = time.perf_counter()
    with registry.database.reading() as connection:
        pointer = pointers.read(connection, key)
        if pointer is None:
            raise UnknownKeyError(key)
        entry = entries.find(connection, key, pointer.version) if pointer.version else None
    if pointer.version is None or entry is None:
        return Proof(pointer.version, _since(begun), matches=False, detail="no version of this key is usable")
    data = registry.store.read(entry.file_name)
    actual = digests.of(data)
    if actual != pointer.sha256:
        told = f"{entry.file_name} has the digest {actual[:12]}…, production promises {str(pointer.sha256)[:12]}…"
        return Proof(pointer.version, _since(begun), matches=False, detail=told)
    content = loading.load(data, name=entry.file_name, max_bytes=registry.store.max_bytes)
    form = verified.form(registry, entry)
    if form is not None:
        serving_form.read(form, name=entry.file_name)
    inside = content.get("timestamp", pointer.version)
    milliseconds = _since(begun)
    if "schema_version" in content and inside != pointer.version:
        return Proof(pointer.version, milliseconds, matches=False, detail=f"{entry.file_name} holds version {inside}")
    return Proof(
        pointer.version, milliseconds, matches=True, detail=f"the loader serves {pointer.version}, {actual[:12]}…"
    )


def _since(begun: float) -> float:
    return round((time.perf_counter() - begun) * 1000, 3)
