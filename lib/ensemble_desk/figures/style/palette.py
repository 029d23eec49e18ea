"""The colours of charts: one per class, member and part, told apart by colour-blind readers on dark and on light."""

from ensemble_desk.market.labels import CLASSES

# Mid tones: each has a contrast of at least 3:1 with the light and with the dark background of .streamlit/config.toml,
# so that a chart stays readable when the viewer switches the theme without a new run of the page.
BEARISH = "#D4751F"
NEUTRAL = "#8391A0"
BULLISH = "#3A80CC"
CLASS_COLOURS: dict[str, str] = dict(zip(CLASSES, (BEARISH, NEUTRAL, BULLISH), strict=True))

ENSEMBLE = "#16938A"  # the accent: the ensemble, and what is in production
MUTED = "#8391A0"  # baselines, equal weights, whatever stands beside the subject
MUTED_NEXT = "#6F7D8B"  # tells what lies next to the muted one apart from it
FAINT = "rgba(131, 145, 160, 0.28)"  # lines that help the eye only
ON_ACCENT_IN_THE_DARK = "#06201E"  # words on a button; Streamlit writes white, at a contrast of 3.5
ALARM = "#CC4F5B"
WATCH = "#A5841A"  # what lies low and is not settled

MEMBER_COLOURS: dict[str, str] = {
    "rf": "#5F87A6",
    "gb": "#8674CF",
    "arima_garch": "#AD8420",
    "prophet": "#C05C95",
    "lstm": "#6C9640",
}
_OTHER_MEMBERS = ("#AD7059", "#7A84C4", "#4E9A94")


def member(name: str) -> str:
    """Colour of a member; unknown names get one of three, always the same."""
    return MEMBER_COLOURS.get(name) or _OTHER_MEMBERS[sum(name.encode()) % len(_OTHER_MEMBERS)]


def translucent(colour: str, share: float) -> str:
    """Write a colour of this page as rgba with the given opacity in 0..1."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {share:g})"
