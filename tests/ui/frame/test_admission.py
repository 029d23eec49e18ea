"""The printed address admits once; whoever opened it stays, whoever opens it later does not."""

import re

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ensemble_desk.settings import Settings
from ensemble_desk.ui.frame.admission import Admission, ByAddress, cookie_name


def told(request):
    return PlainTextResponse(str(request.url))


def client_of(admission, kind="token"):
    added = Middleware(ByAddress, settings=Settings(local_admin=kind), admission=admission)
    app = Starlette(routes=[Route("/{path:path}", told)], middleware=[added])
    return TestClient(app, base_url="http://localhost:8501", follow_redirects=False)


@pytest.fixture
def admission():
    return Admission()


def test_an_address_admits_once_and_the_next_one_is_printed(admission, capsys):
    client = client_of(admission)
    client.get("/")
    printed = re.search(r"\?token=(\S+)", capsys.readouterr().err)[1]
    opened = client.get("/rollback", params={"key": "AAPL/d1", "token": printed})
    assert (opened.status_code, opened.headers["location"]) == (303, "/rollback?key=AAPL%2Fd1")
    assert "HttpOnly" in opened.headers["set-cookie"]
    assert "SameSite=strict" in opened.headers["set-cookie"]
    assert admission.admits(opened.cookies[cookie_name()])
    again = client.get("/rollback", params={"token": printed})
    assert (again.status_code, "set-cookie" in again.headers) == (303, False)
    following = re.search(r"\?token=(\S+)", capsys.readouterr().err)[1]
    assert following != printed
    assert "set-cookie" in client.get("/", params={"token": following}).headers


@pytest.mark.parametrize("cookie", [None, "", "x" * 43, "ä"])
def test_other_cookies_admit_nobody(admission, cookie):
    admission.spend(admission.token)
    assert not admission.admits(cookie)


def test_no_address_leads_to_another_host(admission):
    opened = client_of(admission).get("http://localhost:8501//evil.example.com/", params={"token": "x"})
    assert opened.headers["location"] == "/evil.example.com/"


def test_elsewhere_nothing_is_printed_and_no_token_taken(admission, capsys):
    opened = client_of(admission, "loopback").get("/", params={"token": admission.token})
    assert opened.status_code == 200
    assert "set-cookie" not in opened.headers
    assert capsys.readouterr().err == ""
