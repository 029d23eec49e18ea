"""The site of the papers in a real browser: it is searched, and nothing asks another host."""

import functools
import http.server
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *told):
        pass


@pytest.fixture
def address(documentation_site) -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(documentation_site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_papers_are_read_and_searched_without_any_other_host(page, address):
    asked, problems = set(), []
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    for name in ("architecture", "api", "methods", "commands"):
        page.goto(f"{address}/{name}.html")
    page.goto(f"{address}/index.html?q=quarantine")
    expect(page.locator(".md-search-result__item").first).to_be_visible()
    assert asked == {urlsplit(address).netloc}
    assert problems == []
