"""The table of horizons as an installation writes it: ``d1=1D,5D,10D;h1=1H:1,1D:7``, or the same as JSON."""

import json
import re
from collections.abc import Mapping
from typing import Any

from ensemble_desk.errors import InvalidHorizonError, InvalidTimeframeError, SettingsError
from ensemble_desk.market import timeframes

_SETTING = "DESK_HORIZONS"
_NAME = re.compile(r"[A-Za-z0-9]{1,12}")


def read(text: str) -> dict[str, dict[str, int]]:
    """Read horizons with their length in bars, by timeframe, as :func:`ensemble_desk.market.timeframes.use` takes them.

    A horizon without a length is a span of time: ``10D`` of daily bars is 10 bars. An empty text gives an empty table.

    Raises
    ------
    SettingsError
        Naming what cannot be read.
    """
    if not text.strip():
        return {}
    written = _json(text) if text.lstrip().startswith("{") else _pairs(text)
    table: dict[str, dict[str, int]] = {}
    for name, horizons in written.items():
        try:
            timeframe = timeframes.get(name).name
            table[timeframe] = _lengths(timeframe, horizons)
        except (InvalidTimeframeError, InvalidHorizonError) as error:
            raise SettingsError(_SETTING, str(error)) from error
    return table


def _json(text: str) -> dict[str, Mapping[str, Any]]:
    try:
        told = json.loads(text)
    except ValueError as error:
        raise SettingsError(_SETTING, f"it is no JSON ({error})") from error
    rows = {name: dict.fromkeys(row) if isinstance(row, list) else row for name, row in told.items()}
    if not all(isinstance(row, dict) for row in rows.values()):
        raise SettingsError(_SETTING, 'write an object by timeframe such as {"d1": {"1D": 1, "1W": 5}}')
    return rows


def _pairs(text: str) -> dict[str, Mapping[str, Any]]:
    rows: dict[str, Mapping[str, Any]] = {}
    for row in filter(None, (part.strip() for part in text.split(";"))):
        name, told, horizons = row.partition("=")
        if not told or not horizons.strip():
            raise SettingsError(_SETTING, f"write timeframe=horizon,horizon such as d1=1D,5D; found {row!r}")
        rows[name.strip()] = dict(_horizon(part) for part in horizons.split(","))
    return rows


def _horizon(text: str) -> tuple[str, Any]:
    name, told, length = text.partition(":")
    return name.strip(), length.strip() if told else None


def _lengths(timeframe: str, horizons: Mapping[str, Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, length in horizons.items():
        if not _NAME.fullmatch(name):
            raise SettingsError(_SETTING, f"{name!r} is no name of a horizon; write letters and digits such as 10D")
        text = name if length is None else str(length)
        if length is not None and (isinstance(length, bool) or not text.isdecimal()):
            raise SettingsError(_SETTING, f"{name} of {timeframe} is {length!r}; write its length as a number of bars")
        found[name] = timeframes.read_horizon(timeframe, text).bars
    if not found or len(set(found.values())) < len(found):
        raise SettingsError(_SETTING, f"{timeframe} needs horizons of different lengths")
    return found
