import time

import pytest

from ensemble_desk.training import runs
from ensemble_desk.ui.frame import actions, caching, data


def test_every_run_is_listed_with_its_accuracy(folder, open_app):
    app = open_app("training_runs")
    rows = app.dataframe[0].value
    assert list(rows["Key"]) == ["IBM/w1", "AAPL/d1", "AAPL/d1", "AAPL/d1"]
    assert list(rows["Version"]) == ["20081226", "20021031", "20020930", "20020830"]
    assert rows["Holdout accuracy"].str.contains("majority").all()
    assert [list(status) for status in rows["Status"]] == [["completed"]] * 4


def test_a_run_can_be_read_in_full(folder, open_app):
    app = open_app("training_runs")
    app.selectbox(key="run_log").set_value(1).run()
    assert not app.exception
    assert len(app.code[-1].value.splitlines()) >= 3


def test_a_failed_run_shows_its_error(folder, open_app, registry):
    from ensemble_desk.market.keys import Key
    from ensemble_desk.training import fleet, job

    outcome = job.train(registry, Key("AAPL", "d1"), as_of=fleet.end_of(_day("2000-03-31")), actor="x")
    assert outcome.status == runs.FAILED
    app = open_app("training_runs", status="failed")
    assert list(app.dataframe[0].value["Run"]) == [outcome.run_id]
    assert outcome.error in app.dataframe[0].value["Error"].iloc[0]
    assert any("-badge[Run failed] **" in element.value for element in open_app("overview").markdown)


def test_a_run_whose_process_is_gone_is_shown_as_failed(folder, open_app, registry):
    from ensemble_desk.market.keys import Key
    from ensemble_desk.training import processes, run_log

    gone = processes.Process(2**22 + 1, processes.this_one().host)
    at = registry.clock()
    run_log.start(registry.database, Key("AAPL", "d1"), at=at, as_of=None, actor="x", process=gone, n_steps=5)
    open_app("training_runs")
    newest = runs.listing(registry.database, limit=1).rows[0]
    assert (newest.status, newest.error_message) == (runs.FAILED, run_log.ENDED)


def _day(text):
    from datetime import date

    return date.fromisoformat(text)


def test_a_form_without_a_key_says_so(folder, open_app, texts):
    app = open_app("training_runs")
    app.button(key="train_submit").click().run()
    assert "Choose a key first" in texts(app)


@pytest.mark.timeout(240)
def test_a_training_started_here_runs_on_by_itself(folder, open_app, registry):
    app = open_app("training_runs")
    app.selectbox(key="train_key").set_value("AAPL/d1")
    app.date_input(key="train_as_of").set_value(_day("2002-11-29"))
    app.button(key="train_submit").click().run()
    assert not app.exception
    assert any("**AAPL/d1** begins" in str(bar.proto.text) for bar in app.get("progress"))
    run = _ended(registry)
    assert (run.status, run.version, run.actor) == (runs.COMPLETED, "20021129", "engineer")
    assert list((folder / "logs").glob("AAPL%2Fd1_*.log"))
    caching.forget()
    data.newest_run.clear()
    time.sleep(1.1)  # the page knows a second later
    app.run()
    told = "The training of AAPL/d1 made 20021129. It is live, because AAPL/d1 follows the latest."
    assert [one.value for one in app.success] == [told]
    links = [link.label for link in app.main.get("page_link")]
    assert links == ["20021129", "Production"]


def test_a_training_that_ends_before_it_begins_says_so(folder, open_app, monkeypatch, texts):
    monkeypatch.setattr(actions.sys, "executable", "/bin/false")
    app = open_app("training_runs")
    app.selectbox(key="train_key").set_value("AAPL/d1")
    app.button(key="train_submit").click().run()
    time.sleep(0.5)
    app.run()
    assert not app.exception
    assert "The training of AAPL/d1 ended before it began" in texts(app)


def test_a_run_has_an_address(folder, open_app, texts):
    app = open_app("training_runs", run="1")
    assert not app.exception
    assert "Run 1: AAPL/d1, 20020830, completed" in texts(app)
    assert "made 20020830. It is available. 20021031 serves AAPL/d1." in texts(app)
    assert "There is no training run 99" in texts(open_app("training_runs", run="99"))


def test_who_may_only_look_cannot_train_and_learns_why(folder, open_app, address):
    address("0.0.0.0")  # noqa: S104 - told, not bound
    button = open_app("training_runs").button(key="train_submit")
    assert button.disabled
    assert button.help == "This takes the role operator; you are viewer."


def _ended(registry):
    for _ in range(400):
        newest = runs.listing(registry.database, limit=1).rows[0]
        if newest.id > 4 and newest.status != runs.RUNNING:
            return newest
        time.sleep(0.5)
    return pytest.fail("the training did not end")


def test_runs_of_another_program_say_so(folder, open_app, registry):
    from sqlalchemy import text

    with registry.database.writing() as connection:
        connection.execute(text("INSERT INTO symbols (ticker) VALUES ('spy')"))
        connection.execute(text("INSERT INTO training_runs (symbol_id, timeframe) SELECT max(id), '1d' FROM symbols"))
    newest = open_app("training_runs").dataframe[0].value.iloc[0]
    assert (newest["Key"], newest["By"]) == ("SPY/d1", runs.OTHERS)
