"""Why a key is not measured, and the one command that mends it."""

from ensemble_desk.market.keys import Key

NO_LABEL = "nobody has told its horizon and label, so nothing can score its forecasts"
NO_ACCURACY = "the version does not tell its validated accuracy"
NO_OUTCOMES = "no forecast of this version has an outcome yet"
TOO_FEW = "too few of its forecasts have an outcome yet"
NO_VERSION = "no version of it is usable"


def remedy(key: Key, problem: str) -> str:
    """Name the one command that mends a problem."""
    train = f"desk train --symbol '{key.symbol}' --timeframe {key.timeframe}"
    replay = f"desk replay --symbol '{key.symbol}' --timeframe {key.timeframe}"
    outcomes = f"desk outcomes --symbol '{key.symbol}' --timeframe {key.timeframe}"
    mended = {
        NO_LABEL: f"desk registry describe '{key}' --horizon BARS --threshold RETURN",
        NO_OUTCOMES: f"{replay} && {outcomes}",
        TOO_FEW: f"{replay} && {outcomes}",
        NO_ACCURACY: train,
        NO_VERSION: train,
    }
    return mended.get(problem, "")
