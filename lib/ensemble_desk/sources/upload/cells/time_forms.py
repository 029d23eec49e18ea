"""The national forms of dates and clocks that are known, and which of them put the day first."""

import re
from dataclasses import dataclass

import pandas as pd

from ensemble_desk.sources.upload.cells import texts

_MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%m-%d-%y", "%m%d%y")
_DAY_FIRST = ("%d/%m/%Y", "%d-%m-%Y", "%d/%m/%y", "%d-%m-%y", "%d%m%y")
_CLEAR = (
    *("%d.%m.%Y", "%d.%m.%y", "%Y.%m.%d", "%Y-%m-%d", "%Y%m%d"),
    *("%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %b %y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%b %d, %y"),
    "%y%m%d",
    *("%d-%B-%Y", "%d/%b/%Y", "%d.%b.%Y", "%d%b%Y", "%Y-%b-%d", "%Y %b %d", "%b-%d-%Y", "%d %b, %Y", "%Y%j"),
)
_CLOCKS = (
    *("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %I-%p", " %H:%M:%S.%f"),
    *("T%H:%M", "T%H:%M:%S", ", %H:%M", ", %H:%M:%S", ", %I:%M %p", ", %I:%M:%S %p"),
)

_TIME = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})(?:\D.*)?"
    r"|(?:19|20)\d{2}(?:0[1-9]|1[0-2])[0-3]\d(?:[ T-].*|\d{4,6})?|\d{1,2}[-/. ]?[^\W\d_]{3,}[-/., ]+\d{2,4}.*"
    r"|(?:19|20)\d{2}-(?:[0-3]\d{2}|W[0-5]\d-[1-7])"
    r"|[^\W\d_]{3,} \d{1,2},? \d{4}.*|\d{4}[年년].*|[0-2]?\d{9}(?:\.\d+)?|\d{13}(?:\.0+)?|\d{16}|\d{19}"
)


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a date and a clock; `day_first` is None where it cannot be mistaken for another."""

    day: str
    clock: str
    day_first: bool | None

    def read(self, text: pd.Series) -> pd.Series:
        """The times of the cells that follow this form, NaT elsewhere."""
        return pd.to_datetime(text, format=self.day + self.clock, errors="coerce")


_ALL = tuple(
    Form(day, clock, day_first)
    for days, day_first in ((_MONTH_FIRST, False), (_DAY_FIRST, True), (_CLEAR, None))
    for day in days
    for clock in _CLOCKS
)


_LETTERS, _DIGITS = re.compile(r"[^\W\d_]+"), re.compile(r"[0-9]+")
_BARE = re.compile(r"\d{6,8}(?!\d)")
_BARE_FORMS = {
    "%Y%m%d": "8 digits",
    "%Y%j": "7 digits",
    "%y%m%d": "6 digits",
    "%d%m%y": "6 digits",
    "%m%d%y": "6 digits",
}
_ISO_DAYS = {r"\d{4}-[0-3]\d{2}": "%Y-%j", r"\d{4}-W[0-5]\d-[1-7]": "%G-W%V-%u"}
_DIRECTIVES = re.compile(r"(?:%[a-zA-Z])+")


def fitting(sample: pd.Series, *, day_first: bool | None) -> tuple[Form, ...]:
    """The known forms that have the shape of some cell, without those that contradict the given order."""
    shapes = {_shape(cell) for cell in sample.unique().tolist()}
    allowed = (form for form in _ALL if day_first is None or form.day_first in (None, day_first))
    return tuple(form for form in allowed if _SHAPES[form] in shapes)


def iso_days(text: pd.Series) -> tuple[str, pd.Series] | None:
    """Read a column of nothing but ISO days of the year, 2012-003, or of the week, 2012-W03-5; None for others."""
    start = text.iloc[0] if len(text) else ""
    form = next((one for one in _ISO_DAYS if re.fullmatch(one, start)), "")
    if not form or not texts.match(text, form).all():
        return None
    written = _ISO_DAYS[form]
    read = pd.to_datetime(text, format=written, errors="coerce")
    return written, read.where(read.dt.strftime(written) == text)  # pandas counts a day 366 in every year


def looks_like_time(cell: str) -> bool:
    """Whether a cell on its own can hold a date or a moment."""
    return _TIME.fullmatch(cell.strip()) is not None


def _shape(cell: str) -> str:
    """``03/04/2024 10:30 PM`` becomes ``9/9/9 9:9 A``."""
    bare = _BARE.match(cell)
    start = f"{len(bare[0])} digits" if bare else ""
    return start + _DIGITS.sub("9", _LETTERS.sub("A", cell[bare.end() if bare else 0 :])).replace("+", "-")


def _shape_of(form: Form) -> str:
    bare = _BARE_FORMS.get(form.day, "")
    named = re.sub("%[bBp]", "A", form.clock if bare else form.day + form.clock).replace("T", "A")
    return bare + _DIRECTIVES.sub("9", named)


_SHAPES = {form: _shape_of(form) for form in _ALL}
