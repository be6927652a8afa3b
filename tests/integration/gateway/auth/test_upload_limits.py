"""Uploads at once of one principal are limited; the others', and its own later ones, are not."""

import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

from gateway.permissions import Role
from tests.integration.gateway.auth.api_calls import bearer, gateway_without_networks, make_token, problem

HEAD = "POST /inference/predict HTTP/1.1\r\nHost: {}\r\nAuthorization: {}\r\nContent-Length: 1000\r\n\r\nabc"


def test_one_principal_sends_so_many_uploads_at_once(tmp_path: Path, database_url: str) -> None:
    one, other = (bearer(make_token(database_url, Role.RADIOLOGIST)) for _ in range(2))
    with gateway_without_networks(tmp_path, database_url, uploads_per_principal=2) as running:
        address = urlsplit(running.url)
        stalled = [socket.create_connection((address.hostname, address.port)) for _ in range(2)]
        for sender in stalled:
            sender.sendall(HEAD.format(address.netloc, one["Authorization"]).encode())
        with running.client() as client:
            answer = client.post("/inference/predict", headers=one)
            while answer.status_code != 429:  # until both have been received so far
                time.sleep(0.05)
                answer = client.post("/inference/predict", headers=one)
            assert problem(answer) == (429, "too_many_requests")
            assert int(answer.headers["Retry-After"]) > 0
            assert client.post("/inference/predict", headers=other).status_code == 400, "empty, but not refused"
            for sender in stalled:
                sender.close()
            while client.post("/inference/predict", headers=one).status_code == 429:
                time.sleep(0.05)
