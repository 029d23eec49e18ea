"""Which place of artifacts an address names."""

from pathlib import Path

from ensemble_desk.artifacts.store.folder import ArtifactStore
from ensemble_desk.artifacts.store.protocol import Store


def open_store(url: str, *, folder: Path, max_bytes: int, kept_bytes: int) -> Store:
    """Open a bucket where there is an address of one, else the folder; of a bucket it keeps what was read."""
    if not url:
        return ArtifactStore(folder, max_bytes=max_bytes)
    from ensemble_desk.artifacts.store.bucket import Bucket
    from ensemble_desk.artifacts.store.kept_objects import KeptObjects
    from ensemble_desk.artifacts.store.objects import ObjectStore

    kept = KeptObjects(folder / "objects", kept_bytes)
    return ObjectStore(Bucket(url), max_bytes=max_bytes, kept=kept)
