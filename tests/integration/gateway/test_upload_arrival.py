"""Admission of concurrent uploads: each counts until its end; above the limit one is refused before it is read."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.integration.gateway.running_gateway import RunningGateway, running_gateway
from tests.integration.polling import until

HEAD = "POST /inference/predict HTTP/1.1\r\nHost: {}\r\nContent-Length: 100000\r\n\r\n"


@contextmanager
def unfinished_upload(gateway: RunningGateway) -> Iterator[None]:
    """A client that has sent the first part of an upload and stops."""
    address = urlsplit(gateway.url)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(HEAD.format(address.netloc).encode() + bytes(1000))
        yield


def test_arriving_uploads_count_for_admission(tmp_path: Path) -> None:
    with running_gateway(tmp_path, triton_url="127.0.0.1:9", slices_in_flight=12, slices_waiting=12) as gateway:
        admission = gateway.services.admission
        with unfinished_upload(gateway), unfinished_upload(gateway), gateway.client() as client:
            until(lambda: admission.arriving == 24)
            answer = client.post("/inference/predict", content=b"a study")
            assert (answer.status_code, answer.json()["error"]) == (429, "engine_overloaded")
            assert int(answer.headers["retry-after"]) >= 1
        until(lambda: admission.arriving == 0)
        with gateway.client() as client:
            assert client.post("/inference/predict", content=b"no study").status_code == 415
        until(gateway.is_idle)
