"""The API by HTTP: reads for everybody, forecasts and moves by token, errors as problems."""

from datetime import timedelta

import pytest

from ensemble_desk.errors import InvalidBarsError, StalePointerError, UnknownKeyError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.actors import Role
from ensemble_desk.registry.serving import ensembles
from ensemble_desk.service import bodies
from ensemble_desk.sources.sample import SampleSource

AAPL = {"symbol": "AAPL", "timeframe": "d1"}


@pytest.fixture(scope="module")
def bars():
    return SampleSource().bars(Key("AAPL", "d1")).frame.tail(150)


def question(frame, **more):
    given = frame.reset_index(names="ts").assign(ts=lambda table: table["ts"].dt.strftime("%Y-%m-%d"))
    return AAPL | {"columns": list(given.columns), "rows": given.to_numpy().tolist()} | more


def problem(response, status, said):
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    told = response.json()
    assert told["status"] == status
    assert said in told["detail"]
    return told["type"].rpartition(":")[2]


def test_production_of_every_key_and_of_one(client):
    fleet = client.get("/api/v1/production").json()
    assert [one["key"]["symbol"] for one in fleet] == ["AAPL", "AAPL", "IBM", "^GSPC"]
    one = client.get("/api/v1/production/key", params=AAPL)
    assert one.json()["version"] == "20121231"
    assert one.headers["etag"] == f'"{one.json()["revision"]}"'


def test_versions_come_in_pages(client):
    first = client.get("/api/v1/versions", params={"limit": 4}).json()
    assert (len(first["rows"]), first["total"]) == (4, 7)
    rest = client.get("/api/v1/versions", params={"limit": 4, "after": first["next_cursor"]}).json()
    names = [(one["key"]["symbol"], one["version"]) for one in (*first["rows"], *rest["rows"])]
    assert len(set(names)) == 7
    assert rest["next_cursor"] is None
    assert client.get("/api/v1/versions/one", params=AAPL | {"version": "20120629"}).json()["state"] == "available"


def test_history_and_what_was_live_at_a_moment(client):
    moves = client.get("/api/v1/history", params=AAPL).json()
    assert {one["action"] for one in moves} == {"follow"}
    asked = AAPL | {"at": moves[0]["at"]}
    assert client.get("/api/v1/live-at", params=asked).json()["version"] == "20121231"
    assert client.get("/api/v1/live-at", params=AAPL | {"at": "1999-01-01"}).json()["version"] is None


def test_a_forecast_is_what_the_library_says(client, token, settings, bars):
    told = client.post("/api/v1/forecast", json=question(bars), headers=token(Role.ANALYST))
    with opening.open_registry(settings) as registry:
        expected = ensembles.ensemble_of(registry, Key("AAPL", "d1"), "20121231").predict(bars)
    assert told.json()["probabilities"] == expected["probabilities"]
    assert told.json()["version"] == expected["version"]


def test_every_horizon_of_any_version(client, token, bars):
    asked = question(bars, version="20120629")
    told = client.post("/api/v1/forecast/horizons", json=asked, headers=token(Role.ANALYST)).json()
    assert told["version"] == "20120629"
    assert set(told["forecasts"]) == {"1D", "1W", "1M"}


def test_a_move_names_the_revision_it_saw(client, token):
    headers = token(Role.OPERATOR, "night-shift")
    seen = client.get("/api/v1/production/key", params=AAPL).headers["etag"]
    asked = AAPL | {"action": "rollback", "reason": "confidence collapsed"}
    problem(client.post("/api/v1/production/moves", json=asked, headers=headers), 428, "If-Match")
    done = client.post("/api/v1/production/moves", json=asked, headers=headers | {"If-Match": seen})
    assert done.json() | {"actor": "night-shift", "to_version": "20120928", "outcome": "moved"} == done.json()
    again = client.post("/api/v1/production/moves", json=asked, headers=headers | {"If-Match": seen})
    assert problem(again, 412, "night-shift moved it") == StalePointerError.__name__
    now = client.get("/api/v1/production/key", params=AAPL)
    assert now.json()["version"] == "20120928"
    undone = AAPL | {"action": "undo", "reason": "it was not the model"}
    back = client.post("/api/v1/production/moves", json=undone, headers=headers | {"If-Match": now.headers["etag"]})
    assert back.json()["to_version"] == "20121231"


def test_who_has_no_token_or_too_small_a_role_moves_nothing(client, token, bars):
    asked = AAPL | {"action": "rollback", "reason": "why not"}
    seen = client.get("/api/v1/production/key", params=AAPL).headers["etag"]
    for headers in ({}, {"Authorization": "Bearer desk_wrong"}, {"Authorization": "Basic desk_wrong"}):
        refused = client.post("/api/v1/production/moves", json=asked, headers=headers | {"If-Match": seen})
        problem(refused, 401, "desk token create")
        assert refused.headers["www-authenticate"] == "Bearer"
    analyst = token(Role.ANALYST, "analyst")
    problem(client.post("/api/v1/production/moves", json=asked, headers=analyst | {"If-Match": seen}), 403, "analyst")
    viewer = token(Role.VIEWER, "viewer")
    problem(client.post("/api/v1/forecast", json=question(bars), headers=viewer), 403, "viewer")
    late = token(Role.ADMIN, "late", lasts=timedelta(0))
    problem(client.post("/api/v1/production/moves", json=asked, headers=late | {"If-Match": seen}), 401, "token")
    assert client.get("/api/v1/production/key", params=AAPL).headers["etag"] == seen


def test_errors_are_problems(client, token, bars):
    headers = token(Role.OPERATOR)
    unknown = client.get("/api/v1/production/key", params={"symbol": "NOPE", "timeframe": "d1"})
    assert problem(unknown, 404, "No version of NOPE/d1") == UnknownKeyError.__name__
    problem(client.get("/api/v1/nothing"), 404, "")
    problem(client.delete("/api/v1/production"), 405, "")
    problem(client.get("/api/v1/live-at", params=AAPL | {"at": "soon"}), 422, "at: ")
    problem(client.get("/api/v1/versions", params={"after": "x"}), 422, "no place in this list")
    torn = question(bars.assign(high=0.0))
    assert (
        problem(client.post("/api/v1/forecast", json=torn, headers=headers), 422, "high") == InvalidBarsError.__name__
    )
    ragged = question(bars) | {"rows": [[1, 2]]}
    problem(client.post("/api/v1/forecast", json=ragged, headers=headers), 422, "each row needs 6 cells")
    problem(client.post("/api/v1/forecast", content=b"{", headers=headers), 422, "")


def test_a_body_beyond_the_bound_is_refused_unread(client):
    told = {"Content-Length": str(2**30), "Content-Type": "application/json"}
    problem(client.post("/api/v1/forecast", content=b"{}", headers=told), 413, "32 MiB")

    def endless():
        for _ in range(bodies.MOST_BYTES // 2**20 + 2):
            yield b" " * 2**20

    problem(client.post("/api/v1/forecast", content=endless()), 413, "32 MiB")
