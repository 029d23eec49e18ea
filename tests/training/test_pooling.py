"""Rows of every symbol for members that learn from all of them."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
from tests.training.conftest import AAPL, EARLY

from ensemble_desk.artifacts import serving_form
from ensemble_desk.ensemble.forecaster import EnhancedEnsembleForecaster
from ensemble_desk.errors import SourceError
from ensemble_desk.market import features
from ensemble_desk.market.keys import Key
from ensemble_desk.training import fitting
from ensemble_desk.training.pooled import symbols as pooling

LABEL = fitting.default_label("d1")


def test_other_symbols_of_the_timeframe_are_read_up_to_the_cut_and_what_is_not_there_is_left_out(source, early_bars):
    found = pooling.peers(source, AAPL, until=early_bars.last)
    assert set(found) == {"IBM", "MSFT", "^GSPC", "^IXIC"}  # GOOG and FB begin later
    assert max(frame.index[-1] for frame in found.values()) <= early_bars.last


def test_of_very_many_symbols_some_are_read_evenly_and_always_the_same():
    class Many:
        name = "many"

        def keys(self):
            return tuple(Key(f"S{number:03}", "d1") for number in range(500))

        def bars(self, key, *, until=None):  # noqa: ARG002 - a source's form
            asked.append(key.symbol)
            raise SourceError(self.name, "none")

    asked = []
    assert pooling.peers(Many(), Key("S000", "d1"), until=datetime(2020, 1, 1, tzinfo=UTC)) == {}
    assert len(asked) == pooling.MOST_SYMBOLS
    assert (asked[0], asked[-1]) == ("S001", "S499")


def test_pooled_rows_are_ordered_by_when_their_outcome_was_known_and_end_with_the_symbol_itself(source, early_bars):
    peers = {name: source.bars(Key(name, "d1")).frame for name in ("IBM", "GOOG", "FB")}  # whole: later bars are cut
    found = pooling.pool(early_bars, peers, label=LABEL)
    assert found.symbols == ("AAPL", "IBM")
    assert found.known_at.is_monotonic_increasing
    assert found.known_at[-1] == early_bars.last
    assert found.ratios.shape == (len(found.classes), 15)
    assert np.isfinite(found.ratios).all()
    half = pd.Timestamp("2001-06-29", tz="UTC")
    told, classes = found.until(half)
    assert len(told) == len(classes) == int((found.known_at <= half).sum())


def test_rows_of_the_same_bars_are_made_once_and_those_of_others_anew(source, early_bars, monkeypatch):
    peers = {name: source.bars(Key(name, "d1")).frame for name in ("IBM", "MSFT")}
    first = pooling.pool(early_bars, peers, label=LABEL)
    made = []
    compute = features.compute
    monkeypatch.setattr(pooling.features, "compute", lambda frame: made.append(frame) or compute(frame))
    again = pooling.pool(early_bars, {name: frame.copy() for name, frame in peers.items()}, label=LABEL)
    assert not made
    np.testing.assert_array_equal(again.ratios, first.ratios)
    np.testing.assert_array_equal(again.classes, first.classes)
    restated = peers["IBM"].copy()
    restated.iloc[150, restated.columns.get_loc("volume")] *= 3
    other = pooling.pool(early_bars, peers | {"IBM": restated}, label=LABEL)
    assert len(made) == 1
    assert (other.ratios != first.ratios).any()
    pooling.pool(early_bars, peers, label=LABEL.at_horizon(5))
    assert len(made) == 4


def test_a_version_with_a_pooled_member_is_served_from_its_form_as_from_its_artifact(source, early_bars):
    peers = pooling.peers(source, AAPL, until=EARLY)
    content = fitting.fit_version(early_bars, label=LABEL, members=("rf", "pooled_logit"), seed=3, peers=peers)
    assert content["pooled_symbols"] == ["AAPL", "IBM", "MSFT", "^GSPC", "^IXIC"]
    assert content["performances"]["pooled_logit"]["n_features"] == 13
    form = serving_form.write(content, name="AAPL")
    served, trained = EnhancedEnsembleForecaster("1D", "AAPL"), EnhancedEnsembleForecaster("1D", "AAPL")
    served.inject(serving_form.read(form, name="AAPL"))
    trained.inject(content)
    one, other = served.predict(early_bars.frame), trained.predict(early_bars.frame)
    assert one == other
    assert one["lean"] is not None
    alone = fitting.fit_version(early_bars, label=LABEL, members=("pooled_logit",), seed=3)
    assert alone["pooled_symbols"] == ["AAPL"]
