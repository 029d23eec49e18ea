"""A replay scores two versions on the same bars, after both training windows only, and never looks ahead."""

import dataclasses
import shutil

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.errors import UnknownVersionError
from ensemble_desk.evaluation.comparison import Verdict
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.preflight import replay
from ensemble_desk.registry.serving import ensembles as serving
from ensemble_desk.settings import Settings

AAPL = Key("AAPL", "d1")


@pytest.fixture
def desk(trained_folder, tmp_path):
    folder = tmp_path / "models"
    shutil.copytree(trained_folder, folder)
    with opening.open_registry(Settings(models_url=str(folder))) as opened:
        yield opened


def test_bars_of_either_training_window_are_left_out_of_the_verdict(desk):
    found = replay.replay(desk, AAPL, "20121231", "20120928", n_bars=120)
    trained_to = pd.Timestamp(versions.get(desk, AAPL, "20121231").last_bar)
    assert len(found.times) == 120
    assert (found.in_sample == (found.times <= trained_to)).all()
    assert 0 < found.compared.n == int((~found.in_sample & np.isfinite(found.outcomes)).sum())
    assert np.isnan(found.outcomes[-1])
    happened = found.outcomes[~found.in_sample & np.isfinite(found.outcomes)]
    assert found.majority == max((happened == number).mean() for number in range(3))


def test_without_a_bar_to_score_there_is_no_majority(desk):
    found = replay.replay(desk, AAPL, "20121231", "20120928", n_bars=120)
    assert dataclasses.replace(found, in_sample=np.ones_like(found.in_sample)).majority is None


def test_a_version_against_itself_flips_nothing_and_proves_nothing(desk):
    found = replay.replay(desk, AAPL, "20120928", "20120928")
    assert (found.flips, found.compared.verdict) == (0, Verdict.NOT_SETTLED)


def test_each_row_equals_a_forecast_made_at_that_bar(desk):
    found = replay.replay(desk, AAPL, "20121231", "20120629", n_bars=30)
    bars = desk.source.bars(AAPL).frame.tail(30 + replay.HISTORY_BARS)
    ensemble = serving.ensemble_of(desk, AAPL, "20121231")
    for at in (0, 11, 29):
        alone = ensemble.predict(bars.loc[: found.times[at]])["probabilities"]
        np.testing.assert_allclose(found.current[at], list(alone.values()), rtol=0, atol=1e-12)


def test_an_unknown_version_is_named(desk):
    with pytest.raises(UnknownVersionError, match="19990101"):
        replay.replay(desk, AAPL, "20121231", "19990101")
