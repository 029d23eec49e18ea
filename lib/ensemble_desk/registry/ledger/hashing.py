"""The hash that ties each row of history to the one before it."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from ensemble_desk.market.keys import Key


def origin(key: Key) -> str:
    """What the first row of a key names as its predecessor."""
    return hashlib.sha256(f"history of {key}".encode()).hexdigest()


def digest(row: Mapping[str, Any]) -> str:
    """SHA-256 of a row of history as canonical JSON: sorted keys, no spaces, times in UTC to the microsecond."""
    return hashlib.sha256(_CANONICAL.encode(row).encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, Enum):
        return value.value
    message = f"{type(value).__name__} has no place in history"
    raise TypeError(message)


_CANONICAL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain
)
