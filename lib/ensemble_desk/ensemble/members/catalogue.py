"""Which members there are, and the one place that builds them new or rebuilds them from what an artifact holds."""

from collections.abc import Mapping, Sequence
from typing import Any

from ensemble_desk.ensemble.members import arima_garch, classifiers, lstm, lstm_training, pooled_logit
from ensemble_desk.ensemble.members import prophet as prophet_member
from ensemble_desk.ensemble.members.arima_garch import ArimaGarch
from ensemble_desk.ensemble.members.classifiers import FeatureMember
from ensemble_desk.ensemble.members.lstm import LstmMember
from ensemble_desk.ensemble.members.pooled_logit import PooledLogit
from ensemble_desk.ensemble.members.prophet import ProphetMember
from ensemble_desk.ensemble.votes import Member
from ensemble_desk.errors import IncompatibleArtifactError, UnknownMemberError
from ensemble_desk.market.labels import LabelSpec

FEATURE_MEMBERS = ("rf", "gb")
PRICE_MEMBERS = (arima_garch.NAME, prophet_member.NAME)
POOLED_MEMBERS = frozenset({pooled_logit.NAME})
DEFAULT_MEMBERS = ("rf", pooled_logit.NAME, arima_garch.NAME)
"""Chosen by the study (`desk study`) on quarters until the end of 2011; benchmarks/STUDY.md has those kept back."""
MEMBERS = (*FEATURE_MEMBERS, pooled_logit.NAME, *PRICE_MEMBERS, lstm.NAME)


def build(
    name: str,
    *,
    label: LabelSpec,  # noqa: ARG001 - later members scale with the label
    timeframe: str,
    seed: int,
    n_jobs: int = 1,
    kept: bool = True,
) -> Member:
    """Build an unfitted member by name; one that is not ``kept`` says the same, but may have no state to store.

    Raises
    ------
    UnknownMemberError
    """
    weekly = timeframe in ("w1", "mn1")  # few rows: small models
    if name == "rf":
        return FeatureMember(name, classifiers.random_forest(seed=seed, weekly=weekly, n_jobs=n_jobs, kept=kept))
    if name == "gb":
        return FeatureMember(name, classifiers.gradient_boosting(seed=seed, weekly=weekly))
    if name == pooled_logit.NAME:
        return PooledLogit()
    if name == arima_garch.NAME:
        return ArimaGarch(timeframe=timeframe)
    if name == prophet_member.NAME:
        return ProphetMember(timeframe=timeframe, seed=seed)
    if name == lstm.NAME:
        return LstmMember(seed=seed)
    raise UnknownMemberError(name, known=MEMBERS)


def require(names: Sequence[str]) -> None:
    """Raise UnknownMemberError or MissingExtraError for a member that cannot be trained here, before any work."""
    for name in names:
        if name not in MEMBERS:
            raise UnknownMemberError(name, known=MEMBERS)
    if lstm.NAME in names:
        lstm_training.require_torch()


def rebuild(
    name: str,
    state: object,
    *,
    label: LabelSpec | None,  # noqa: ARG001 - as `build`
    timeframe: str,
    numbered: bool = False,
    meaning: Mapping[str, str] | None = None,
    columns: tuple[str, ...] | None = None,
) -> Member:
    """Rebuild a fitted member from an artifact's model: an estimator under any name, or a known name's state.

    ``numbered`` says that integer classes are class numbers, as in our own versions, and ``meaning`` what a person told
    of the classes, see :func:`ensemble_desk.ensemble.members.classes.class_numbers`. ``columns`` names what an
    estimator without names of its own reads, in order.

    Raises
    ------
    IncompatibleArtifactError
        When the model is neither, or its classes or numbers cannot be used.
    """
    if isinstance(state, Mapping):
        return _from_state(name, state, timeframe=timeframe)
    needed = ("predict_proba", "classes_", "n_features_in_")
    if lacking := [attribute for attribute in needed if not hasattr(state, attribute)]:
        raise IncompatibleArtifactError(
            name, f"{type(state).__name__} is no fitted classifier (it lacks {', '.join(lacking)})"
        )
    return FeatureMember.serving(name, state, numbered=numbered, meaning=meaning, columns=columns)


def _from_state(name: str, state: Mapping[str, Any], *, timeframe: str) -> Member:
    if name == pooled_logit.NAME and "reason" not in state:
        return PooledLogit.from_state(state)
    if name == arima_garch.NAME:
        return ArimaGarch.from_state(state, timeframe=timeframe)
    if name == prophet_member.NAME:
        return ProphetMember.from_state(state, timeframe=timeframe)
    if name == lstm.NAME:
        return LstmMember.from_state(state)
    if state.get("reason"):
        return FeatureMember.unfitted(name, str(state["reason"]))
    known = (pooled_logit.NAME, *PRICE_MEMBERS, lstm.NAME)
    raise IncompatibleArtifactError(name, f"it is stored as plain state, which only {', '.join(known)} can be")
