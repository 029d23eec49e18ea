"""Feature diagnosis: distances that others compute too, and a comparison with the past that does not cry wolf."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tests.forecast_bench import KEY, walk

from ensemble_desk.market import features
from ensemble_desk.monitoring import diagnosis, histograms
from ensemble_desk.monitoring.histograms import Reference
from ensemble_desk.training.content import histogram


def reference(values):
    told = histogram(pd.Series(values))
    return histograms.read({"it": told})["it"]


def table_of(values):
    index = pd.bdate_range("2000-01-03", periods=len(values), tz="UTC")
    return pd.DataFrame(values, index, [f"f{k}" for k in range(values.shape[1])])


def wandering(generator, n, *, n_series=1):
    """Series that wander as indicators do, shape (n, n_series)."""
    found = np.zeros((n, n_series))
    for row in range(1, n):
        found[row] = 0.97 * found[row - 1] + generator.normal(size=n_series)
    return found


@pytest.mark.parametrize("shift", [0.0, 0.5, 3.0])
def test_distances_agree_with_scipy_on_plain_samples(shift):
    generator = np.random.default_rng(1)
    old, new = generator.normal(size=4_000), generator.normal(shift, 1, size=400)
    found = reference(old).measure(new[None, :])
    exact = stats.wasserstein_distance(old, new)
    assert found.distance[0] == pytest.approx(exact, rel=0.12)
    assert found.in_deviations == pytest.approx(exact / old.std(), rel=0.2)
    assert found.ks[0] == pytest.approx(stats.ks_2samp(old, new).statistic, abs=0.03)
    assert found.outside[0] == np.mean((new < old.min()) | (new > old.max()))


def test_beyond_the_range_the_true_distance_counts():
    near, far = (reference(np.arange(100.0)).measure(np.full((1, 10), value)).distance[0] for value in (150, 1_150))
    assert far - near == pytest.approx(1_000)


def test_a_feature_of_few_values_is_compared_value_by_value():
    weekdays = np.tile(np.arange(5.0), 400)
    found = reference(weekdays).measure(np.tile(np.arange(5.0), 12)[None, :])
    assert found.ks[0] == pytest.approx(0, abs=1e-12)
    assert found.distance[0] == pytest.approx(0, abs=1e-12)
    assert found.psi == pytest.approx(0, abs=1e-12)


def test_a_constant_feature_has_no_distance_and_no_warning():
    constant = reference(np.zeros(500))
    same, other = (constant.measure(np.full((2, 60), value)) for value in (0.0, 1.0))
    assert (same.in_deviations, other.in_deviations) == (None, None)
    assert (same.ks[0], same.outside[0], other.outside[0]) == (0.0, 0.0, 1.0)


def test_psi_stands_beside_what_it_is_when_nothing_changed():
    generator = np.random.default_rng(2)
    found = [reference(generator.normal(size=2_000)).measure(generator.normal(size=(1, 100))) for _ in range(60)]
    assert np.mean([one.psi for one in found]) == pytest.approx(found[0].psi_null, rel=0.25)
    assert found[0].psi_null == pytest.approx(19 * (1 / 100 + 1 / 2_000))


@pytest.mark.parametrize(
    "stored",
    [None, [], {"it": 3}, {"it": {"edges": [0, 1], "counts": [1, 2]}}, {"it": {"edges": [1, 0], "counts": [1]}},
     {"it": {"edges": ["a", "b"], "counts": [1]}}, {"it": {"edges": [0, 1], "counts": [0]}}],
)  # fmt: skip
def test_what_is_no_histogram_is_left_out(stored):
    assert histograms.read(stored) == {}


def test_unchanged_features_rarely_stand_out_where_textbook_tests_fire():
    generator = np.random.default_rng(3)
    unusual, textbook = [], []
    for _ in range(10):
        values = wandering(generator, 6_200, n_series=12)
        table = table_of(values)
        references = {name: reference(values[:4_000, k]) for k, name in enumerate(table.columns)}
        found = diagnosis.diagnose(KEY, "v", table, references, importances={})
        unusual += [one.unusual for one in found.features]
        textbook += [stats.ks_2samp(values[:4_000, k], values[-60:, k]).pvalue < 0.05 for k in range(12)]
        assert found.n_shifts == 61
    print(f"unusual {np.mean(unusual):.2f}, textbook KS {np.mean(textbook):.2f}")  # noqa: T201 - the contrast is the point
    assert np.mean(unusual) <= 0.05
    assert np.mean(textbook) >= 0.5


def test_a_feature_that_left_its_range_is_first_and_unusual():
    generator = np.random.default_rng(6)
    values = wandering(generator, 5_000, n_series=2)
    values[-60:, 1] += 60
    table = table_of(values).set_axis(["calm", "moved"], axis=1)
    references = {name: reference(values[:2_000, k]) for k, name in enumerate(table.columns)}
    found = diagnosis.diagnose(KEY, "v", table, references, importances={"moved": 0.7})
    first = found.features[0]
    assert (first.name, first.unusual, first.importance) == ("moved", True, 0.7)
    assert (first.p, first.outside) == (pytest.approx(found.least_p), 1.0)
    assert not found.features[1].unusual


def test_too_short_a_history_is_said(sqlite_bench):
    found = diagnosis.diagnose(KEY, "v", table_of(np.zeros((100, 1))), {}, importances={})
    assert found.features == ()
    assert "160 bars" in found.problem
    assert sqlite_bench.registry.source.keys() == ()


def test_a_version_is_diagnosed_on_the_newest_bars_of_the_source(sqlite_bench):
    frame = walk(700)
    sqlite_bench.prices.frames[KEY] = frame
    table = features.compute(frame)
    pictures = {name: histogram(table[name].iloc[:400]) for name in ("rsi_14", "volatility_20", "time_of_day")}
    sqlite_bench.publish(reference_histograms=pictures)
    found = diagnosis.features_of(sqlite_bench.registry, KEY)
    assert {one.name for one in found.features} == set(pictures)
    assert (found.version, found.n_bars, found.n_shifts) == ("20200701", 60, 5)
    assert found.until == frame.index[-1].to_pydatetime()
    assert found.problem == ""


def test_a_version_without_a_picture_and_bars_without_features_are_said(sqlite_bench):
    sqlite_bench.prices.frames[KEY] = walk(50)
    sqlite_bench.publish("20200701")
    assert "keeps no picture" in diagnosis.features_of(sqlite_bench.registry, KEY).problem
    sqlite_bench.publish("20200702", reference_histograms={"rsi_14": {"edges": [0, 100], "counts": [5]}})
    assert "needs at least 100" in diagnosis.features_of(sqlite_bench.registry, KEY).problem


def test_the_reference_knows_its_deviation():
    assert Reference(np.array([0.0, 12.0]), np.array([7.0])).deviation == pytest.approx(12 / np.sqrt(12))
