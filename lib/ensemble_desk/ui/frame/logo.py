"""The mark of the product: several lines that become one, drawn in the accent colour."""

from ensemble_desk.figures.style import palette

_STARTS = ((5, 0.55), (16, 1), (27, 0.55))  # height and opacity of the three lines


def icon() -> str:
    """The mark alone, for the tab of a browser."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32" viewBox="0 0 32 32">'
        f'<g transform="translate(1 0)">{_mark()}</g></svg>'
    )


def _mark() -> str:
    lines = "".join(
        f'<path d="M2 {start} C 12 {start}, 12 16, 22 16" opacity="{opacity}"/>' for start, opacity in _STARTS
    )
    return (
        f'<g fill="none" stroke="{palette.ENSEMBLE}" stroke-width="3" stroke-linecap="round">{lines}'
        f'<circle cx="26" cy="16" r="3.4" fill="{palette.ENSEMBLE}" stroke="none"/></g>'
    )


def svg() -> str:
    """Wordmark for the sidebar, readable on a dark and on a light background.

    Its text has a fixed length: an image knows none of the page's fonts, and the viewer's own may be wider.
    """
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="196" height="32" viewBox="0 0 196 32">'
        f"{_mark()}"
        '<text x="40" y="22" font-family="Source Sans, Segoe UI, Helvetica, Arial, sans-serif" font-size="19" '
        f'font-weight="600" textLength="146" lengthAdjust="spacingAndGlyphs" fill="{palette.ENSEMBLE}">'
        "Ensemble Desk</text></svg>"
    )
