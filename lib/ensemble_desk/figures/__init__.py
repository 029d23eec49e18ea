"""Data in, plotly Figure out."""

from ensemble_desk.errors import extras

with extras.needed():
    import plotly  # noqa: F401 - so that whoever lacks it is told the extra
