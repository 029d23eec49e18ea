"""Tables that a spreadsheet opens as what they are: text that it would run as a formula is marked as text."""

import pandas as pd

_RUN = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(table: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before texts, headings and index too, that a spreadsheet would take for a formula."""
    made = table.rename(columns=_cell, index=_cell)
    for at, kind in enumerate(made.dtypes):
        if not pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_datetime64_any_dtype(kind):
            made.isetitem(at, made.iloc[:, at].astype(object).map(_cell).array)
    return made


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_RUN) else value
