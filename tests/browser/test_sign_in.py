"""Signing in with a real provider: operator, viewer, unverified and revoked people, in a real browser."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import expect_may_act, free_port, serving

pytestmark = pytest.mark.browser

PEOPLE = {
    "olga": {"email": "Olga@Example.org", "email_verified": True},
    "victor": {"email": "victor@example.org", "email_verified": True},
    "mallory": {"email": "olga@example.org", "email_verified": False},
    "greta": {"email": "greta@example.org", "email_verified": True, "groups": ["desk-operators"]},
}


@pytest.fixture
def provider():
    """An OpenID Connect provider of this test's own."""
    port = free_port()
    people = [part for sub, claims in PEOPLE.items() for part in ("--user-claims", json.dumps({"sub": sub} | claims))]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), *people]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{url}/.well-known/openid-configuration", timeout=1).close()  # noqa: S310 - local
                break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def signed(trained_folder, tmp_path, provider):
    folder, port = tmp_path / "trained_models", free_port()
    shutil.copytree(trained_folder, folder)
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(
        "[auth]\n"
        f'redirect_uri = "http://localhost:{port}/oauth2callback"\n'
        'cookie_secret = "a text of this test that nobody else knows"\n'
        'client_id = "desk"\nclient_secret = "desk"\n'
        f'server_metadata_url = "{provider}/.well-known/openid-configuration"\n'
    )
    options = ("--secrets.files", str(secrets))
    roles = {"DESK_ROLES": "olga@example.org=operator", "DESK_ROLE_GROUPS": "desk-operators=operator"}
    with serving(folder, port=port, options=options, **roles) as server:
        yield server


def sign_in(browser, server, person):
    context = browser.new_context(viewport={"width": 1440, "height": 1100})
    page = context.new_page()
    page.goto(f"{server.url}/rollback?key=AAPL%2Fd1")
    page.get_by_role("button", name="Sign in").click()
    page.locator("input[name=sub]").fill(person)
    page.get_by_role("button", name="Authorize").click()
    page.wait_for_url(f"{server.url}/**")
    page.goto(f"{server.url}/rollback?key=AAPL%2Fd1")
    return context, page


def expect_role(page, name, role):
    expect(page.get_by_test_id("stSidebar").get_by_text(f"{name} · {role}").first).to_be_visible()
    expect_may_act(page, may=role in ("operator", "admin"))


def desk(server, *arguments):
    command = [sys.executable, "-m", "ensemble_desk", *arguments]
    subprocess.run(command, env=os.environ | server.environment, check=True, capture_output=True)


def test_people_have_the_roles_that_are_theirs(browser, signed, provider):
    context, page = sign_in(browser, signed, "olga")
    expect_role(page, "olga@example.org", "operator")
    desk(signed, "roles", "set", "olga@example.org", "viewer", "--reason", "left the team")
    for person, name, role in (
        ("victor", "victor@example.org", "viewer"),
        ("mallory", f"{provider}|mallory", "viewer"),
        ("greta", "greta@example.org", "operator"),
    ):
        other, shown = sign_in(browser, signed, person)
        expect_role(shown, name, role)
        other.close()
    became = page.get_by_test_id("stSidebar").get_by_text("olga@example.org · viewer")
    for _ in range(30):  # roles are read again every few seconds
        page.get_by_role("link", name="Versions").click()
        expect(page.get_by_role("heading", name="Versions", exact=True)).to_be_visible()
        page.get_by_role("link", name="Rollback").click()
        expect(page.get_by_role("heading", name="Rollback", exact=True)).to_be_visible()
        if became.count():
            break
        page.wait_for_timeout(1_000)
    expect_role(page, "olga@example.org", "viewer")  # the session that was open
    context.close()
