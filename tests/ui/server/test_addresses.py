"""The application as servers mount it: unknown addresses are no page, doors beside pages, assets compressed."""

import gzip
import re
import runpy
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from streamlit import file_util
from streamlit.runtime import Runtime

from ensemble_desk.registry import opening
from ensemble_desk.settings import Settings

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("DESK_MODELS_URL", str(tmp_path_factory.mktemp("models")))
        patched.setenv("DESK_ALLOWED_HOSTS", "desk.example.org")
        patched.chdir(ROOT)
        app = runpy.run_path(str(ROOT / "app.py"))["app"]
        yield TestClient(app, base_url="http://localhost:8501", raise_server_exceptions=False)  # without its start
        Runtime._instance = None
        opening.close_shared(Settings())


@pytest.mark.parametrize("path", ["/", "/overview", "/rollback", "/training_runs/", "/_stcore/health", "/favicon.png"])
def test_pages_and_what_streamlit_needs_are_there(client, path):
    assert client.get(path).status_code in (200, 503)  # 503: the health of a server that was not started


@pytest.mark.parametrize("path", ["/wp-login.php", "/rollback/x", "/.env", "/static/none.js", "/pages", "/roll"])
def test_an_unknown_address_is_no_page(client, path):
    told = client.get(path)
    assert (told.status_code, "<html" in told.text) == (404, False)


def test_the_doors_stand_beside_the_pages(client):
    assert client.get("/livez").json() == {"alive": True}
    assert client.get("/readyz").json()["ready"] is True
    assert "desk_" in client.get("/metrics").text
    assert client.get("/api/v1/openapi.json").json()["openapi"].startswith("3.1")
    assert client.get("/api/v1/nothing").headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/", "/rollback", "/api/v1/openapi.json", "/metrics"])
@pytest.mark.parametrize("headers", [{"Host": "evil.example.com"}, {"Origin": "http://evil.example.com"}])
def test_another_name_is_answered_nowhere(client, path, headers):
    told = client.get(path, headers=headers)
    assert told.status_code == 421
    assert "DESK_ALLOWED_HOSTS" in told.json()["detail"]
    assert client.get("/livez", headers=headers).status_code == 200
    assert client.get(path, headers={"Host": "desk.example.org"}).status_code in (200, 401)


def test_a_websocket_from_another_name_is_closed(client):
    with (
        pytest.raises(Exception, match=r"1008|WebSocketDisconnect|") as caught,
        client.websocket_connect("/_stcore/stream", headers={"Origin": "http://evil.example.com"}),
    ):
        pass
    assert type(caught.value).__name__ == "WebSocketDisconnect"
    assert caught.value.code == 1008


def test_scripts_are_sent_compressed_to_who_takes_that(client):
    static = Path(file_util.get_static_dir())
    largest = max((static / "static" / "js").glob("*.js"), key=lambda file: file.stat().st_size)
    path = f"/static/js/{largest.name}"
    sent = client.get(path)
    assert sent.headers["content-encoding"] == "gzip"
    assert sent.content == largest.read_bytes()
    assert int(sent.headers["content-length"]) < largest.stat().st_size / 2
    assert "javascript" in sent.headers["content-type"]
    assert "immutable" in sent.headers["cache-control"]
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(gzip.compress(plain.content)) == sent.content


@pytest.mark.parametrize("path", ["/", "/rollback"])
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_page_brings_the_places_and_the_parts_it_will_need(client, path, encoding):
    sent = client.get(path, headers={"Accept": "text/html", "Accept-Encoding": encoding, "If-None-Match": "*"})
    assert sent.status_code == 200
    head = sent.text.partition("</head>")[0]
    assert ".st-key-watch [data-testid=stSkeleton]" in head
    ahead = re.findall(r'<link rel="(?:modulepreload|preload)"[^>]* href="\./(static/[^"]+)"', head)
    assert {name.split("/")[-1].split(".")[0] for name in ahead} >= {"Selectbox", "Html", "Table", "WidgetLabel"}
    assert all(client.get(f"/{name}").status_code == 200 for name in ahead)


def test_what_is_no_page_is_sent_as_it_is(client):
    assert client.get("/favicon.png").content == (Path(file_util.get_static_dir()) / "favicon.png").read_bytes()
