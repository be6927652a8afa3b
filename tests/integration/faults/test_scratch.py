"""A gateway is killed while it receives an upload: the next start deletes what it left in the scratch folder."""

import socket
from pathlib import Path
from urllib.parse import urlsplit

from tests.integration.faults.fault_service import ServiceUnderFaults
from tests.integration.faults.service_programs import PATIENCE_S
from tests.integration.polling import until

UPLOAD = b"PK\x03\x04 a patient's data" * 100_000
DECLARED_BYTES = len(UPLOAD) + 1_000_000


def test_the_next_start_deletes_the_upload_of_a_killed_gateway(service: ServiceUnderFaults) -> None:
    until(service.is_ready, PATIENCE_S)
    living = set(service.scratch.iterdir())  # of the gateway and the worker
    with _unfinished_upload(service):
        until(lambda: sum(path.stat().st_size for path in _files(service.scratch)) > len(UPLOAD) // 2)
        (upload,) = _files(service.scratch)
        (killed,) = (folder for folder in living if folder in upload.parents)
        service.gateway.kill()
    assert upload.exists(), "a killed process deletes nothing"
    until(service.is_ready, PATIENCE_S)
    assert not killed.exists()
    assert living - {killed} <= set(service.scratch.iterdir()), "the worker lives, and so does its folder"


def _unfinished_upload(service: ServiceUnderFaults) -> socket.socket:
    address = urlsplit(service.url)
    head = (
        f"POST /inference/predict HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/zip\r\n"
        f"Content-Length: {DECLARED_BYTES}\r\n\r\n"
    )
    connection = socket.create_connection((address.hostname, address.port))
    connection.sendall(head.encode() + UPLOAD)
    return connection


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
