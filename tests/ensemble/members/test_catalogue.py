"""What members have in common: they read only the past, rebuild from their state, and abstain instead of NEUTRAL."""

import builtins
import pickle
import sys

import numpy as np
import pytest

from ensemble_desk.ensemble.members import catalogue
from ensemble_desk.ensemble.votes import Member, Rows
from ensemble_desk.errors import IncompatibleArtifactError, MissingExtraError, UnknownMemberError
from ensemble_desk.market.labels import LabelSpec

EVERY = pytest.mark.parametrize("name", [name for name in catalogue.MEMBERS if name != "lstm"])
PRICES = pytest.mark.parametrize("name", catalogue.PRICE_MEMBERS)


@EVERY
def test_every_member_gives_probabilities_on_every_later_row(fitted, name):
    member = fitted.members[name]
    assert isinstance(member, Member)
    votes = member.predict(fitted.later, label=fitted.label)
    assert votes.reason == ""
    assert votes.probabilities.shape == (200, 3)
    assert (votes.probabilities > 0).all()
    np.testing.assert_allclose(votes.probabilities.sum(axis=1), 1)


@EVERY
def test_a_vote_reads_nothing_that_comes_after_its_row(fitted, name):
    member = fitted.members[name]
    together = member.predict(fitted.later, label=fitted.label).probabilities
    for number in (0, 57, 199):
        one = fitted.rows(slice(fitted.n_learnt + number, fitted.n_learnt + number + 1))
        known = Rows(one.index, one.features, fitted.bars.loc[: one.index[0]])
        alone = member.predict(known, label=fitted.label).probabilities
        np.testing.assert_allclose(alone[0], together[number], atol=1e-12)


@EVERY
def test_fitting_reads_no_bar_after_the_last_row(fitted, name):
    rows = fitted.rows(slice(0, fitted.n_learnt))
    known = Rows(rows.index, rows.features, fitted.bars.loc[: rows.index[-1]])
    again = catalogue.build(name, label=fitted.label, timeframe="d1", seed=3)
    again.fit(known, fitted.classes[: fitted.n_learnt], label=fitted.label)
    np.testing.assert_allclose(
        again.predict(fitted.later, label=fitted.label).probabilities,
        fitted.members[name].predict(fitted.later, label=fitted.label).probabilities,
        atol=1e-9,
    )


@EVERY
def test_a_member_rebuilt_from_its_pickled_state_votes_the_same(fitted, name):
    state = pickle.loads(pickle.dumps(fitted.members[name].state()))
    rebuilt = catalogue.rebuild(name, state, label=fitted.label, timeframe="d1", numbered=True)
    np.testing.assert_array_equal(
        rebuilt.predict(fitted.later, label=fitted.label).probabilities,
        fitted.members[name].predict(fitted.later, label=fitted.label).probabilities,
    )


@PRICES
def test_states_of_price_members_hold_only_plain_values(fitted, name):
    state = fitted.members[name].state()
    assert {type(value) for value in state.values()} <= {float, int, str, np.ndarray}
    assert len(pickle.dumps(state)) < 20_000


def test_both_tree_members_together_are_lean_and_single_threaded(fitted):
    states = [fitted.members[name].state() for name in catalogue.FEATURE_MEMBERS]
    assert len(pickle.dumps(states)) < 2 * 2**20
    assert states[0].n_jobs == 1
    assert list(states[0].feature_names_in_) == list(fitted.features.columns)
    parallel = catalogue.build("rf", label=fitted.label, timeframe="d1", seed=3, n_jobs=2)
    parallel.fit(fitted.rows(slice(0, 300)), fitted.classes[:300], label=fitted.label)
    assert parallel.state().n_jobs == 1


@PRICES
def test_price_members_vote_at_other_horizons_than_the_fitted_one(fitted, name):
    day, month = LabelSpec(horizon_bars=1), LabelSpec(horizon_bars=21)
    member = fitted.members[name]
    votes = member.predict(fitted.later, label=month)
    assert votes.reason == ""
    np.testing.assert_allclose(votes.probabilities.sum(axis=1), 1)
    assert not np.allclose(votes.probabilities, member.predict(fitted.later, label=day).probabilities)


@EVERY
def test_without_its_data_a_member_abstains_with_a_reason(fitted, name):
    nothing = Rows(fitted.later.index, None, None)
    votes = fitted.members[name].predict(nothing, label=fitted.label)
    assert np.isnan(votes.probabilities).all()
    assert "needs" in votes.reason


@PRICES
def test_a_price_member_fitted_on_too_few_bars_abstains_and_says_how_many_it_needs(fitted, name):
    short = Rows(fitted.bars.index[:240], None, fitted.bars)
    member = catalogue.build(name, label=fitted.label, timeframe="d1", seed=3)
    member.fit(short, np.zeros(240, dtype=np.int64), label=fitted.label)
    for asked in (member, catalogue.rebuild(name, member.state(), label=fitted.label, timeframe="d1")):
        votes = asked.predict(fitted.later, label=fitted.label)
        assert np.isnan(votes.probabilities).all()
        assert "there were 240" in votes.reason


@PRICES
def test_the_first_rows_of_the_bars_abstain_and_the_later_ones_do_not(fitted, name):
    bars = fitted.bars.iloc[-150:]
    votes = fitted.members[name].predict(Rows(bars.index, None, bars), label=fitted.label)
    silent = np.isnan(votes.probabilities).any(axis=1)
    assert silent[:19].all()
    assert not silent[110:].any()
    assert "before the row" in votes.reason


@pytest.mark.parametrize(("name", "package"), [("arima_garch", "arch"), ("prophet", "prophet")])
def test_without_its_library_a_member_says_what_to_install_but_still_serves(fitted, name, package, monkeypatch):
    installed = builtins.__import__

    def missing(module, *args, **kwargs):
        if module.partition(".")[0] in {"arch", "prophet"}:
            raise ModuleNotFoundError(name=module.partition(".")[0])
        return installed(module, *args, **kwargs)

    for module in [module for module in sys.modules if module.partition(".")[0] in {"arch", "prophet"}]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(builtins, "__import__", missing)
    rebuilt = catalogue.rebuild(name, fitted.members[name].state(), label=fitted.label, timeframe="d1")
    assert np.isfinite(rebuilt.predict(fitted.later, label=fitted.label).probabilities).all()
    with pytest.raises(MissingExtraError, match=rf"needs {package}.*ensemble-desk\[train\]"):
        catalogue.build(name, label=fitted.label, timeframe="d1", seed=1).fit(
            fitted.rows(slice(0, fitted.n_learnt)), fitted.classes, label=fitted.label
        )


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("arima_garch", {"const": 0.1}),
        ("arima_garch", {"const": "x", "phi": 0, "omega": 1, "alpha": 0, "beta": 0, "nu": 5, "start": 1}),
        ("arima_garch", {"const": 0, "phi": 0, "omega": 0.1, "alpha": 0.5, "beta": 0.6, "nu": 5, "start": 1}),
        ("prophet", {"k": 1.0}),
        ("rf", {"const": 0.1}),
        ("mystery", {}),
        ("rf", "a text"),
        ("rf", None),
    ],
)
def test_a_model_that_cannot_be_served_is_refused_by_name(fitted, name, state):
    with pytest.raises(IncompatibleArtifactError, match=name):
        catalogue.rebuild(name, state, label=fitted.label, timeframe="d1")


def test_prophet_refuses_a_state_whose_arrays_do_not_fit(fitted):
    state = fitted.members["prophet"].state()
    for name in ("residuals", "delta"):
        with pytest.raises(IncompatibleArtifactError):
            catalogue.rebuild("prophet", state | {name: state[name][:-1]}, label=fitted.label, timeframe="d1")


def test_an_unknown_name_is_refused_with_the_known_ones(fitted):
    with pytest.raises(UnknownMemberError, match="arima_garch"):
        catalogue.build("xgboost", label=fitted.label, timeframe="d1", seed=1)


@EVERY
def test_the_same_seed_gives_the_same_member(fitted, name):
    def votes(seed):
        member = catalogue.build(name, label=fitted.label, timeframe="d1", seed=seed)
        member.fit(fitted.rows(slice(0, fitted.n_learnt)), fitted.classes[: fitted.n_learnt], label=fitted.label)
        return member.predict(fitted.later, label=fitted.label).probabilities

    np.testing.assert_array_equal(
        votes(3), fitted.members[name].predict(fitted.later, label=fitted.label).probabilities
    )
    if name in catalogue.FEATURE_MEMBERS:
        assert not np.array_equal(votes(3), votes(4))
