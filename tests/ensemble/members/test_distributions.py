"""Distribution functions without scipy are those of scipy."""

import sys

import numpy as np
import pytest
from scipy import special

from ensemble_desk.ensemble.members import distributions

X = np.concatenate([np.linspace(-12, 12, 961), [-1e8, -1e3, -60.0, 0.0, 60.0, 1e3, 1e8, np.inf, -np.inf, np.nan]])


@pytest.mark.parametrize("freedom", [2.05, 2.5, 3, 4.2, 5.7, 8, 15.3, 50, 200, 500, 1000])
def test_student_t_is_scipys(freedom):
    assert np.allclose(
        distributions.student_t(freedom, X), special.stdtr(freedom, X), rtol=0, atol=1e-12, equal_nan=True
    )


def test_the_normal_is_scipys():
    assert np.allclose(distributions.normal(X), special.ndtr(X), rtol=1e-13, atol=1e-300, equal_nan=True)


def test_tails_are_right_in_their_own_size():
    x = np.array([-8.0, -5.0, -3.0])
    assert np.allclose(distributions.student_t(6.0, x), special.stdtr(6.0, x), rtol=1e-11, atol=0)


def test_they_serve_where_scipy_is_not_installed(monkeypatch):
    distributions.available.cache_clear()
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    assert distributions.available() == (distributions.normal, distributions.student_t)
    distributions.available.cache_clear()
