"""Files of serving forms: written beside the artifacts, whole or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from ensemble_desk.artifacts.store import claims

MODE = 0o644


def write(folder: Path, name: str, data: bytes) -> None:
    """Write a file under its name in the folder, over one that is there; raises OSError and leaves nothing then."""
    path = folder / name
    claims.make_place(path.parent, folder)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            os.fchmod(descriptor, MODE)
            file.flush()
            os.fsync(descriptor)
        Path(draft).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(draft).unlink()
        raise
