"""A bucket by its client: few verbs, every error in our own words. Nothing else imports the client.

Credentials come from the environment, read by the client itself, and stand in no error: what the client says is looked
at, never told.
"""

import datetime as dt
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from ensemble_desk.errors import (
    ClockSkewError,
    DeskError,
    StoreError,
    StoreForbiddenError,
    StoreUnreachableError,
    extras,
)

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ObjectStore as Client

_RETRIES = 3
_RETRYING = dt.timedelta(seconds=8)
_CONNECTING, _ANSWERING = "3s", "60s"
_AT_ONCE = 1_000
_UNKNOWN = ("SignatureDoesNotMatch", "InvalidAccessKeyId", "InvalidToken", "ExpiredToken", "TokenRefreshRequired")
_FORKED = "was used by the process that this one was forked from"
_users: set[int] = set()


class Object(NamedTuple):
    """One object, as a listing tells of it; ``mark`` is a number that other bytes do not have."""

    name: str
    size_bytes: int
    mark: int
    written_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Bucket:
    """The objects below one address such as ``s3://models/desk``; names are relative to it."""

    url: str

    def read(self, name: str, *, most_bytes: int | None = None) -> bytes | None:
        """Read an object, None when there is none; one byte more than asked for when it holds more."""
        with self._told("read"):
            try:
                found = self._client().get(name)
            except FileNotFoundError:
                return None
            size = int(found.meta["size"])
            if most_bytes is not None and size > most_bytes:
                return bytes(self._client().get_range(name, start=0, end=most_bytes + 1))
            return bytes(found.bytes())

    def create(self, name: str, data: bytes) -> int:
        """Write an object that is not there yet; gives its mark.

        Raises FileExistsError when there is one with other bytes: a repeated request may find its own.
        """
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        with self._told("write"):
            try:
                return _mark(self._client().put(name, data, mode="create")["e_tag"])
            except (AlreadyExistsError, PreconditionError):
                if self.read(name, most_bytes=len(data)) != data:
                    raise FileExistsError(name) from None
                found = self.look(name)
                return found.mark if found else 0

    def write(self, name: str, data: bytes) -> None:
        """Write an object, over one that is there."""
        with self._told("write"):
            self._client().put(name, data, use_multipart=False)

    def look(self, name: str) -> Object | None:
        """Tell of one object without reading it; None when there is none."""
        with self._told("read"):
            try:
                return _object(self._client().head(name))
            except FileNotFoundError:
                return None

    def delete(self, name: str) -> None:
        """Delete an object; none is no error."""
        with self._told("delete"):
            try:
                self._client().delete(name)
            except FileNotFoundError:
                return

    def all(self, prefix: str = "") -> Iterator[Object]:
        """List every object whose name begins so, in the order of names."""
        with self._told("list"):
            # the client's own prefix would have to end at a slash; names come in their order
            for some in self._client().list(offset=prefix or None, chunk_size=_AT_ONCE):
                for found in map(_object, some):
                    if not found.name.startswith(prefix):
                        return
                    yield found

    def is_empty(self) -> bool:
        with self._told("list"):
            return not any(self._client().list(chunk_size=1))

    def _client(self) -> "Client":
        _users.add(os.getpid())
        if len(_users) > 1:  # its threads did not come along, and it would wait for them for ever
            raise StoreError(self.url, _FORKED, advice="Start processes by spawn, or fork before the first use.")
        return _client(self.url)

    @contextmanager
    def _told(self, action: str) -> Iterator[None]:
        """Let errors of the client leave in our own words."""
        from obstore.exceptions import BaseError

        try:
            yield
        except BaseError as error:
            raise _ours(self.url, error, action) from None


@lru_cache(maxsize=8)
def _client(url: str) -> "Client":
    with extras.needed():
        import obstore.store
    return obstore.store.from_url(
        url,
        client_options={"allow_http": True, "connect_timeout": _CONNECTING, "timeout": _ANSWERING},
        retry_config={"max_retries": _RETRIES, "retry_timeout": _RETRYING},
    )


def _object(meta: "ObjectMeta") -> Object:
    return Object(str(meta["path"]), int(meta["size"]), _mark(meta["e_tag"]), meta["last_modified"])


def _mark(e_tag: str | None) -> int:
    """Make a number that a database can hold out of an entity tag."""
    bare = (e_tag or "").removeprefix("W/").strip('"')
    return int.from_bytes(hashlib.blake2b(bare.encode(), digest_size=8).digest()) >> 1


def _ours(url: str, error: Exception, action: str) -> DeskError:
    from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

    said = str(error)
    if "RequestTimeTooSkewed" in said or "RequestExpired" in said:
        return ClockSkewError(url)
    if isinstance(error, UnauthenticatedError) or any(code in said for code in _UNKNOWN):
        return StoreForbiddenError(url, action=action, known=False)
    if isinstance(error, PermissionDeniedError) or "403 Forbidden" in said or "AccessDenied" in said:
        return StoreForbiddenError(url, action=action, known=True)
    if "NoSuchBucket" in said or "404 Not Found" in said:
        return StoreError(url, "is not there", advice="Create it, or correct DESK_MODELS_URL.")
    if "EntityTooLarge" in said or "NoSpace" in said or "507 " in said:
        return StoreError(url, "takes nothing more", advice="Make room in it, then retry.")
    return StoreUnreachableError(url)
