"""Two dashboards behind a real nginx, as in `deploy/nginx.conf`: one visitor, one server, until that is gone."""

import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
from tests.browser.conftest import ROOT, expect_may_act, free_port, serving

pytestmark = pytest.mark.browser


@contextmanager
def nginx(folder, *targets):
    """Run the example with other ports, and with folders that anybody may write."""
    port, text = free_port(), (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    text = text.replace("http {", f"http {{ {places} access_log off;").replace(
        "listen 8080", f"listen 127.0.0.1:{port}"
    )
    for name, target in zip(("dashboard-1:8501", "dashboard-2:8501"), targets, strict=True):
        assert name in text
        text = text.replace(name, target.removeprefix("http://").replace("localhost", "127.0.0.1"))
    file = folder / "nginx.conf"
    file.write_text(f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\n{text}")
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    process = subprocess.Popen([program, "-e", str(folder / "error.log"), "-c", str(file)])
    try:
        _wait(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("nginx did not begin to listen")


def token_of(folder):
    return re.findall(r"\?token=(\S+)", (folder / "server.log").read_text("utf-8"))[-1]


def status(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - a local address
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def n_printed(folder):
    return (folder / "server.log").read_text("utf-8").count("open this address once")


def test_a_visitor_stays_with_one_of_two_dashboards_until_it_is_gone(browser, trained_folder, tmp_path):
    models = shutil.copytree(trained_folder, tmp_path / "models")
    told = {"DESK_LOCAL_ADMIN": "token", "DESK_MODELS_URL": str(models), "DESK_ALLOWED_HOSTS": "127.0.0.1"}
    folders = [tmp_path / name for name in ("first", "second")]
    with ExitStack() as first, ExitStack() as second, ExitStack() as between:
        for folder in folders:
            folder.mkdir()
        with ThreadPoolExecutor() as beside:  # they start beside each other
            entering = [
                beside.submit(running.enter_context, serving(folder / "models", **told))
                for folder, running in zip(folders, (first, second), strict=True)
            ]
        servers = [one.result().url for one in entering]
        outside = between.enter_context(nginx(tmp_path, *servers))
        assert [status(f"{outside}/{path}") for path in ("livez", "readyz", "metrics")] == [200, 200, 403]
        assert [status(f"{outside}/{path}") for path in ("wp-login.php", "api/v1/nothing")] == [404, 404]
        page = browser.new_page()
        page.goto(f"{outside}/rollback?key=AAPL%2Fd1")
        expect_may_act(page, may=False)  # the websocket came through, and nobody may act
        for folder in folders:  # only the token of the server that serves counts
            page.goto(f"{outside}/rollback?key=AAPL%2Fd1&token={token_of(folder)}")
        for _ in range(2):
            expect_may_act(page, may=True)
            page.reload()
        assert sorted(map(n_printed, folders)) == [1, 2]
        (first if n_printed(folders[0]) == 2 else second).close()
        page.goto(f"{outside}/rollback?key=AAPL%2Fd1")
        expect_may_act(page, may=False)  # the other one serves, and knows nothing of that token
        page.close()
