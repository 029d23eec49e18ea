"""The optional recurrent member: plain state, served without torch, fitted the same twice, parity with torch."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from ensemble_desk.artifacts.safe_loading import plainness
from ensemble_desk.ensemble.forecaster import EnhancedEnsembleForecaster
from ensemble_desk.ensemble.members import catalogue, lstm_training
from ensemble_desk.ensemble.members.lstm_network import Network
from ensemble_desk.ensemble.votes import Rows
from ensemble_desk.errors import IncompatibleArtifactError, MissingExtraError, UnknownMemberError
from ensemble_desk.market import features

has_torch = importlib.util.find_spec("torch") is not None
with_torch = pytest.mark.skipif(not has_torch, reason="torch is not installed: pip install torch")
without_torch = pytest.mark.skipif(has_torch, reason="torch is installed")


N_FEATURES = len(features.FEATURE_NAMES)


def drawn(*, f=N_FEATURES, k=16, seed=5):
    """A network of random weights about as large as fitted ones."""
    rng = np.random.default_rng(seed)
    shapes = [(4 * k, f), (4 * k, k), (4 * k,), (3, k), (3,)]
    weights = [rng.uniform(-0.5, 0.5, shape).astype(np.float32) for shape in shapes]
    return Network(rng.normal(size=f).astype(np.float32), rng.uniform(0.5, 2, f).astype(np.float32), *weights)


def state(**changed):
    return {"feature_names": list(features.FEATURE_NAMES), "window": 20} | drawn().to_state() | changed


def rebuilt(fitted, given):
    return catalogue.rebuild("lstm", given, label=fitted.label, timeframe="d1")


@pytest.fixture(scope="module")
def trained(fitted):
    member = catalogue.build("lstm", label=fitted.label, timeframe="d1", seed=3)
    return member.fit(fitted.rows(slice(0, fitted.n_learnt)), fitted.classes[: fitted.n_learnt], label=fitted.label)


def test_it_is_off_by_default():
    assert "lstm" in catalogue.MEMBERS
    assert "lstm" not in catalogue.DEFAULT_MEMBERS


def test_its_state_is_plain_and_survives_the_rebuild(fitted):
    member = rebuilt(fitted, state())
    assert plainness.problem(member.state()) == ""
    again = rebuilt(fitted, member.state())
    first, second = (one.predict(fitted.later, label=fitted.label).probabilities for one in (member, again))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first.sum(axis=1), 1, rtol=1e-12)


def test_one_row_gets_the_same_vote_as_among_many_and_reads_no_later_bar(fitted):
    member = rebuilt(fitted, state())
    many = member.predict(fitted.later, label=fitted.label).probabilities
    at = fitted.later.index[50]
    one = Rows(fitted.later.index[50:51], None, fitted.bars.loc[:at])
    np.testing.assert_allclose(member.predict(one, label=fitted.label).probabilities[0], many[50], rtol=1e-12)


def test_rows_without_a_whole_window_abstain(fitted):
    member = rebuilt(fitted, state())
    short = fitted.bars.iloc[:130]
    votes = member.predict(Rows(short.index[-20:], None, short), label=fitted.label)
    assert np.isnan(votes.probabilities[:8]).all()
    assert np.isfinite(votes.probabilities[-12:]).all()
    assert "119 bars" in votes.reason
    few = member.predict(Rows(short.index[-1:], None, short.tail(90)), label=fitted.label)
    assert np.isnan(few.probabilities).all()
    ready = Rows(fitted.features.index[-3:], fitted.features.tail(3), None)
    assert "only features" in member.predict(ready, label=fitted.label).reason


@pytest.mark.parametrize(
    "changed",
    [
        {"head_bias": np.zeros(4)},
        {"bias": np.full(64, np.nan)},
        {"scale": np.zeros(len(features.FEATURE_NAMES))},
        {"feature_names": ["return_1"]},
        {"feature_names": [f"x{n}" for n in range(len(features.FEATURE_NAMES))]},
        {"window": 10**9},
        {"mean": "text"},
        {"recurrent_weights": None},
    ],
)
def test_a_state_that_does_not_fit_is_refused(fitted, changed):
    with pytest.raises(IncompatibleArtifactError, match="lstm"):
        rebuilt(fitted, state(**changed))


def test_a_state_with_only_a_reason_abstains_with_it(fitted):
    votes = rebuilt(fitted, {"reason": "too few rows"}).predict(fitted.later, label=fitted.label)
    assert votes.reason == "too few rows"


@pytest.mark.parametrize("enabled", [True, False])
def test_an_ensemble_asks_it_only_when_it_is_enabled(fitted, enabled):
    artifact = fitted.artifact()
    artifact["models"] = artifact["models"] | {"lstm": state()}
    artifact["weights"] = artifact["weights"] | {"lstm": 0.5}
    ensemble = EnhancedEnsembleForecaster("1D", "AAPL", enable_lstm=enabled)
    ensemble.inject(artifact)
    told = ensemble.predict(fitted.bars)
    assert ("lstm" in told["component_predictions"]) == enabled
    assert sum(told["weights_used"].values()) == pytest.approx(1)
    batch = ensemble.predict_batch(fitted.bars)
    assert batch["confidence"].iloc[-1] == pytest.approx(told["confidence"], rel=1e-12)
    if enabled:  # at other horizons only members that model prices speak
        assert "lstm" in ensemble.predict_horizon(fitted.bars, horizon="1W", horizon_bars=5)["abstentions"]


def test_serving_imports_no_torch():
    program = "import sys; from ensemble_desk.ensemble import members, forecaster; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@without_torch
def test_asking_for_it_without_torch_names_the_extra(fitted):
    with pytest.raises(MissingExtraError, match=r"ensemble-desk\[lstm\]"):
        catalogue.require(["rf", "lstm"])
    member = catalogue.build("lstm", label=fitted.label, timeframe="d1", seed=3)
    with pytest.raises(MissingExtraError, match=r"ensemble-desk\[lstm\]"):
        member.fit(fitted.rows(slice(0, fitted.n_learnt)), fitted.classes[: fitted.n_learnt], label=fitted.label)


def test_unknown_members_are_refused_before_any_work():
    catalogue.require(catalogue.DEFAULT_MEMBERS)
    with pytest.raises(UnknownMemberError):
        catalogue.require(["rf", "svm"])


@with_torch
def test_two_fits_are_equal_to_the_bit(fitted, trained):
    again = catalogue.build("lstm", label=fitted.label, timeframe="d1", seed=3)
    again.fit(fitted.rows(slice(0, fitted.n_learnt)), fitted.classes[: fitted.n_learnt], label=fitted.label)
    for name, value in trained.state().items():
        np.testing.assert_array_equal(value, again.state()[name])


@with_torch
def test_it_votes_on_later_rows_and_not_wildly(fitted, trained):
    votes = trained.predict(fitted.later, label=fitted.label)
    assert votes.reason == ""
    happened = fitted.classes[fitted.n_learnt :]
    loss = -np.log(votes.probabilities[np.arange(len(happened)), happened]).mean()
    assert loss < 1.25


@with_torch
def test_numpy_says_what_torch_says(fitted, trained):
    import torch

    network = trained.network
    recurrent, head = lstm_training.layers(torch, len(network.mean))
    given = [network.input_weights, network.recurrent_weights, network.bias, np.zeros_like(network.bias)]
    with torch.no_grad():
        for layer, arrays in ((recurrent, given), (head, [network.head_weights, network.head_bias])):
            for parameter, array in zip(layer.parameters(), arrays, strict=True):
                parameter.copy_(torch.tensor(array))
        table = fitted.features.to_numpy()
        ends = np.arange(19, len(table))
        scaled = (table - network.mean) / network.scale
        windows = torch.tensor(scaled[ends[:, None] - np.arange(19, -1, -1)], dtype=torch.float32)
        expected = torch.softmax(head(recurrent(windows)[0][:, -1]), dim=1).numpy()
    told = network.probabilities(table, ends, window=20)
    np.testing.assert_allclose(told, expected, atol=1e-5)
