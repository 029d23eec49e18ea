"""Who is admin: the person at this machine, and nobody who comes through a proxy or under another name."""

import re
import shutil
import subprocess
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import QUIET, chromium_path, expect_may_act, free_port, serving

pytestmark = pytest.mark.browser

OUTSIDE = "desk.example.org"
UPGRADE = 'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'
RECIPES = {
    "plain": "proxy_set_header Host $host;",
    "with its port": "proxy_set_header Host $http_host;",
    "default host": "",
    "with X-Forwarded-Host only": "proxy_set_header X-Forwarded-Host $host;",
    "usual": "proxy_set_header Host $host; proxy_set_header X-Real-IP $remote_addr; "
    "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;",
    "empty forwarded": 'proxy_set_header X-Forwarded-For "";',
}
OPEN_TO_ALL = ("--server.enableCORS", "false", "--server.enableXsrfProtection", "false")  # what many a recipe asks for


@pytest.fixture(scope="module")
def anywhere(browser):
    """A browser for which every outside name is this machine."""
    rules = f"--host-resolver-rules=MAP {OUTSIDE} 127.0.0.1"
    launched = browser.browser_type.launch(executable_path=chromium_path(), args=[*QUIET, rules])
    yield launched
    launched.close()


@contextmanager
def relayed(folder, target):
    """A real nginx with one port for every recipe; gives the ports."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    ports = {name: free_port() for name in RECIPES}
    blocks = [
        f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass {target}; {UPGRADE} {RECIPES[name]} }} }}"
        for name, port in ports.items()
    ]
    places = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi"))
    rest = f"uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; access_log off;"
    text = f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}} http {{ {places} {rest} {' '.join(blocks)} }}"  # noqa: E501
    (folder / "nginx.conf").write_text(text)
    process = subprocess.Popen([program, "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")])
    try:
        yield ports
    finally:
        process.terminate()
        process.wait(timeout=20)


def look(browser, url):
    context = browser.new_context()
    page = context.new_page()
    page.goto(url, wait_until="commit")
    return context, page


def expect_read_only(browser, *urls):
    looks = [look(browser, f"{url}/rollback?key=AAPL%2Fd1") for url in urls]  # they load beside each other
    for context, page in looks:
        expect_nobody(page)
        context.close()


def expect_nobody(page):
    expect(page.get_by_test_id("stSidebar").get_by_text("visitor · viewer").first).to_be_visible()
    expect_may_act(page, may=False)


def expect_admin(browser, url):
    context, page = look(browser, url)
    expect_may_act(page, may=True)
    expect(page.get_by_test_id("stSidebar").get_by_text("· admin").first).to_be_visible()
    context.close()


def test_only_who_is_at_this_machine_may_act(anywhere, trained_folder, tmp_path):
    folder = tmp_path / "trained_models"
    shutil.copytree(trained_folder, folder)
    with serving(folder, options=OPEN_TO_ALL) as server, relayed(tmp_path, server.url) as ports:
        port = server.url.rpartition(":")[2]
        expect_admin(anywhere, f"{server.url}/rollback?key=AAPL%2Fd1")
        expect_admin(anywhere, f"http://127.0.0.1:{port}/rollback?key=AAPL%2Fd1")
        rebound = f"http://{OUTSIDE}:{port}"
        expect_read_only(anywhere, rebound, *(f"http://{OUTSIDE}:{ports[recipe]}" for recipe in RECIPES))


def test_with_a_token_only_the_printed_address_may_act(anywhere, trained_folder, tmp_path):
    folder = tmp_path / "trained_models"
    shutil.copytree(trained_folder, folder)
    with (
        serving(folder, options=OPEN_TO_ALL, DESK_LOCAL_ADMIN="token") as server,
        relayed(tmp_path, server.url) as ports,
    ):
        forged = server.url  # what a forged Origin would look like
        expect_read_only(anywhere, forged, f"http://{OUTSIDE}:{ports['default host']}")
        printed = re.search(r"\?token=(\S+)", (tmp_path / "server.log").read_text("utf-8"))
        expect_read_only_with = f"{server.url}/rollback?key=AAPL%2Fd1&token="
        context, page = look(anywhere, f"{expect_read_only_with}wrong")
        expect_nobody(page)
        context.close()
        context, page = look(anywhere, f"{expect_read_only_with}{printed[1]}")
        expect_may_act(page, may=True)
        expect(page).not_to_have_url(re.compile("token"))
        page.reload()
        expect_may_act(page, may=True)
        again, page = look(anywhere, f"{expect_read_only_with}{printed[1]}")  # it was for one time
        expect_nobody(page)
        again.close()
        context.close()


def test_a_name_that_is_not_allowed_is_shown_nothing(anywhere, trained_folder, tmp_path):
    folder = tmp_path / "trained_models"
    shutil.copytree(trained_folder, folder)
    with serving(folder, options=OPEN_TO_ALL, DESK_ALLOWED_HOSTS="desk.example.com") as server:
        port = server.url.rpartition(":")[2]
        context, page = look(anywhere, f"http://{OUTSIDE}:{port}/versions")
        expect(page.get_by_text(f"does not answer as {OUTSIDE}")).to_be_visible()
        expect(page.get_by_text("20121130")).to_have_count(0)
        context.close()
        expect_admin(anywhere, f"{server.url}/rollback?key=AAPL%2Fd1")
