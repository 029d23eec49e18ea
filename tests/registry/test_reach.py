"""From where a request comes: this machine only where everything says so."""

import pytest

from ensemble_desk.registry import reach

HERE = {"Host": ["localhost:8501"], "Origin": ["http://localhost:8501"]}


@pytest.mark.parametrize(
    ("host", "origin"),
    [("localhost", "http://localhost"), ("127.0.0.1:80", "https://127.3.0.1:4"), ("[::1]:8501", "http://[::1]:8501")],
)
def test_loopback_names_are_here(host, origin):
    assert reach.of({"host": [host], "ORIGIN": [origin]}, peer=None).is_here
    assert reach.of({"host": [host], "origin": [origin]}, peer="127.0.0.9").is_here


@pytest.mark.parametrize(
    "told",
    [
        {"Host": []},
        {"Origin": []},
        {"Host": ["localhost", "localhost"]},
        {"Origin": ["http://localhost", "http://evil.example"]},
        {"Origin": ["null"]},
        {"Origin": ["http://localhost@evil.example"]},
        {"Origin": ["http://localhost.evil.example"]},
        {"Host": ["localhost:8501@evil.example"]},
        {"Host": ["localhost.evil.example"]},
        {"Host": ["127.0.0.1.evil.example"]},
        {"Host": ["0.0.0.0:8501"]},
        {"Host": ["localhost:port"]},
        {"X-Forwarded-For": ["203.0.113.7"]},
        {"x-forwarded-host": [""]},
        {"Forwarded": ["for=_x"]},
        {"Via": ["1.1 proxy"]},
        {"CF-Connecting-IP": ["203.0.113.7"]},
        {"X-Real-Ip": ["127.0.0.1"]},
    ],
)
def test_anything_else_is_elsewhere_and_says_why(told):
    found = reach.of(HERE | told, peer=None)
    assert not found.is_here
    assert found.why_not


def test_another_machine_is_elsewhere_whatever_it_says():
    assert not reach.of(HERE, peer="203.0.113.7").is_here
    assert not reach.of(HERE, peer="::ffff:203.0.113.7").is_here


def test_only_allowed_names_are_answered():
    outside = {"Host": ["Desk.Example.org."], "Origin": ["https://desk.example.org"]}
    assert reach.of(outside, peer="203.0.113.7").is_among(["desk.example.org"])
    assert not reach.of(outside, peer="203.0.113.7").is_among(["example.org"])
    assert not reach.of(outside | {"Origin": ["https://evil.example"]}, peer=None).is_among(["desk.example.org"])
    assert reach.of(HERE, peer=None).is_among([])
