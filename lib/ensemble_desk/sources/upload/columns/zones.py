"""The time zone that a person names, or the name of a column of times, such as ``Time (EET)`` or ``datetime_UTC``."""

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ensemble_desk.errors import Choice, UploadError, UploadQuestionError
from ensemble_desk.sources.upload.cells.table import quoted

_TOLD = re.compile(r"(?:[(\[_ ])(?P<word>[A-Z]{2,5}|[A-Z][A-Za-z]+/[A-Za-z_]+)[)\]]?$")
_OF = {  # words of one place, or of several: with the changes of its clock, or one distance from UTC all year
    "UTC": ("UTC",),
    "GMT": ("UTC",),
    "ET": ("America/New_York",),
    "CT": ("America/Chicago",),
    "PT": ("America/Los_Angeles",),
    "EST": ("America/New_York", "Etc/GMT+5"),
    "EDT": ("America/New_York", "Etc/GMT+4"),
    "CST": ("America/Chicago", "Asia/Shanghai", "Etc/GMT+6"),
    "PST": ("America/Los_Angeles", "Etc/GMT+8"),
    "BST": ("Europe/London", "Etc/GMT-1"),
    "CET": ("Europe/Berlin", "Etc/GMT-1"),
    "CEST": ("Europe/Berlin", "Etc/GMT-2"),
    "EET": ("Europe/Athens", "Etc/GMT-2"),
    "MSK": ("Europe/Moscow",),
    "IST": ("Asia/Kolkata",),
    "HKT": ("Asia/Hong_Kong",),
    "SGT": ("Asia/Singapore",),
    "KST": ("Asia/Seoul",),
    "JST": ("Asia/Tokyo",),
    "AEST": ("Australia/Sydney", "Etc/GMT-10"),
}


def told(name: str, *, file_name: str) -> ZoneInfo | None:
    """The zone that the name of a column tells; None where it tells none.

    Raises
    ------
    UploadQuestionError
        When its word may stand for several.
    """
    found = _TOLD.search(name.strip())
    if found is None:
        return None
    places = _OF.get(found["word"], (found["word"],) if "/" in found["word"] else ())
    if len(places) > 1:
        choices = [Choice(place, _said(place), f"--time-zone {place}") for place in places]
        question = f"column {quoted(name)} says {found['word']}, which may be one of several zones."
        raise UploadQuestionError(file_name, "time_zone", question, choices)
    try:
        return ZoneInfo(places[0]) if places else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def named(name: str | None, *, file_name: str) -> ZoneInfo | None:
    """The time zone of a name such as ``America/New_York``; raises UploadError when there is none."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        problem = f"{quoted(name)} is no time zone. Name one such as America/New_York"
        raise UploadError(file_name, [f"{problem}."]) from error


def _said(place: str) -> str:
    if place.startswith("Etc/GMT"):
        hours = -int(place.removeprefix("Etc/GMT"))
        return f"{abs(hours)} hours {'before' if hours > 0 else 'behind'} UTC all year"
    return f"the clock of {place}, changes of summer time included"
