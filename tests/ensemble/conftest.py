"""One small version of real AAPL bars, fitted once for the tests of this room."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from ensemble_desk.ensemble.members import catalogue as members
from ensemble_desk.ensemble.votes import Member, Rows
from ensemble_desk.market import features, labels
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.sources.sample import SampleSource

WEIGHTS = {"rf": 0.4, "gb": 0.3, "arima_garch": 0.2, "prophet": 0.1}


@dataclass(frozen=True)
class Fitted:
    bars: pd.DataFrame  # 1,100 bars: 900 to learn from, 200 later ones
    features: pd.DataFrame
    classes: NDArray[np.int64]
    label: LabelSpec
    n_learnt: int
    members: dict[str, Member]

    def rows(self, chosen: slice) -> Rows:
        return Rows(self.features.index[chosen], self.features.iloc[chosen], self.bars)

    @property
    def later(self) -> Rows:
        return self.rows(slice(self.n_learnt, None))

    def artifact(self) -> dict[str, Any]:
        return {
            "schema_version": 1,
            "symbol": "AAPL",
            "timeframe": "d1",
            "timestamp": "20121231",
            "horizon": "1D",
            "label": self.label.to_dict(),
            "models": {name: self.members[name].state() for name in WEIGHTS},
            "weights": dict(WEIGHTS),
            "temperature": 1.2,
            "ensemble_accuracy": 0.42,
            "performances": {"rf": {"n_features": 24}},
        }


@pytest.fixture(scope="session")
def aapl() -> pd.DataFrame:
    return SampleSource().bars(Key("AAPL", "d1")).frame


@pytest.fixture(scope="session")
def fitted(aapl: pd.DataFrame) -> Fitted:
    bars, label = aapl.iloc[-1_100:], LabelSpec(horizon_bars=1)
    computed = features.compute(bars)
    known = labels.label(bars, label).reindex(computed.index)
    computed, classes = computed[known.notna()], known.dropna().to_numpy().astype(np.int64)
    n_learnt = len(computed) - 200
    rows = Rows(computed.index[:n_learnt], computed.iloc[:n_learnt], bars)
    made = {
        name: members.build(name, label=label, timeframe="d1", seed=3).fit(rows, classes[:n_learnt], label=label)
        for name in members.MEMBERS
        if name != "lstm"
    }
    return Fitted(bars, computed, classes, label, n_learnt, made)
