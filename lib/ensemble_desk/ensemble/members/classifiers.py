"""Members that read features: the random forest, gradient boosting and any other scikit-learn classifier."""

import itertools
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.ensemble.flat import growing
from ensemble_desk.ensemble.flat.forest import FlatForest
from ensemble_desk.ensemble.members.classes import class_numbers
from ensemble_desk.ensemble.votes import Rows, Votes, class_probabilities
from ensemble_desk.errors import IncompatibleArtifactError, InvalidFeaturesError, MissingFeaturesError, extras
from ensemble_desk.market import features as market_features
from ensemble_desk.market.labels import LabelSpec

_FAILURES = (ValueError, AttributeError, TypeError, LookupError, ArithmeticError)
_NOT_FINITE = "features of the row are not finite"
_ROUNDING = 1e-5  # of probabilities that another program stored as float32
_IMPUTERS = {"SimpleImputer", "KNNImputer", "IterativeImputer"}
_SCALERS = {  # they leave a missing number missing
    *("StandardScaler", "MinMaxScaler", "RobustScaler", "MaxAbsScaler", "QuantileTransformer", "PowerTransformer")
}


class FeatureMember:
    """A scikit-learn classifier as a member: features in, probabilities of the fitted horizon out.

    Attributes
    ----------
    name : its name in the ensemble.
    estimator : the classifier; fitted or not.
    reason : why it could not be fitted; '' when it could.
    """

    def __init__(self, name: str, estimator: Any) -> None:
        self.name, self.estimator, self.reason = name, estimator, ""
        self._known: tuple[int, ...] = ()
        self._names: tuple[str, ...] | None = None

    @classmethod
    def serving(
        cls,
        name: str,
        estimator: Any,
        *,
        numbered: bool,
        meaning: Mapping[str, str] | None = None,
        columns: tuple[str, ...] | None = None,
    ) -> Self:
        """Wrap a fitted estimator; raises IncompatibleArtifactError when its classes cannot be told apart.

        ``columns`` are those that one without names of its own reads; as many others say nothing about it.
        """
        member = cls(name, estimator)
        if isinstance(estimator, FlatForest) and numbered:  # what a person told is in its numbers already
            meaning = None
        member._known = class_numbers(name, estimator.classes_, numbered=numbered, meaning=meaning)
        fits = columns is not None and len(columns) == estimator.n_features_in_
        member._names = _names(estimator) or (columns if fits else None)
        return member

    @classmethod
    def unfitted(cls, name: str, reason: str) -> Self:
        """Stand in for an estimator that could not be fitted: it abstains on every row."""
        member = cls(name, None)
        member.reason = reason
        return member

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        """Columns it was fitted on, in order; None when it was fitted on a nameless array and its file names none."""
        return self._names

    @property
    def class_numbers(self) -> tuple[int, ...]:
        """Class numbers of the estimator's columns."""
        return self._known

    @property
    def fills_gaps(self) -> bool:
        """Whether it is a pipeline whose imputer sees a missing number before anything but scalers does."""
        return not self.reason and _fills_gaps(self.estimator)

    @property
    def n_features(self) -> int:
        """Number of columns it reads; 0 when it could not be fitted."""
        return 0 if self.reason else int(self.estimator.n_features_in_)

    @property
    def lookback_bars(self) -> int:
        """Our features' memory and a bar more: of one row alone, sums are added up in another order."""
        return market_features.MEMORY_BARS + 1

    def fit(self, rows: Rows, classes: NDArray[np.int64], *, label: LabelSpec) -> Self:  # noqa: ARG002 - Member's form
        """Fit on the rows whose features are all finite; with a single class in them it abstains later."""
        features = _features(rows, self.name)
        finite = np.isfinite(features.to_numpy(dtype=float)).all(axis=1)
        present = np.unique(classes[finite])
        if len(present) < 2:  # noqa: PLR2004 - one class teaches nothing
            self.reason = f"all {int(finite.sum())} rows it could learn from are of one class"
            return self
        self.estimator.fit(features[finite], classes[finite])
        if hasattr(self.estimator, "n_jobs"):
            self.estimator.n_jobs = 1  # parallelism belongs to the job: on one row it only costs
        self._known = tuple(int(number) for number in self.estimator.classes_)
        self._names = _names(self.estimator)
        return self

    def predict(self, rows: Rows, *, label: LabelSpec | None) -> Votes:  # noqa: ARG002 - Member's form
        """Vote on the rows whose features are all finite; the other rows abstain."""
        if self.reason:
            return Votes.abstain(len(rows.index), self.reason)
        if rows.features is None:
            return Votes.abstain(len(rows.index), "needs features, and there are only prices")
        if rows.table is not None and rows.names == self._names and isinstance(self.estimator, FlatForest):
            return self._votes(rows.table, len(rows.index))
        columns = self.columns(rows.features)
        values = columns.to_numpy(dtype=float)
        finite = np.isfinite(values).all(axis=1)
        if not finite.all() and self.fills_gaps:
            finite = ~np.isinf(values).any(axis=1) & ~np.isnan(values).all(axis=1)
        if not finite.any():
            return Votes.abstain(len(values), _NOT_FINITE)
        by_name = not isinstance(self.estimator, FlatForest) and _names(self.estimator) is not None
        asked = columns if by_name else values
        if finite.all():
            return self._votes(asked, len(values))
        probabilities = np.full((len(values), 3), np.nan)
        found = self._votes(asked[finite], len(values))
        if not found.reason:
            probabilities[finite] = found.probabilities
        return Votes(probabilities, found.reason or _NOT_FINITE)

    def _votes(self, asked: Any, n_rows: int) -> Votes:
        """Ask the estimator about finite rows; ``n_rows`` abstain when what it gives cannot be used."""
        try:
            raw = np.asarray(self.estimator.predict_proba(asked), dtype=float)
        except _FAILURES as error:  # of another release, or of a row unlike those of its training
            return Votes.abstain(n_rows, f"its estimator failed ({error})")
        if not _are_probabilities(raw, (len(asked), len(self._known))):
            return Votes.abstain(n_rows, "its estimator gave something else than probabilities")
        return Votes(class_probabilities(raw, self._known))

    def state(self) -> object:
        """Give the fitted estimator; a dict with the reason when it could not be fitted."""
        return {"reason": self.reason} if self.reason else self.estimator

    def columns(self, features: pd.DataFrame) -> pd.DataFrame:
        """The columns it reads, in the order it was fitted on; raises MissingFeaturesError."""
        names = self.feature_names
        if names is None:
            return _nameless(features, self.name, int(self.estimator.n_features_in_))
        try:
            return market_features.chosen(features, names)
        except KeyError as error:
            missing = [name for name in names if name not in features.columns]
            raise MissingFeaturesError(missing, version=f"member {self.name}") from error


def _fills_gaps(estimator: Any) -> bool:
    steps = [type(step).__name__ for _, step in getattr(estimator, "steps", ())]
    before = itertools.takewhile(lambda step: step not in _IMPUTERS, steps)
    return not _IMPUTERS.isdisjoint(steps) and set(before) <= _SCALERS


def _names(estimator: Any) -> tuple[str, ...] | None:
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else tuple(str(name) for name in names)


def _are_probabilities(raw: NDArray[np.float64], shape: tuple[int, int]) -> bool:
    if raw.shape != shape:
        return False
    if len(raw) == 1:  # the same in a fraction of the time: this is asked at every forecast
        given = raw[0].tolist()
        return min(given, default=0.0) >= 0 and abs(sum(given) - 1) <= _ROUNDING
    return bool(raw.min(initial=0.0) >= 0 and np.abs(raw.sum(axis=1) - 1).max(initial=0.0) <= _ROUNDING)  # NaN fails


def random_forest(*, seed: int, weekly: bool, n_jobs: int = 1, kept: bool = True) -> Any:
    """Build an unfitted forest with leaves of a few per cent of the rows: they generalise better and stay small.

    Measured out of fold on five daily series, h = 1: log-loss 1.070 (leaves of 25: 1.073; class prior: 1.078).
    One that is not ``kept`` is the same forest for asking alone.
    """
    told: dict[str, Any] = {"n_trees": 50, "leaf": 20 if weekly else 40, "share": 0.5, "seed": seed}
    return growing.whole(**told, n_jobs=n_jobs) if kept else growing.forest(**told)


def gradient_boosting(*, seed: int, weekly: bool) -> Any:
    """Build unfitted boosting of few shallow trees, each on a third of the rows and a few of the features."""
    with extras.needed():
        from sklearn.ensemble import GradientBoostingClassifier

    return GradientBoostingClassifier(
        n_estimators=30,
        learning_rate=0.04,
        max_depth=3,
        min_samples_leaf=20 if weekly else 60,
        subsample=0.3,
        max_features="sqrt",
        random_state=seed,
    )


def _features(rows: Rows, member: str) -> pd.DataFrame:
    if rows.features is None:
        problem = f"member {member} is fitted on features, and none were given"
        raise InvalidFeaturesError(problem)
    return rows.features


def _nameless(features: pd.DataFrame, member: str, n_expected: int) -> pd.DataFrame:
    numeric = features.select_dtypes("number")
    if numeric.shape[1] != n_expected:
        raise IncompatibleArtifactError(
            member,
            f"it stores no feature names and was trained on {n_expected} columns, but the frame has "
            f"{numeric.shape[1]} numeric ones; pass exactly those {n_expected} columns in the order of training",
        )
    return numeric
