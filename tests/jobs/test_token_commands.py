"""`desk token`: create prints the token once, list never does, revoke ends it."""

import json

import pytest


def test_a_token_is_printed_once_and_listed_without_itself(empty, desk):
    secret = json.loads(desk("token", "create", "nightly", "--role", "operator", "--expires", "90d", "--json").out)
    assert secret["token"].startswith("desk_")
    listed = desk("token", "list").out
    assert "nightly" in listed
    assert secret["token"] not in listed
    assert desk("token", "revoke", "nightly").code == 0
    (one,) = json.loads(desk("token", "list", "--json").out)
    assert one["revoked_by"]


@pytest.mark.parametrize(
    "wrong",
    [("--role", "king"), ("--role", "viewer", "--expires", "soon"), ("--role", "viewer", "--expires", "99999999d")],
)
def test_what_cannot_be_is_refused_as_wrong_use(empty, desk, wrong):
    assert desk("token", "create", "x", *wrong).code == 2
    assert desk("token", "list", "--json").out.strip() == "[]"
