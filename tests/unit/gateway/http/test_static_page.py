from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from gateway.http.static_page import page_router


@pytest.fixture
def client(tmp_path: Path) -> AsyncClient:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html>the page")
    (tmp_path / "assets" / "index-1a2b.js").write_text("plain")
    (tmp_path / "assets" / "index-1a2b.css").write_text("plain")
    (tmp_path / "favicon.svg").write_text("plain")
    (tmp_path / "assets" / "index-1a2b.js.gz").write_bytes(b"packed")
    (tmp_path / "assets" / "index-1a2b.js.br").write_bytes(b"packed smaller")
    return client_of(tmp_path)


def client_of(folder: Path) -> AsyncClient:
    app = FastAPI()
    app.include_router(page_router(folder))
    return AsyncClient(transport=ASGITransport(app), base_url="http://page")


@pytest.mark.parametrize("address", ["/", "/worklist", "/scans/5f0c2b9e-7a4d-4c1f-8f3a-1c2b3d4e5f60?slice=12"])
async def test_every_path_outside_the_api_returns_the_page(client: AsyncClient, address: str) -> None:
    answer = await client.get(address)
    assert answer.text == "<!doctype html>the page"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("address", ["/api/nothing", "/auth/nothing", "/inference/nothing", "/assets/old-9f.js"])
async def test_unknown_api_paths_and_missing_files_are_404(client: AsyncClient, address: str) -> None:
    assert (await client.get(address)).status_code == 404


@pytest.mark.parametrize(
    "address", ["/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f..%2fsecret.txt", "/assets//etc/passwd"]
)
async def test_nothing_outside_the_folder_is_served(client: AsyncClient, tmp_path: Path, address: str) -> None:
    (tmp_path.parent / "secret.txt").write_text("secret")
    answer = await client.get(address)
    assert answer.status_code == 404 or answer.text == "<!doctype html>the page"


@pytest.mark.parametrize(
    ("address", "media_type"),
    [
        ("/assets/index-1a2b.js", "text/javascript"),
        ("/assets/index-1a2b.css", "text/css"),
        ("/favicon.svg", "image/svg+xml"),
    ],
)
async def test_a_text_file_says_its_encoding(client: AsyncClient, address: str, media_type: str) -> None:
    answer = await client.get(address, headers={"Accept-Encoding": "identity"})
    assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"


async def test_a_hashed_file_is_cached_without_end(client: AsyncClient) -> None:
    answer = await client.get("/assets/index-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert answer.text == "plain"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("accepted", "encoding", "length"),
    [("gzip, deflate, br", "br", 14), ("gzip", "gzip", 6), ("br;q=1.0, gzip", "br", 14), ("identity", None, 5)],
)
async def test_the_smallest_copy_that_the_browser_reads(
    client: AsyncClient, accepted: str, encoding: str | None, length: int
) -> None:
    answer = await client.head("/assets/index-1a2b.js", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["content-length"] == str(length)
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["vary"] == "Accept-Encoding"


async def test_a_cached_page_is_answered_with_304(client: AsyncClient) -> None:
    etag = (await client.get("/")).headers["etag"]
    answer = await client.get("/worklist", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content) == (304, b"")


async def test_a_missing_page_says_how_to_build_it(tmp_path: Path) -> None:
    answer = await client_of(tmp_path).get("/")
    assert answer.status_code == 404
    assert "web/build.py" in answer.json()["detail"]


async def test_each_answer_with_a_page_has_a_new_nonce_for_its_styles(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text('<meta name="style-nonce" content="{{style-nonce}}" />')
    nonces = set()
    for _ in range(3):
        answer = await client_of(tmp_path).get("/worklist")
        nonce = answer.text.split('content="')[1].split('"')[0]
        assert f"style-src 'self' 'nonce-{nonce}';" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers, "a 304 would join an old page with a new policy"
        nonces.add(nonce)
    assert len(nonces) == 3
