"""Replay is honest: each bar by the version that was newest at it, from no more than was known then."""

import shutil
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import select
from tests.forecast_bench import KEY, walk

from ensemble_desk.database.tables.registry_tables import forecasts as table
from ensemble_desk.errors import UnknownKeyError
from ensemble_desk.forecasting import replay
from ensemble_desk.market import timeframes
from ensemble_desk.market.labels import CLASSES
from ensemble_desk.registry import opening
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.serving import ensembles as serving
from ensemble_desk.settings import Settings


def logged(database):
    with database.reading() as connection:
        return pd.DataFrame(connection.execute(select(table)).mappings().all())


@pytest.fixture(scope="module")
def real(trained_folder, tmp_path_factory):
    """The versions that were really trained, in a folder of their own, replayed."""
    folder = tmp_path_factory.mktemp("replayed") / "models"
    shutil.copytree(trained_folder, folder)
    with opening.open_registry(Settings(models_url=str(folder))) as registry:
        report = replay.run(registry, KEY)
        yield registry, report, logged(registry.database)


def test_a_batch_says_what_each_bar_would_have_said_with_the_future_cut_off(real):
    registry, _, rows = real
    frame = registry.source.bars(KEY).frame
    rows = rows.assign(as_of=pd.to_datetime(rows["as_of"], utc=True))
    sampled = rows.groupby(["version", "horizon"], group_keys=False).sample(4, random_state=1)
    assert set(sampled["horizon"]) == {"1D", "1W", "1M"}
    for row in sampled.itertuples():
        ensemble = serving.ensemble_of(registry, KEY, row.version)
        seen = frame.loc[: row.as_of]
        alone = ensemble.predict_horizon(seen, horizon=row.horizon, horizon_bars=row.horizon_bars)
        assert alone["as_of"] == row.as_of
        assert (row.label, row.basis) == (alone["label"], alone["basis"])
        np.testing.assert_allclose(
            [row.p_bearish, row.p_neutral, row.p_bullish], list(alone["probabilities"].values()), atol=1e-9
        )
        assert row.confidence == pytest.approx(alone["confidence"])
        assert row.agreement == pytest.approx(alone["agreement"])
        assert row.weights_used == pytest.approx(alone["weights_used"])
        assert row.abstentions == alone["abstentions"]
        for name, vote in alone["component_predictions"].items():
            np.testing.assert_allclose(row.members[name], list(vote["probabilities"].values()), atol=1e-9)


def test_no_version_forecasts_its_own_training_window_and_the_newest_one_speaks(real):
    registry, report, rows = real
    ends = {record.version: record.last_bar for record in versions.of_key(registry, KEY)}
    for row in rows.itertuples():
        as_of = row.as_of.to_pydatetime()
        assert row.version == max((one for one in ends if ends[one] < as_of), key=lambda one: ends[one])
    assert report.by_version == rows.groupby("version").size().to_dict()
    assert set(report.by_version) == set(ends)
    assert set(rows["kind"]) == {"replay"}
    assert rows["pointer_revision"].isna().all()


def test_every_bar_whose_outcome_is_known_is_there_and_no_other(real):
    registry, report, rows = real
    index = registry.source.bars(KEY).frame.index
    first = min(record.last_bar for record in versions.of_key(registry, KEY))
    for horizon, n_bars in timeframes.horizons("d1").items():
        said = rows[rows["horizon"] == horizon]
        wanted = index[index > pd.Timestamp(first)][:-n_bars]
        assert list(pd.to_datetime(said["as_of"], utc=True).sort_values()) == list(wanted)
        after = index[index.get_indexer(pd.to_datetime(said["as_of"], utc=True)) + n_bars]
        assert list(pd.to_datetime(said["target_at"], utc=True)) == list(after)
    assert (report.n_forecasts, report.n_new, report.n_silent, report.skipped) == (len(rows), len(rows), 0, {})


def test_a_second_replay_adds_nothing(real):
    registry, report, rows = real
    again = replay.run(registry, KEY)
    assert (again.n_forecasts, again.n_new) == (report.n_forecasts, 0)
    assert len(logged(registry.database)) == len(rows)


def test_labels_are_the_most_probable_class(real):
    rows = real[2]
    p = rows[["p_bearish", "p_neutral", "p_bullish"]].to_numpy()
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert [CLASSES[number] for number in p.argmax(axis=1)] == rows["label"].tolist()


def test_both_databases_take_a_replay(bench):
    frame = walk(400)
    bench.prices.frames[KEY] = frame
    bench.publish("20210101", last_bar=frame.index[299].to_pydatetime())
    bench.publish("20210201", last_bar=frame.index[349].to_pydatetime())
    report = replay.run(bench.registry, KEY)
    assert report.by_version == {"20210101": 150, "20210201": 49 + 45 + 29}
    assert len(logged(bench.database)) == report.n_new == 273


def test_of_versions_trained_on_the_same_bars_the_newest_counts(sqlite_bench):
    frame = walk(400)
    sqlite_bench.prices.frames[KEY] = frame
    for version in ("20210101", "20210101r02"):
        sqlite_bench.publish(version, last_bar=frame.index[349].to_pydatetime())
    assert set(replay.run(sqlite_bench.registry, KEY).by_version) == {"20210101r02"}


def test_what_cannot_be_replayed_is_named_with_the_reason(sqlite_bench):
    frame = walk(400)
    sqlite_bench.prices.frames[KEY] = frame
    sqlite_bench.publish("20210101", label=None)
    damaged = sqlite_bench.publish("20210102", last_bar=frame.index[349].to_pydatetime())
    (sqlite_bench.registry.store.folder / damaged.file_name).write_bytes(b"damaged")
    report = replay.run(sqlite_bench.registry, KEY)
    assert "its training window is not known; tell it: desk registry describe" in report.skipped["20210101"]
    assert "digest" in report.skipped["20210102"] or "tampered" in report.skipped["20210102"].lower()
    assert report.n_forecasts == 0


def test_a_version_of_the_newest_bars_has_nothing_to_replay(sqlite_bench):
    frame = walk(400)
    sqlite_bench.prices.frames[KEY] = frame
    sqlite_bench.publish(last_bar=frame.index[-1].to_pydatetime())
    assert replay.run(sqlite_bench.registry, KEY).n_forecasts == 0
    later = datetime(2030, 1, 1, tzinfo=UTC) + timedelta(days=1)
    sqlite_bench.registry.clock.now = later + timedelta(days=5)
    sqlite_bench.publish("20300102", last_bar=later)
    assert replay.run(sqlite_bench.registry, KEY).n_forecasts == 0


def test_a_key_nobody_knows_is_an_error(sqlite_bench):
    sqlite_bench.prices.frames[KEY] = walk(10)
    with pytest.raises(UnknownKeyError):
        replay.run(sqlite_bench.registry, KEY)
