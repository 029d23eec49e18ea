"""The hash that ties each row of history to the one before it."""

import hashlib
from collections.abc import Mapping
from typing import Any

from ensemble_desk.market.keys import Key
from ensemble_desk.registry import ledger_file


def origin(key: Key) -> str:
    """What the first row of a key names as its predecessor."""
    return hashlib.sha256(f"history of {key}".encode()).hexdigest()


def digest(row: Mapping[str, Any]) -> str:
    """SHA-256 of a row of history as canonical JSON: sorted keys, no spaces, times in UTC to the microsecond."""
    return hashlib.sha256(ledger_file.encoded(row)).hexdigest()
