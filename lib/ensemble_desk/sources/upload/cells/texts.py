"""Regular expressions over whole columns of text, run by Arrow without a Python call for each cell.

The syntax is RE2's: no lookahead, no backreference but in a replacement.
"""

import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.errors import extras

_ISO_DAY = re.compile(r"(?:1\d|2[0-3])\d\d-\d\d-\d\d")  # later years are counted in another way


def match(text: pd.Series, pattern: str) -> NDArray[np.bool_]:
    """Which cells are the pattern from end to end."""
    return contain(text, rf"^(?:{pattern})$")


def contain(text: pd.Series, pattern: str) -> NDArray[np.bool_]:
    """Which cells have the pattern somewhere."""
    with extras.needed():
        from pyarrow import compute  # type: ignore[import-untyped]  # ships no types

    found = compute.match_substring_regex(_arrow(text), pattern)
    flags: NDArray[np.bool_] = found.to_numpy(zero_copy_only=False).copy()
    return flags


def replace(text: pd.Series, pattern: str, replacement: str) -> pd.Series:
    r"""Put ``replacement``, where ``\1`` is the first group, for every occurrence of the pattern."""
    with extras.needed():
        from pyarrow import compute

    replaced = compute.replace_substring_regex(_arrow(text), pattern, replacement)
    return pd.Series(replaced, index=text.index, dtype="str")


def iso(text: pd.Series) -> pd.Series | None:
    """Times without a zone of cells that are all ISO dates, or dates and clocks; None where some are not."""
    with extras.needed():
        import pyarrow as pa
        from pyarrow import compute

    if not len(text) or _ISO_DAY.match(text.iloc[0]) is None:
        return None
    try:
        read = compute.cast(_arrow(text), pa.timestamp("us"))
    except pa.ArrowInvalid:
        return None
    return pd.Series(read.to_numpy(zero_copy_only=False), text.index)


def _arrow(text: pd.Series) -> Any:
    with extras.needed():
        import pyarrow as pa

    return pa.array(text, pa.large_string())
