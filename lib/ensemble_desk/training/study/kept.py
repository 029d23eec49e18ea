"""Versions of a study kept in a folder, so that one that was interrupted goes on where it was."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ensemble_desk.market.bars import Bars
from ensemble_desk.training import identity
from ensemble_desk.training.study.asking import Asked
from ensemble_desk.training.walk_forward import OutOfFold, Recipe


def name(bars: Bars, as_of: pd.Timestamp, recipe: Recipe, *, beside: str) -> str:
    """Name the file of a version: another recipe, other bars or other code have another name."""
    closes = hashlib.sha256(bars.frame["close"].to_numpy().tobytes()).hexdigest()
    told = repr((str(bars.key), as_of.isoformat(), recipe, closes, beside, identity.code()))
    return f"{hashlib.sha256(told.encode()).hexdigest()[:40]}.npz"


def read(folder: Path, file_name: str) -> Asked | None:
    """Read a version; None where it was not kept, or not to its end."""
    try:
        with np.load(folder / file_name, allow_pickle=False) as stored:
            arrays = dict(stored)
    except (OSError, ValueError, EOFError):
        return None
    told = json.loads(str(arrays.pop("told")))
    parts = {side: {one: arrays[f"{side}/{one}"] for one in told[side]} for side in ("oof", "later")}
    return Asked(
        told["symbol"],
        pd.Timestamp(told["as_of"]),
        OutOfFold(parts["oof"], arrays["oof_classes"], told["left_out"]),
        parts["later"],
        arrays["classes"],
        arrays["usual"],
    )


def write(folder: Path, file_name: str, asked: Asked) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    oof, later = asked.oof.probabilities, asked.later
    told = {"symbol": asked.symbol, "as_of": asked.as_of.isoformat(), "left_out": dict(asked.oof.left_out)}
    text = json.dumps(told | {"oof": list(oof), "later": list(later)})
    arrays: dict[str, Any] = {f"oof/{one}": p for one, p in oof.items()}
    arrays |= {f"later/{one}": p for one, p in later.items()}
    arrays |= {"classes": asked.classes, "usual": asked.usual, "oof_classes": asked.oof.classes}
    with (folder / f"{file_name}.part").open("wb") as file:
        np.savez(file, told=np.array(text), **arrays)
    (folder / f"{file_name}.part").replace(folder / file_name)
