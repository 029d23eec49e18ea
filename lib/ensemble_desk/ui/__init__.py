"""Everything that knows Streamlit."""

from ensemble_desk.errors import extras

with extras.needed():
    import streamlit  # noqa: F401 - so that whoever lacks it is told the extra
