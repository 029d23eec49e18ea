"""Preflight steps that compare a version with this code, these libraries and the version that serves."""

from collections.abc import Mapping
from importlib import metadata
from typing import Any

from ensemble_desk.artifacts.safe_loading import audit
from ensemble_desk.errors import FeatureSetError
from ensemble_desk.errors.base import listed
from ensemble_desk.market import feature_sets
from ensemble_desk.market.features import FEATURE_NAMES
from ensemble_desk.registry.preflight.examination import Examination, Outcome, failed, passed, skipped


def code_surface(subject: Examination) -> Outcome:
    """The names of code that the file needs, against those of the version that served last."""
    needs = audit.code_surface(subject.data, name=subject.entry.file_name, max_bytes=subject.registry.store.max_bytes)
    known = subject.served_manifest.get("globals")
    if subject.served is None or not isinstance(known, list):
        return skipped("no other version has served this key yet")
    new = sorted(set(needs) - set(known))
    if new:
        return failed(f"needs code that {subject.served} does not: {listed(new)}")
    return passed(f"{len(needs)} names, none that {subject.served} does not need")


def schema(subject: Examination) -> Outcome:
    """Whether this code computes every feature that the version reads."""
    names = feature_names(subject.content)
    if names is None:
        return skipped("it does not say which features it reads")
    own = subject.content.get("feature_set")
    if isinstance(own, Mapping):
        return _own_features(own, len(names))
    missing = [name for name in names if name not in FEATURE_NAMES]
    if not missing:
        return passed(f"{len(names)} features, all of them computed by this code")
    if subject.is_plain:
        return skipped(f"it reads features of its own ({listed(missing)}), so forecasts need a ready-made frame")
    return failed(f"this code does not compute {listed(missing)}")


def _own_features(told: Mapping[str, Any], n_names: int) -> Outcome:
    """Whether the function of a team's own features is the one that the version was trained with."""
    try:
        found = feature_sets.get(str(told.get("name")))
    except FeatureSetError as error:
        return failed(str(error))
    digest = str(told.get("digest") or "")
    if digest and digest != found.digest:
        problem = f"its source is {found.digest[:12]}…, it was trained with {digest[:12]}…"
        return failed(f"the features {found.name} are computed by another function now ({found.origin}): {problem}")
    return passed(f"{n_names} features of the set {found.name}, computed by {found.origin}")


def environment(subject: Examination) -> Outcome:
    """The libraries that made the version against those installed, and what scikit-learn says about the difference."""
    made_with = subject.content.get("libraries")
    differing = []
    if isinstance(made_with, Mapping):
        installed = {str(name): _installed(str(name)) for name in made_with}
        differing = [
            f"{name} {made_with[name]}, here {found}" for name, found in installed.items() if made_with[name] != found
        ]
    if differing or subject.notes:
        return failed("; ".join([*differing, *subject.notes]))
    if not isinstance(made_with, Mapping):
        return skipped("it does not name the libraries that made it")
    return passed(f"{len(made_with)} libraries as when it was made")


def label(subject: Examination) -> Outcome:
    """Whether forecasts mean the same as those of the version that serves."""
    own, other = subject.content.get("label"), subject.served_manifest.get("label")
    if subject.served is None:
        return skipped("no other version has served this key yet")
    if not isinstance(own, Mapping) or not isinstance(other, Mapping):
        return skipped("one of the two versions does not define its label")
    differing = [f"{name} {own.get(name)}, not {other.get(name)}" for name in own if own.get(name) != other.get(name)]
    if differing:
        return failed(f"its label is another than that of {subject.served}: {'; '.join(differing)}")
    return passed(f"the same label as {subject.served}")


def feature_names(content: Mapping[str, Any]) -> list[str] | None:
    """The features a version reads, by its own word or its estimators'; None when nothing names them."""
    named = content.get("feature_names")
    if named is not None:
        return [str(name) for name in named]
    models = content.get("models") or {}
    told = [getattr(model, "feature_names_in_", None) for model in models.values()]
    if not told or any(names is None for names in told):
        return None
    return list(dict.fromkeys(str(name) for names in told if names is not None for name in names))


def _installed(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "not installed"
