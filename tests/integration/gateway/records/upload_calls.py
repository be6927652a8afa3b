"""Uploads as clients send them: complete, with parts in any order, interrupted."""

import hashlib
import socket
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.integration.gateway.records.test_patients import create_patient
from tests.integration.gateway.running_gateway import RunningGateway

BOUNDARY = "b0undary"
ZIP = b"PK\x05\x06" + bytes(18)  # an empty archive: the signature of a zip, and no study


def create_patient_id(client: httpx.Client) -> str:
    return str(create_patient(client)["id"])


def fake_zip(seed: str, size: int = 100_000) -> bytes:
    """Bytes with the signature of a zip, different for each seed."""
    return b"PK\x03\x04" + hashlib.shake_128(seed.encode()).digest(size)


def upload(
    client: httpx.Client, patient: str, content: bytes, name: str = "study.zip", **options: str
) -> httpx.Response:
    headers = {"Idempotency-Key": options["key"]} if "key" in options else {}
    data = {"patient_id": patient} | {field: options[field] for field in ("description",) if field in options}
    return client.post("/api/scans", data=data, files={"file": (name, content)}, headers=headers)


def multipart_body(parts: Sequence[tuple[str, str | None, bytes]], *, end: bool = True) -> bytes:
    """A multipart body with these parts in this order; without `end` it lacks the last boundary."""
    body = b""
    for name, file_name, content in parts:
        disposition = f'form-data; name="{name}"' + ("" if file_name is None else f'; filename="{file_name}"')
        body += f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + content + b"\r\n"
    return body + (f"--{BOUNDARY}--\r\n".encode() if end else b"")


def post_form(client: httpx.Client, body: bytes, path: str = "/api/scans") -> httpx.Response:
    return client.post(path, content=body, headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})


def send_incomplete(gateway: RunningGateway, client: httpx.Client, body: bytes, *, read: bool = False) -> bytes:
    """Send `body` with a larger Content-Length, then close; `read` waits for the first bytes of the answer before."""
    address = urlsplit(gateway.url)
    head = (
        f"POST /api/scans HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {len(body) + 1_000_000}\r\n"
        f"Authorization: {client.headers['authorization']}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(head.encode() + body)
        return connection.recv(1000) if read else b""


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def blob_folder(gateway: RunningGateway) -> Path:
    return gateway.scratch.with_name(f"{gateway.scratch.name}-data") / "blobs"


def incoming_files(gateway: RunningGateway) -> list[Path]:
    """The files that unfinished uploads have written."""
    return files_below(blob_folder(gateway) / "incoming")
