"""What the overview reads of every key at once: its bars, and whether it could go back."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lib.market.keys import Key
from lib.registry import readiness
from lib.registry.readiness import Readiness
from lib.ui import caching, data

_SECONDS_OF_BARS = 300  # bars are read anew this often, as in lib.ui.data


@dataclass(frozen=True, slots=True)
class Bars:
    """The newest bar of a key, and how many came after the last one that its version learnt from."""

    newest: datetime | None
    age: int | None


def minutes_of_bars() -> int:
    """Changes whenever bars are to be read anew."""
    return int(time.time()) // _SECONDS_OF_BARS


@caching.remembered(max_entries=1, also=minutes_of_bars)
def bars() -> Mapping[Key, Bars]:
    records = data.in_production()
    found = {}
    for row in data.fleet():
        record = records.get(row.key)
        age = data.age_in_bars(row.key, record.last_bar) if record and record.last_bar else None
        found[row.key] = Bars(data.newest_bar(row.key), age)
    return found


@caching.remembered(max_entries=1, also=lambda: int(time.time()) // 60)
def ways_back() -> Mapping[Key, Readiness]:
    """Whether each key could go back, as last rehearsed."""
    return readiness.of_fleet(caching.registry())
