"""The optional member that reads windows of features with a small recurrent network; fitted by torch, served without.

It computes its features from bars itself, since it needs those of the rows before: a table of ready features alone
does not tell which rows follow each other, and then it abstains.
"""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.ensemble.members import lstm_training
from ensemble_desk.ensemble.members.lstm_network import Floats, Network
from ensemble_desk.ensemble.members.lstm_training import Lesson
from ensemble_desk.ensemble.votes import Rows, Votes
from ensemble_desk.errors import IncompatibleArtifactError
from ensemble_desk.market import features
from ensemble_desk.market.labels import LabelSpec

NAME = "lstm"
WINDOW = 20
_MOST_WINDOW = 1_000
_LEAST_ROWS = 300
_NEEDS = features.MEMORY_BARS + WINDOW - 1
_NO_BARS = "needs bars to see the rows before, and there are only features"


class LstmMember:
    """Probabilities of the fitted horizon from the last twenty rows of features.

    State: plain numbers, texts and arrays. Rows with too few bars before them abstain.
    """

    name = NAME

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed
        self.network: Network | None = None
        self.names: tuple[str, ...] = features.FEATURE_NAMES
        self.window = WINDOW
        self.reason = "it was not fitted"

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from :meth:`state`; raises IncompatibleArtifactError when something is missing or does not fit."""
        member = cls()
        if state.get("reason"):
            member.reason = str(state["reason"])
            return member
        try:
            member.names = tuple(str(name) for name in state["feature_names"])
            member.window = int(state["window"])
            member.network = Network.from_state(state)
        except (KeyError, TypeError, ValueError) as error:
            raise IncompatibleArtifactError(NAME, f"its state cannot be read ({error})") from error
        unknown = [name for name in member.names if name not in features.FEATURE_NAMES]
        fits = len(member.names) == len(member.network.mean) and 1 <= member.window <= _MOST_WINDOW
        if unknown or not fits:
            raise IncompatibleArtifactError(NAME, "its state names other features than it was fitted on")
        member.reason = ""
        return member

    @property
    def lookback_bars(self) -> int:
        return features.MEMORY_BARS + self.window + 1

    def state(self) -> object:
        if self.network is None:
            return {"reason": self.reason}
        return {"feature_names": list(self.names), "window": self.window} | self.network.to_state()

    def fit(self, rows: Rows, classes: NDArray[np.int64], *, label: LabelSpec) -> Self:
        """Fit to the rows that have a whole window before them.

        Raises
        ------
        MissingExtraError
            When torch is not installed.
        """
        self.network, self.reason = None, ""
        if rows.bars is None:
            self.reason = _NO_BARS
            return self
        table, ends = self._table(rows)
        whole = ends >= self.window - 1
        lesson = Lesson(table, ends[whole], classes[whole], window=self.window, gap=label.horizon_bars)
        if int(whole.sum()) < _LEAST_ROWS:
            self.reason = f"needs {_LEAST_ROWS} rows to be fitted, there were {int(whole.sum())}"
        elif len(np.unique(lesson.classes[: lesson.n_learnt])) < 2:  # noqa: PLR2004 - one class teaches nothing
            self.reason = "all rows it could learn from are of one class"
        else:
            self.network = lstm_training.fit(lesson, seed=self.seed)
        return self

    def predict(self, rows: Rows, *, label: LabelSpec | None) -> Votes:  # noqa: ARG002 - Member's form
        """Vote on the rows that have a whole window before them."""
        n = len(rows.index)
        if self.network is None:
            return Votes.abstain(n, self.reason)
        if rows.bars is None:
            return Votes.abstain(n, _NO_BARS)
        table, ends = self._table(rows)
        whole = ends >= self.window - 1
        probabilities = np.full((n, 3), np.nan)
        probabilities[whole] = self.network.probabilities(table, ends[whole], window=self.window)
        return Votes(probabilities, "" if whole.all() else f"needs {_NEEDS} bars up to the row")

    def _table(self, rows: Rows) -> tuple[Floats, NDArray[np.intp]]:
        """Features around the rows, and which of their rows each is (-1: it has none). Shapes (m, f) and (n,)."""
        assert rows.bars is not None  # noqa: S101 - fit and predict only
        bars = rows.bars.loc[: rows.index[-1]]
        first = int(bars.index.get_indexer(rows.index[:1])[0]) - self.window - features.WARM_UP_BARS
        bars = bars.iloc[max(first, 0) :]
        if len(bars) < features.MEMORY_BARS:
            return np.empty((0, len(self.names))), np.full(len(rows.index), -1, dtype=np.intp)
        table = features.compute(bars)[list(self.names)]
        return table.to_numpy(dtype=np.float64), np.asarray(table.index.get_indexer(rows.index), dtype=np.intp)
