"""The filter against arch's own volatility, the closed form against simulated paths."""

import numpy as np
import pytest
from arch import arch_model

from ensemble_desk.ensemble.members import garch, increments
from ensemble_desk.ensemble.members.garch import Parameters

PLAUSIBLE = Parameters(const=0.05, phi=0.03, omega=0.05, alpha=0.05, beta=0.93, nu=6.0, start=1.0)


def test_the_filter_equals_archs_conditional_volatility_from_the_same_start(aapl):
    returns = 100 * np.diff(np.log(aapl["close"].to_numpy()))[-1_500:]
    fitted = arch_model(returns, mean="AR", lags=1, vol="GARCH", p=1, q=1, dist="t", rescale=False).fit(disp="off")
    theirs = np.asarray(fitted.conditional_volatility)  # the first return has none: it is the AR term's past
    const, phi, omega, alpha, beta, nu = fitted.params.to_numpy().tolist()
    backcast = (theirs[1] ** 2 - omega) / (alpha + beta)
    parameters = Parameters(const, phi, omega, alpha, beta, nu, start=backcast)
    variance = garch.next_variance(returns, parameters)
    np.testing.assert_allclose(np.sqrt(variance[1:-1]), theirs[2:], atol=1e-6)
    ahead = fitted.forecast(horizon=5, reindex=False)
    mean, deviation = garch.aggregate(returns[-1:], variance[-1:], parameters, horizon_bars=1)
    assert mean[0] == pytest.approx(ahead.mean.iloc[-1, 0], abs=1e-9)
    assert deviation[0] ** 2 == pytest.approx(ahead.residual_variance.iloc[-1, 0], rel=1e-6)
    mean, _ = garch.aggregate(returns[-1:], variance[-1:], parameters, horizon_bars=5)
    assert mean[0] == pytest.approx(ahead.mean.iloc[-1].sum(), abs=1e-9)


def test_what_the_filter_started_with_fades():
    returns = np.random.default_rng(1).standard_normal(600)
    calm = garch.next_variance(returns, PLAUSIBLE)
    wild = garch.next_variance(returns, Parameters(**{**PLAUSIBLE.to_state(), "start": 50.0}))
    assert wild[1] > 5 * calm[1]
    np.testing.assert_allclose(wild[-1], calm[-1], rtol=1e-6)
    assert np.isnan(calm[0])


@pytest.mark.parametrize("horizon_bars", [1, 5])
@pytest.mark.parametrize(("last_return", "variance"), [(0.5, 1.0), (-3.0, 6.0)])
def test_closed_form_equals_simulated_paths(horizon_bars, last_return, variance):
    p, rng, n = PLAUSIBLE, np.random.default_rng(2), 100_000
    r, v, total = np.full(n, last_return), np.full(n, variance), np.zeros(n)
    for _ in range(horizon_bars):
        shock = rng.standard_t(p.nu, n) * np.sqrt(v * (p.nu - 2) / p.nu)
        r = p.const + p.phi * r + shock
        total += r
        v = p.omega + p.alpha * shock**2 + p.beta * v
    mean, deviation = garch.aggregate(np.array([last_return]), np.array([variance]), p, horizon_bars=horizon_bars)
    assert mean[0] == pytest.approx(total.mean(), abs=5 * total.std() / n**0.5)
    assert deviation[0] == pytest.approx(total.std(), rel=0.02)
    limit = 0.5 * (variance * horizon_bars) ** 0.5
    simulated = [(total < -limit).mean(), (np.abs(total) <= limit).mean(), (total > limit).mean()]
    freedom = garch.freedom(p, horizon_bars=horizon_bars)
    closed = increments.probabilities(mean, deviation, np.array([limit]), freedom=freedom)[0]
    assert closed == pytest.approx(simulated, abs=0.015)


def test_probabilities_keep_a_floor_sum_to_one_and_abstain_on_what_is_not_finite():
    mean = np.array([0.0, 500.0, np.nan, 0.0])
    limit = np.array([0.5, 0.5, 0.5, np.nan])
    for freedom in (5.0, np.inf):
        p = increments.probabilities(mean, np.ones(4), limit, freedom=freedom)
        np.testing.assert_allclose(p[:2].sum(axis=1), 1)
        assert p[1].tolist() == pytest.approx([1 / 1003, 1 / 1003, 1001 / 1003])
        assert p[0, 0] == pytest.approx(p[0, 2])
        assert np.isnan(p[2:]).all()
