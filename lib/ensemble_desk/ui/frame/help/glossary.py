"""The words of the pages: one meaning each, shown behind every help mark and on a page of the documentation."""

from collections.abc import Mapping

GLOSSARY: Mapping[str, str] = {
    "key": "A symbol and a timeframe, written `AAPL/d1`.",
    "live version": "The version that the loader serves for a key. A move of the production pointer changes it.",
    "follows latest": "A newly trained version goes live by itself once it passes its preflight.",
    "pinned": "A newer version waits until somebody promotes it.",
    "newer version waits": "A newer version that is usable; it goes live when somebody promotes it.",
    "accuracy since training": (
        "Of all forecasts of this version whose outcome is known: an interval that holds at every look, forecasts, "
        "majority of the same rows. Live ones were made before their outcome; replayed ones afterwards, from what was "
        "known then. Fewer than 20 independent outcomes say little."
    ),
    "validated accuracy": (
        "On the holdout that neither models nor weights saw: interval, rows, majority baseline. Fewer than 20 "
        "independent outcomes say little."
    ),
    "majority": "How often the most frequent class came: what somebody reaches who always says the same.",
    "independent outcomes": (
        "Forecasts over several bars overlap and repeat each other; this is how many they are worth without overlap."
    ),
    "standing": (
        "How a key stands: fell (confirmed), watch (low, not settled), not measured, too few outcomes, or OK. Only a "
        "confirmed fall is an alert."
    ),
    "band": (
        "How far the newest outcomes, or those since a change, lie below the validated accuracy: OK, MONITOR, DRIFT or "
        "EMERGENCY. What cannot be measured is NOT MEASURED, which is no green light."
    ),
    "confirmed": (
        "A fall is **confirmed** when the e-value has reached 20 and the alarm also stands among all keys (e-BH, false "
        "discovery rate 5 %): of a hundred keys some will ring by chance. While the alarm rings, band and accuracy are "
        "those since the likeliest change; until then a band only says where the newest outcomes happen to lie."
    ),
    "e-value": (
        "Somebody bets against the version after every outcome, at odds that are fair while its accuracy stays above a "
        "line: the lower end of the 68 % interval of what was validated. New bets begin with every bar, so a fall is "
        "heard after good months too. The e-value is what a stake of 1 has grown to. **20 means twentyfold**: while "
        "accuracy stays above the line, at most one version in 20 ever gets there, however often one looks. An alarm "
        "says that accuracy was below the line for a stretch; a regime of bad months raises it too."
    ),
    "skill": (
        "Log-loss of all forecasts since training minus that of the usual rates, with an interval that holds at every "
        "look: better, worse, or not settled."
    ),
    "usual rates": "How often each class came in training: what is forecast by who knows nothing else.",
    "way back": (
        "Whether a rollback would pass now: the preflight of the version it would go to, as last rehearsed. Outdated "
        "after a day."
    ),
    "preflight": "The checks that a version must pass before it may go live, whatever way it comes.",
    "age": "Bars of the source that came after the last bar the version learnt from.",
    "expired": "Older than `DESK_MAX_AGE` allows.",
    "quarantined": "Kept from serving by somebody, with a reason, until the quarantine is lifted.",
    "tampered": "The file differs from what was registered, so it is refused everywhere.",
    "unfit": "It failed the preflight without which nothing goes live.",
    "view": "Filters and order of the overview under a name that you gave. Only you see it.",
    "watched": "A key with your star. Only you see it; the overview can show these alone.",
}


def of(word: str) -> str:
    """Give the meaning of a word; raises KeyError for one that nobody has explained."""
    return GLOSSARY[word]
