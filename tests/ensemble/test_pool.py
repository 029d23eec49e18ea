"""Weights, temperature and the pool: optimal where an optimum is known, and fair to members that abstain."""

import numpy as np
import pytest
from scipy.optimize import minimize

from ensemble_desk.ensemble import pool
from ensemble_desk.ensemble.pool import Pool


@pytest.fixture(scope="module")
def votes():
    rng = np.random.default_rng(9)
    truth = rng.dirichlet([3, 3, 3], size=3_000)
    y = (rng.random(3_000)[:, None] > truth.cumsum(axis=1)).sum(axis=1)
    noise = [0.2 * rng.dirichlet([1, 1, 1], size=3_000) + 0.8 * truth, rng.dirichlet([4, 4, 4], size=3_000)]
    blend = 0.5 * truth + 0.5 * np.roll(truth, 1, axis=0)
    return {"good": noise[0], "noise": noise[1], "blend": blend}, y


def _loss(p, y):
    return -np.log(p[np.arange(len(y)), y]).mean()


def test_unshrunk_weights_are_the_optimum_over_the_simplex(votes):
    p, y = votes
    found = pool.optimise_weights(p, y, shrink=0, useless=0)
    stacked = np.stack(list(p.values()))

    def loss(w):
        return _loss(np.einsum("k,knc->nc", w, stacked), y)

    best = minimize(
        loss,
        np.full(3, 1 / 3),
        method="SLSQP",
        bounds=[(0, 1)] * 3,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
    )
    assert sum(found.values()) == pytest.approx(1)
    assert loss(np.array(list(found.values()))) <= best.fun + 1e-6
    assert list(found.values()) == pytest.approx(best.x, abs=0.01)


def test_half_shrunk_weights_lie_half_way_to_equal(votes):
    p, y = votes
    raw, shrunk = pool.optimise_weights(p, y, shrink=0, useless=0), pool.optimise_weights(p, y, useless=0)
    for name in p:
        assert shrunk[name] == pytest.approx(0.5 * raw[name] + 0.5 / 3)
    assert min(shrunk.values()) >= 1 / 6 - 1e-9


def test_a_member_that_adds_nothing_is_left_out_and_the_rest_weighed_as_if_it_was_not_there(votes):
    p, y = votes
    useless = {**p, "useless": np.roll(p["noise"], 7, axis=0), "worse": np.tile([0.9, 0.05, 0.05], (3_000, 1))}
    found = pool.optimise_weights(useless, y)
    assert (found["useless"], found["worse"]) == (0, 0)
    kept = {name: p[name] for name in p if found[name]}
    assert {name: found[name] for name in kept} == pytest.approx(pool.optimise_weights(kept, y), abs=1e-3)
    assert min(found[name] for name in kept) >= 0.5 / len(kept)
    assert pool.optimise_weights({"noise": p["noise"]}, y) == {"noise": 1}


def test_a_member_that_never_voted_has_no_weight_and_one_that_often_abstained_keeps_its_due(votes):
    p, y = votes
    silent = {**p, "silent": np.full((3_000, 3), np.nan)}
    weights = pool.optimise_weights(silent, y)
    assert weights["silent"] == 0
    assert sum(weights.values()) == pytest.approx(1)
    seldom = p["good"].copy()
    seldom[::2] = np.nan
    due = pool.optimise_weights({"good": p["good"], "noise": p["noise"]}, y, shrink=0)
    half = pool.optimise_weights({"good": seldom, "noise": p["noise"]}, y, shrink=0)
    assert half["good"] == pytest.approx(due["good"], abs=0.1)
    assert pool.optimise_weights({"silent": silent["silent"]}, y) == {"silent": 0}


def test_a_row_is_shared_among_those_that_voted():
    a, b = np.array([[0.8, 0.1, 0.1], [0.8, 0.1, 0.1], [np.nan] * 3]), np.array([[0.2, 0.6, 0.2], [np.nan] * 3] * 2)
    p = {"a": a, "b": b[:3]}
    weights = {"a": 0.25, "b": 0.75}
    pooled = pool.combine(p, weights)
    assert pooled[0] == pytest.approx([0.35, 0.475, 0.175])
    assert pooled[1] == pytest.approx([0.8, 0.1, 0.1])
    assert pooled[2] == pytest.approx([0.2, 0.6, 0.2])
    assert Pool.of(p, weights).shares.T.tolist() == [[0.25, 0.75], [1, 0], [0, 1]]


def test_a_row_without_any_vote_or_weight_is_nan():
    p = {"a": np.array([[np.nan] * 3, [0.2, 0.3, 0.5]])}
    assert np.isnan(pool.combine(p, {"a": 1.0})[0]).all()
    assert np.isnan(pool.combine(p, {"a": 0.0})).all()
    assert np.isnan(Pool.of(p, {"a": 1.0}).agreement(np.array([1, 2]))).tolist() == [True, False]


def test_agreement_is_the_weight_share_of_members_with_the_same_favourite():
    p = {"a": np.array([[0.8, 0.1, 0.1]]), "b": np.array([[0.2, 0.5, 0.3]]), "c": np.array([[np.nan] * 3])}
    weights = {"a": 0.4, "b": 0.2, "c": 0.4}
    assert Pool.of(p, weights).agreement(np.array([0])) == pytest.approx([2 / 3])
    assert Pool.of(p, weights).agreement(np.array([2])) == pytest.approx([0])


def test_temperature_undoes_overconfidence(votes):
    p, y = votes
    sharp = pool.apply_temperature(p["good"], 0.4)
    found = pool.fit_temperature(sharp, y)
    honest = pool.fit_temperature(p["good"], y)
    assert found == pytest.approx(honest / 0.4, rel=0.05)
    assert _loss(pool.apply_temperature(sharp, found), y) < _loss(sharp, y)
    assert _loss(pool.apply_temperature(sharp, found), y) <= _loss(pool.apply_temperature(sharp, found * 1.1), y)


def test_temperature_keeps_the_order_the_sum_and_the_silence():
    p = np.array([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0], [np.nan] * 3])
    soft = pool.apply_temperature(p, 2.0)
    np.testing.assert_allclose(soft[:2].sum(axis=1), 1)
    assert soft[0].argsort().tolist() == p[0].argsort().tolist()
    assert soft[0, 0] < 0.5
    assert np.isnan(soft[2]).all()
    assert pool.apply_temperature(p, 1.0) is p
    assert pool.fit_temperature(p[2:], np.array([0])) == 1.0
