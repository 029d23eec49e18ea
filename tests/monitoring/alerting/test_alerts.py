"""Alerts: each once until it changes, over real channels on loopback; one that fails holds nothing up."""

import json
import threading
import warnings
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from tests import forecast_bench
from tests.forecast_bench import GARCH, KEY, certain, later, walk

from ensemble_desk.errors import AllMembersAbstainedError
from ensemble_desk.forecasting import outcomes
from ensemble_desk.forecasting import production as forecasts
from ensemble_desk.market import labels
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.monitoring.alerting import alerts, channels, sent
from ensemble_desk.monitoring.alerting.alerts import Alert, Subject
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.folder import registering, sync
from ensemble_desk.registry.moves import promotion as moves
from ensemble_desk.registry.moves import rollback
from ensemble_desk.training import job

OLGA = Actor("olga", Role.OPERATOR)


@pytest.fixture(scope="module", autouse=True)
def _plugins():
    """Load the plugins of apprise: one of them imports a module that Python 3.11 calls deprecated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import apprise

        assert apprise.Apprise.instantiate("json://localhost")


class Inbox:
    """A web hook on loopback that keeps what it is told; it may refuse or be slow."""

    def __init__(self):
        self.told, self.status, self.go = [], 200, threading.Event()
        self.go.set()
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                inbox.go.wait(30)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(inbox.status)
                self.end_headers()
                inbox.told.append(json.loads(body))

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"json://127.0.0.1:{self.server.server_port}/hook"

    def close(self):
        self.go.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def inbox():
    made = Inbox()
    yield made
    made.close()


@pytest.fixture
def other():
    made = Inbox()
    yield made
    made.close()


@pytest.fixture
def desk(database_url, tmp_path):
    """Opens a bench whose alerts go to these addresses."""

    @contextmanager
    def opened(*urls):
        with forecast_bench.opened(database_url, tmp_path / "models", alert_urls=urls) as ready:
            yield ready

    return opened


def alert(topic="drift AAPL/d1", fingerprint="1", **more):
    values = {"title": f"{topic} is bad", "text": "because", "link": "http://desk/drift"} | more
    return Alert(Subject.DRIFT, topic, fingerprint, **values)


def test_each_alert_is_sent_once_until_it_changes(desk, inbox):
    with desk(inbox.url) as bench:
        first = channels.send(bench.registry, [alert()])
        again = channels.send(bench.registry, [alert()])
        changed = channels.send(bench.registry, [alert(fingerprint="2")])
    assert [len(one.alerts) for one in (*first, *again, *changed)] == [1, 0, 1]
    assert [one.problem for one in (*first, *again, *changed)] == ["", "", ""]
    assert [one["title"] for one in inbox.told] == ["drift AAPL/d1 is bad"] * 2
    assert "http://desk/drift" in inbox.told[0]["message"]


def test_an_alert_that_went_away_is_sent_again_when_it_returns(desk, inbox):
    with desk(inbox.url) as bench:
        for standing in ([alert()], [], [alert()]):
            channels.send(bench.registry, standing)
    assert len(inbox.told) == 2


def test_several_alerts_come_in_one_message(desk, inbox):
    with desk(inbox.url) as bench:
        channels.send(bench.registry, [alert("a"), alert("b"), alert("c")])
    assert [one["title"] for one in inbox.told] == ["3 alerts"]
    assert all(f"{name} is bad" in inbox.told[0]["message"] for name in "abc")


def test_a_channel_that_refuses_is_tried_again_and_the_other_is_not_told_twice(desk, inbox, other):
    inbox.status = 500
    with desk(inbox.url, other.url) as bench:
        first = channels.send(bench.registry, [alert()])
        inbox.status = 200
        second = channels.send(bench.registry, [alert()])
    assert [bool(one.problem) for one in first] == [True, False]
    assert [len(one.alerts) for one in second] == [1, 0]
    assert [bool(one.problem) for one in second] == [False, False]
    assert len(other.told) == 1


def test_a_channel_that_hangs_or_makes_no_sense_holds_nothing_up(desk, inbox, other, monkeypatch):
    monkeypatch.setattr(channels, "PATIENCE_SECONDS", 1.0)
    inbox.go.clear()
    with desk(inbox.url, "nonsense://nowhere", other.url) as bench:
        done = channels.send(bench.registry, [alert()])
    assert [bool(one.problem) for one in done] == [True, True, False]
    assert [one.channel for one in done] == ["json 1", "nonsense 2", "json 3"]
    assert len(other.told) == 1


def test_a_dry_run_tells_nobody_and_changes_nothing(desk, inbox):
    with desk(inbox.url) as bench:
        (would,) = channels.send(bench.registry, [alert()], dry_run=True)
        (really,) = channels.send(bench.registry, [alert()])
        (nothing,) = channels.send(bench.registry, [alert()], dry_run=True)
    assert len(would.alerts) == len(really.alerts) == 1
    assert nothing.alerts == ()
    assert len(inbox.told) == 1


def test_two_jobs_at_once_send_it_once(desk, inbox):
    with desk(inbox.url) as bench:
        start = threading.Barrier(4)

        def run():
            start.wait()
            channels.send(bench.registry, [alert()])

        jobs = [threading.Thread(target=run) for _ in range(4)]
        for one in jobs:
            one.start()
        for one in jobs:
            one.join()
    assert len(inbox.told) == 1


def test_a_job_that_died_before_sending_is_taken_over(desk):
    told = {"topic": "t", "channel": "c", "fingerprint": "1"}
    now = datetime(2025, 2, 1, tzinfo=UTC)
    with desk() as bench:
        assert sent.claim(bench.database, **told, at=now)
        assert not sent.claim(bench.database, **told, at=now + timedelta(minutes=1))
        assert sent.claim(bench.database, **told, at=now + timedelta(minutes=11))
        sent.settle(bench.database, topics=["t"], channel="c", told=True, at=now)
        assert not sent.claim(bench.database, **told, at=now + timedelta(days=9))


def test_no_channel_means_nobody_is_told(desk):
    with desk() as bench:
        assert channels.send(bench.registry, [alert()]) == ()


def test_no_password_of_a_channel_is_told_or_stored(desk, inbox):
    secret = inbox.url.replace("json://", "json://user:hunter2@")
    with desk(secret) as bench:
        (done,) = channels.send(bench.registry, [alert()])
        assert "hunter2" not in repr(bench.registry.settings)
        with bench.database.reading() as connection:
            stored = connection.exec_driver_sql("SELECT * FROM sent_alerts").all()
    assert done.problem == ""
    assert "hunter2" not in f"{done}{stored}"


def test_everything_people_must_hear_of_is_due_with_a_link_to_its_page(bench):
    frame = walk(400)
    bench.prices.frames[KEY] = frame
    end = frame.index[299].to_pydatetime()
    golden = sample(frame)
    for version in ("20200701", "20200702", "20200703"):
        bench.publish(version, last_bar=end, **golden)
        later(bench, minutes=1)
    truth = labels.label(frame, LabelSpec(1)).iloc[30:130].astype(int).to_numpy()
    bench.say(frame.index[30:130], certain((truth + 1) % 3), version="20200702")
    outcomes.mature(bench.registry)
    assert alerts.due(bench.registry) == ()

    rollback.roll_back(bench.registry, KEY, to="20200702", expected=None, actor=OLGA, reason="it went mad")
    file = bench.registry.store.folder / "AAPL_d1_20200701.pkl"
    file.write_bytes(b"damaged")
    sync.synchronise(bench.registry, force=True)
    assert job.train(bench.registry, Key("IBM", "d1"), as_of=None, actor="ann").status == "failed"

    found = {one.subject: one for one in alerts.due(bench.registry)}
    assert set(found) == {Subject.DRIFT, Subject.FAILED_RUN, Subject.ROLLBACK, Subject.TAMPERED}
    assert "20200702" in found[Subject.DRIFT].text
    assert "live forecasts since about 2020-02-12 0 % [0–4], n 100" in found[Subject.DRIFT].text
    assert "it went mad" in found[Subject.ROLLBACK].text
    assert "there is no IBM/d1" in found[Subject.FAILED_RUN].text
    assert {one.link.partition("?")[0] for one in found.values()} == {
        f"http://localhost:8501/{page}" for page in ("drift", "rollback", "training_runs", "versions")
    }
    assert found[Subject.DRIFT].link.endswith("?key=AAPL%2Fd1")

    moves.follow_latest(bench.registry, KEY, expected=None, actor=OLGA, reason="incident closed")
    assert Subject.ROLLBACK not in {one.subject for one in alerts.due(bench.registry)}


def test_versions_that_could_not_go_live_could_not_forecast_or_grew_old_are_alerts(bench):
    frame = walk(400)
    bench.prices.frames[KEY] = frame
    bench.publish("20200701", last_bar=frame.index[299].to_pydatetime(), **sample(frame))
    assert alerts.due(bench.registry) == ()

    told = {"models": {"arima_garch": dict(GARCH)}, "weights": {"arima_garch": 1.0}, "label": LabelSpec(1).to_dict()}
    wrong = {"feature_names": ["sentiment"]}  # which this code does not compute
    published = bench.registry.store.publish(told | wrong, key=KEY, date=date(2020, 7, 2), created_at=bench.clock())
    registering.register(bench.registry, published, actor="trainer")
    bench.prices.frames[KEY] = walk(50)  # too few for its only member
    with pytest.raises(AllMembersAbstainedError):
        forecasts.forecast(bench.registry, KEY)
    registry = replace(bench.registry, settings=bench.registry.settings.model_copy(update={"max_age": {"d1": "30d"}}))
    found = {one.subject: one for one in alerts.due(registry)}
    assert set(found) == {Subject.UNFIT, Subject.FAILED_FORECAST, Subject.EXPIRED}
    assert "20200701 goes on serving" in found[Subject.UNFIT].text
    assert "AAPL_d1_20200702.pkl is unfit" in found[Subject.UNFIT].title
    assert "Every member abstained" in found[Subject.FAILED_FORECAST].text
    assert "DESK_MAX_AGE allows 30d; it goes on serving" in found[Subject.EXPIRED].text

    bench.prices.frames[KEY] = frame
    forecasts.forecast(bench.registry, KEY)
    assert Subject.FAILED_FORECAST not in {one.subject for one in alerts.due(registry)}
    bench.publish("20200703", **sample(frame))  # a later good one
    assert alerts.due(bench.registry) == ()


def test_keys_that_nobody_can_measure_are_one_alert_until_told(bench):
    for symbol in ("AAPL", "IBM"):
        bench.prices.frames[Key(symbol, "d1")] = walk(400)
        bench.publish(key=Key(symbol, "d1"), label=None)
    (one,) = alerts.due(bench.registry)
    assert (one.subject, one.title[:24]) == (Subject.NOT_MEASURED, "2 keys are not measured:")
    assert "desk registry describe 'AAPL/d1'" in one.text


def sample(frame):
    """Golden rows as training leaves them, so that a rollback's preflight has something to check."""
    from ensemble_desk.ensemble.members.arima_garch import ArimaGarch
    from ensemble_desk.ensemble.votes import Rows

    bars = frame.iloc[:300]
    member = ArimaGarch.from_state(forecast_bench.GARCH, timeframe="d1")
    newest = bars.index[-5:]
    votes = member.predict(Rows(newest, None, bars), label=LabelSpec(1))
    return {
        "model_predictions_sample": {"arima_garch": votes.probabilities.tolist()},
        "sample_features": np.zeros((5, 0)).tolist(),
        "sample_bars": {"time": [time.isoformat() for time in bars.index]}
        | {name: bars[name].tolist() for name in bars.columns},
    }
