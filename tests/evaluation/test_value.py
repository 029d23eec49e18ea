"""What acting is worth after costs, against numbers worked out by hand and by simulation."""

import numpy as np
import pytest

from ensemble_desk.evaluation import value


def test_costs_are_paid_on_what_is_traded_and_at_the_end():
    positions, returns = np.array([0.5, 0.5, -0.5]), np.array([0.02, -0.01, 0.01])
    net, traded = value.after_costs(positions, returns, cost_bps=10)
    assert traded.tolist() == [0.5, 0.0, 1.5]
    assert net == pytest.approx([0.01 - 0.0005, -0.005, -0.005 - 0.0015])
    found = value.account(positions, returns, cost_bps=10, bars_a_year=252)
    assert found.total == pytest.approx((1.0095 * 0.995 * 0.9935) - 1)
    assert found.turnover == pytest.approx(2.0 / 3 * 252)
    assert found.costs == pytest.approx(0.002 / 3 * 252)
    assert found.held == 0.5
    assert found.drawdown == pytest.approx(1 - 0.995 * 0.9935)


def test_nothing_held_is_nothing_earned():
    found = value.account(np.zeros(80), np.full(80, 0.01), cost_bps=5, bars_a_year=252)
    assert (found.total, found.sharpe, found.drawdown, found.turnover) == (0, None, 0, 0)
    assert value.deflated_sharpe(np.zeros(80), n_tried=1) is None
    assert value.deflated_sharpe(np.array([0.01, 0.02]), n_tried=1) is None


def test_of_overlapping_forecasts_each_has_its_share_of_the_capital():
    assert value.tranches(np.array([1.0, 0.0, -1.0, 0.0]), horizon_bars=1).tolist() == [1, 0, -1, 0]
    assert value.tranches(np.array([1.0, 0.0, -1.0, 0.0]), horizon_bars=2).tolist() == [0.5, 0.5, -0.5, -0.5]


def test_holding_by_volatility_knows_no_later_volatility_and_is_bounded():
    sigmas = np.array([0.01, 0.02, 0.0, 0.04])
    whole = value.sized_by_volatility(sigmas)
    assert whole[:2] == pytest.approx([1.0, 0.75])
    assert whole[2] == value.MOST_HELD
    assert value.sized_by_volatility(sigmas[:2]).tolist() == whole[:2].tolist()


def test_the_best_of_many_worthless_records_is_seldom_called_proven():
    generator = np.random.default_rng(4)
    n_tried, proven = 20, 0
    for _ in range(200):
        records = generator.normal(0, 0.01, size=(n_tried, 500))
        best = records[(records.mean(axis=1) / records.std(axis=1)).argmax()]
        proven += value.deflated_sharpe(best, n_tried=n_tried) >= value.PROVEN
    assert proven <= 20  # one try for each would have called most of them proven
    good = generator.normal(0.002, 0.01, size=1_000)
    assert value.deflated_sharpe(good, n_tried=n_tried) > value.PROVEN


def test_more_tries_ask_for_more():
    assert value.best_of_worthless(1) == 0
    assert value.best_of_worthless(10) == pytest.approx(1.5747, abs=1e-3)  # their table for ten trials
    record = np.random.default_rng(2).normal(0.0007, 0.01, size=800)
    told = [value.deflated_sharpe(record, n_tried=n) for n in (1, 5, 50)]
    assert told == sorted(told, reverse=True)
