"""The log taken out into files: nothing is lost, what is left goes on, and its digests stay in line."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import func, select, text
from tests.forecast_bench import KEY, certain, later, walk

from ensemble_desk.database import self_check
from ensemble_desk.database.tables.registry_tables import forecasts
from ensemble_desk.database.tables.registry_tables import outcomes as table
from ensemble_desk.errors import LogExportError
from ensemble_desk.forecasting import matured, outcomes
from ensemble_desk.forecasting.upkeep import exporting
from ensemble_desk.market.keys import Key

FRAME, OTHER = walk(200), Key("IBM", "d1")
UNTIL = FRAME.index[150].to_pydatetime()


@pytest.fixture
def filled(bench):
    """Two keys with a hundred forecasts each, five of which wait for their outcome."""
    for key in (KEY, OTHER):
        bench.prices.frames[key] = FRAME
        bench.publish(key=key)
        for first in (95, 145):
            bench.say(FRAME.index[first : first + 50], certain(np.full(50, 2)), key=key)
            later(bench, days=1)
        bench.say(FRAME.index[195:], certain(np.full(5, 1)), key=key, horizon_bars=5, basis="derived")
    outcomes.mature(bench.registry)
    return bench


def counts(bench):
    with bench.database.reading() as connection:
        return tuple(connection.execute(select(func.count(one.c.id))).scalar_one() for one in (forecasts, table))


def differences(bench):
    with bench.database.reading() as connection:
        return list(self_check.differences(connection))


def frames(folder, kind):
    return pd.concat([pd.read_parquet(file) for file in sorted(folder.glob(f"{kind}-*.parquet"))])


def test_every_row_is_in_a_file_of_its_month_and_the_list_names_each_file(filled, tmp_path):
    n_forecasts, n_outcomes = counts(filled)
    found = exporting.export(filled.registry, tmp_path / "out", until=None, delete_exported=False)
    assert (found.n_forecasts, found.n_outcomes, found.n_deleted) == (n_forecasts, n_outcomes, 0)
    listed = json.loads((tmp_path / "out/export.json").read_text())["files"]
    assert {one["name"] for one in listed} == {file.name for file in (tmp_path / "out").glob("*.parquet")}
    for one in listed:
        assert hashlib.sha256((tmp_path / "out" / one["name"]).read_bytes()).hexdigest() == one["sha256"]
    said, came = frames(tmp_path / "out", "forecasts"), frames(tmp_path / "out", "outcomes")
    with filled.database.reading() as connection:
        stored = connection.execute(select(forecasts).order_by(forecasts.c.id)).all()
    said = said.sort_values("id")
    assert said["id"].tolist() == [row.id for row in stored]
    assert said["p_bullish"].tolist() == [row.p_bullish for row in stored]
    assert [json.loads(one) for one in said["members"]] == [row.members for row in stored]
    assert said["as_of"].dt.to_pydatetime().tolist() == [row.as_of for row in stored]
    assert set(came["forecast_id"]) <= set(said["id"])
    assert counts(filled) == (n_forecasts, n_outcomes)


def test_what_is_taken_out_leaves_the_rest_in_line_with_its_digests(filled, tmp_path):
    before = matured.read(filled.database, KEY)
    found = exporting.export(filled.registry, tmp_path / "out", until=UNTIL, delete_exported=True)
    assert found.n_deleted == found.n_forecasts == 2 * 55
    assert differences(filled) == []
    after = matured.read(filled.database, KEY)
    np.testing.assert_array_equal(after.id, before.id[before.as_of >= np.datetime64(UNTIL.replace(tzinfo=None))])
    later(filled, days=1)
    filled.prices.frames[KEY] = walk(203)
    report = next(one for one in outcomes.mature(filled.registry) if one.key == KEY)
    assert report.matured > 0
    filled.say(walk(203).index[200:], certain(np.full(3, 0)))
    assert differences(filled) == []
    looked = outcomes.mature(filled.registry, [KEY], anew=True)
    assert [(one.matured, one.restated, one.void) for one in looked] == [(2, 0, 0)]
    assert differences(filled) == []
    with filled.database.writing() as connection:
        connection.execute(text("UPDATE forecasts SET confidence = 0.9 WHERE id = (SELECT max(id) FROM forecasts) - 1"))
    assert [one.kind for one in differences(filled)] == ["forecasts"]


def test_forecasts_that_wait_stay_and_a_second_export_goes_on(filled, tmp_path):
    first = exporting.export(filled.registry, tmp_path / "one", until=None, delete_exported=True)
    assert first.n_waiting > 0
    assert counts(filled)[0] == first.n_waiting
    assert differences(filled) == []
    later(filled, days=1)
    for key in (KEY, OTHER):
        filled.prices.frames[key] = walk(210)
    assert sum(one.matured for one in outcomes.mature(filled.registry)) > 0
    second = exporting.export(filled.registry, tmp_path / "two", until=None, delete_exported=True)
    assert second.n_deleted > 0
    assert differences(filled) == []
    assert not set(frames(tmp_path / "one", "outcomes")["id"]) & set(
        frames(tmp_path / "two", "outcomes").query("revision == 1 and id > @first.n_outcomes")["id"]
    )


def test_a_log_that_was_tampered_with_is_exported_and_not_taken_out(filled, tmp_path):
    with filled.database.writing() as connection:
        connection.execute(text("UPDATE outcomes SET label = 'NEUTRAL' WHERE id = 3"))
    n_rows = counts(filled)
    with pytest.raises(LogExportError, match="was changed"):
        exporting.export(filled.registry, tmp_path / "out", until=None, delete_exported=True)
    assert counts(filled)[1] >= n_rows[1] - 100
    assert (tmp_path / "out/export.json").is_file()


def test_a_folder_that_is_there_is_refused(filled, tmp_path):
    with pytest.raises(LogExportError, match="a folder that is not there"):
        exporting.export(filled.registry, tmp_path, until=datetime.now(UTC) - timedelta(days=1), delete_exported=True)
    assert counts(filled)[0] > 0
