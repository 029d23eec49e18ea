"""A folder of copies: each content once, named by its digest, and one small list for every backup made into it."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from ensemble_desk.errors import BackupDamagedError, BackupError

_FORMAT = 1
_AT_ONCE = 1 << 20
_RETRY = "Check that the place is there and can be written, then retry."


@dataclass(frozen=True, slots=True)
class Copy:
    """One content in the folder; ``is_new``: no earlier backup holds it."""

    sha256: str
    size_bytes: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Copies:
    """The folder; it need not exist before the first backup."""

    folder: Path

    def held(self, sha256: str) -> "Copy | None":
        """Give the copy with this digest that an earlier backup made; None when there is none."""
        place = self._object(sha256)
        return Copy(sha256, place.stat().st_size, is_new=False) if place.is_file() else None

    def put(self, file: Path) -> "Copy":
        """Copy a file unless its content is there already. Raises BackupError, FileNotFoundError."""
        with file.open("rb") as source:
            return self._put(source)

    def put_bytes(self, data: bytes) -> "Copy":
        """Keep these bytes unless they are there already. Raises BackupError."""
        return self._put(BytesIO(data))

    def _put(self, source: BinaryIO) -> "Copy":
        draft = self.folder / f".draft.{os.getpid()}"
        digest, size = hashlib.sha256(), 0
        try:
            draft.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as target:
                while part := source.read(_AT_ONCE):
                    digest.update(part)
                    size += len(part)
                    target.write(part)
                target.flush()
                os.fsync(target.fileno())
            place = self._object(digest.hexdigest())
            is_new = not place.exists()
            if is_new:
                place.parent.mkdir(parents=True, exist_ok=True)
                draft.replace(place)
        except OSError as error:
            raise BackupError(str(self.folder), f"cannot be written ({error.strerror})", advice=_RETRY) from error
        finally:
            draft.unlink(missing_ok=True)
        return Copy(digest.hexdigest(), size, is_new)

    def path(self, sha256: str) -> Path:
        """Give the copy with this digest, checked; raises BackupDamagedError."""
        place = self._object(sha256)
        digest = hashlib.sha256()
        try:
            with place.open("rb") as opened:
                while part := opened.read(_AT_ONCE):
                    digest.update(part)
        except OSError:
            raise BackupDamagedError(str(self.folder), [place.name]) from None
        if digest.hexdigest() != sha256:
            raise BackupDamagedError(str(self.folder), [place.name])
        return place

    def finish(self, name: str, listed: Mapping[str, Any]) -> Path:
        """Write the list of a backup, last of all: without it there is no backup."""
        body = dict(listed) | {"format": _FORMAT}
        body["sha256"] = _own(body)
        draft, place = self.folder / f".draft.{os.getpid()}", self.folder / "backups" / f"{name}.json"
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("w", encoding="utf-8") as target:
                json.dump(body, target, indent=1, sort_keys=True)
                target.flush()
                os.fsync(target.fileno())
            draft.replace(place)
        except OSError as error:
            raise BackupError(str(self.folder), f"cannot be written ({error.strerror})", advice=_RETRY) from error
        return place

    def names(self) -> tuple[str, ...]:
        """Every backup in the folder, oldest first."""
        return tuple(sorted(file.stem for file in (self.folder / "backups").glob("*.json")))

    def listed(self, name: str | None) -> tuple[str, Mapping[str, Any]]:
        """Read the list of a backup, by default of the newest; raises BackupError."""
        known = self.names()
        if not known or (name is not None and name not in known):
            wanted = "no backup" if name is None else f"no backup {name}"
            advice = f"There are: {', '.join(known[-8:])}." if known else "Make one with: desk backup TO"
            raise BackupError(str(self.folder), f"holds {wanted}", advice=advice)
        chosen = name or known[-1]
        try:
            body = json.loads((self.folder / "backups" / f"{chosen}.json").read_text("utf-8"))
            sound = body.pop("sha256") == _own(body) and body["format"] == _FORMAT
        except (OSError, ValueError, KeyError, AttributeError):
            sound = False
        if not sound:
            raise BackupDamagedError(str(self.folder), [f"{chosen}.json"])
        return chosen, body

    def _object(self, sha256: str) -> Path:
        return self.folder / "objects" / sha256[:2] / sha256


def _own(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
