"""Doors for other systems: probes, metrics and the API by HTTP; no Streamlit."""

from ensemble_desk.errors import extras

with extras.needed():
    import fastapi  # noqa: F401 - so that whoever lacks it is told the extra
