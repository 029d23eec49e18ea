"""From a team's file to a version without a pickle, with the proof that it answers as the original does."""

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ensemble_desk.artifacts import digests, naming
from ensemble_desk.artifacts.export import members, originals
from ensemble_desk.artifacts.export.members import Exported
from ensemble_desk.artifacts.safe_loading import exported, plainness
from ensemble_desk.errors import ArtifactNameError, ExportError, UntrustedFileError
from ensemble_desk.market.keys import Key

_KEPT_ROWS = 64
_SAMPLE = "Pass --sample FILE.csv with some rows of the features it was trained on, one column for each."


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """What was exported.

    Attributes
    ----------
    content : what the version holds; its members are forests, graphs and plain states.
    forms : by member, ``trees``, ``onnx`` or ``state``.
    differences : by member, the largest difference to the original's probabilities on the sample.
    dropped : names in the original that have no plain form and were left out.
    """

    key: Key
    day: str
    content: Mapping[str, Any]
    forms: Mapping[str, str]
    differences: Mapping[str, float]
    dropped: tuple[str, ...]


def export(
    file: Path,
    *,
    trusted: bool,
    sample: pd.DataFrame | None = None,
    graphs: Mapping[str, bytes] | None = None,
    classes: tuple[Any, ...] | None = None,
) -> Version:
    """Load a team's own file with its own libraries and turn every member into plain data.

    Raises
    ------
    UntrustedFileError
        Unless ``trusted``: loading runs what the file holds.
    ExportError
        When the file, a member or the sample cannot be used, or a member answers otherwise than its original; nothing
        is written.
    """
    if not trusted:
        raise UntrustedFileError(file.name)
    original = originals.load(file)
    key, version = _identity(file, original)
    strangers = (graphs or {}).keys() - original["models"].keys()
    if strangers:
        known = ", ".join(original["models"])
        raise ExportError(file.name, f"it has no member {min(strangers)}", remedy=f"Its members are {known}.")
    rows = _rows(file.name, original, sample)
    made, proof = {}, {}
    for name, model in original["models"].items():
        graph = (graphs or {}).get(name)
        made[name] = members.export(name, model, graph=graph, classes=classes, columns=tuple(map(str, rows.columns)))
        if made[name].form != members.STATE:
            ordered = _ordered(name, made[name], rows)
            proof[name] = originals.answers(name, model, ordered)
    differences = _compare(file.name, made, proof, rows)
    content, dropped = _content(original, key, version, rows)
    kept = {name: found[:_KEPT_ROWS].tolist() for name, found in proof.items()}
    content[exported.PROOF] = {
        "source": file.name,
        "source_sha256": digests.of(file.read_bytes()),
        "rows": rows.to_numpy(dtype=float)[:_KEPT_ROWS].tolist(),
        "probabilities": kept,
        "differences": differences,
        "forms": {name: one.form for name, one in made.items()},
    }
    content["models"] = {name: one.model for name, one in made.items()}
    return Version(key, version, content, {name: one.form for name, one in made.items()}, differences, dropped)


def next_version(version: str, taken: Collection[str]) -> str:
    """Give the version itself where its name is free, else the next one of its day."""
    return version if version not in taken else naming.next_version(naming.date(version), taken)


def renamed(found: Version, version: str) -> Version:
    """Give the same version under another name of its day."""
    return dataclasses.replace(found, day=version, content={**found.content, "timestamp": version})


def _identity(file: Path, content: Mapping[str, Any]) -> tuple[Key, str]:
    """Whose version it is: by the file's name, else by what it tells itself."""
    base = file.name.partition(naming.ARTIFACT_SUFFIX)[0] + naming.ARTIFACT_SUFFIX
    try:
        key, version = naming.parse(base)
    except ArtifactNameError as error:
        told = [str(content.get(name) or "") for name in ("symbol", "timeframe", "timestamp")]
        day = "".join(letter for letter in told[2] if letter.isdigit())[:8]
        try:
            key = Key(told[0], told[1])
            return naming.parse(naming.file_name(key, day))
        except Exception as inner:
            remedy = "Name it SYMBOL_TIMEFRAME_YYYYMMDD.pkl, for example AAPL_d1_20250121.pkl."
            raise ExportError(file.name, str(error).partition(". ")[0].rstrip("."), remedy=remedy) from inner
    own = [str(content.get(name) or given) for name, given in (("symbol", key.symbol), ("timeframe", key.timeframe))]
    if own != [key.symbol, key.timeframe]:
        problem = f"it says that it is {'/'.join(own)}, unlike its name"
        raise ExportError(file.name, problem, remedy="Name it as what it holds.")
    return key, version


def _rows(name: str, content: Mapping[str, Any], sample: pd.DataFrame | None) -> pd.DataFrame:
    """The rows to compare on, as numbers: those of a sample, else those that the file keeps itself."""
    told = content.get("feature_names")
    if sample is None:
        stored = content.get("sample_features")
        if stored is None or told is None:
            raise ExportError(name, "it keeps no rows to compare on", remedy=_SAMPLE)
        sample = pd.DataFrame(np.asarray(stored, dtype=float), columns=[str(column) for column in told])
    names = [str(column) for column in told] if told is not None else _names(content["models"].values())
    if names is not None:
        missing = [column for column in names if column not in sample.columns]
        if missing:
            raise ExportError(name, f"the sample has no column {', '.join(missing[:5])}", remedy=_SAMPLE)
        sample = sample[names]
    try:
        rows = sample.astype(float)[: exported.MOST_ROWS]
    except (TypeError, ValueError) as error:
        raise ExportError(name, f"the sample holds something else than numbers ({error})", remedy=_SAMPLE) from error
    if rows.empty or not np.isfinite(rows.to_numpy()).all():
        raise ExportError(name, "the sample has no rows, or rows with gaps", remedy=_SAMPLE)
    return rows


def _names(models: Collection[Any]) -> list[str] | None:
    """The features that the models name, when they name the same ones."""
    told = {tuple(map(str, names)) for one in models if (names := getattr(one, "feature_names_in_", None)) is not None}
    return list(told.pop()) if len(told) == 1 else None


def _ordered(name: str, made: Exported, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the columns that a member reads; all members of a version read the same ones."""
    model: Any = made.model
    names = model.feature_names
    if names is not None and list(names) != list(rows.columns):
        problem = f"{name} reads {', '.join(names[:5])}, the sample has {', '.join(map(str, rows.columns[:5]))}"
        raise ExportError(name, problem, remedy=_SAMPLE)
    if model.n_features_in_ != rows.shape[1]:
        problem = f"{name} reads {model.n_features_in_} features, the sample has {rows.shape[1]}"
        raise ExportError(name, problem, remedy=_SAMPLE)
    return rows


def _compare(
    name: str, made: Mapping[str, Exported], answered: Mapping[str, Any], rows: pd.DataFrame
) -> dict[str, float]:
    models = {member: one.model for member, one in made.items()}
    try:
        found = exported.distances(models, {"rows": rows.to_numpy(), "probabilities": answered})
    except ValueError as error:
        remedy = "Check that the graph is of this model and gives its probabilities."
        raise ExportError(name, str(error), remedy=remedy) from error
    for member, distance in found.items():
        if not distance <= exported.TOLERANCE:
            problem = f"{member} answers otherwise than its original, by {distance:.3g}"
            raise ExportError(name, problem, remedy="Check that the graph is of this model, in float64 if need be.")
    return found


def _content(
    original: Mapping[str, Any], key: Key, version: str, rows: pd.DataFrame
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What the original tells beside its models, as far as it is plain."""
    told = {str(name): value for name, value in original.items() if name != "models"}
    dropped = tuple(name for name, value in told.items() if plainness.problem(value))
    kept = {name: value for name, value in told.items() if name not in dropped}
    kept |= {"symbol": key.symbol, "timeframe": key.timeframe, "timestamp": version}
    kept.setdefault("feature_names", [str(column) for column in rows.columns])
    return kept, dropped
