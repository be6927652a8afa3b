"""A dump from a database that requires TLS, which the libpq of the PostgreSQL wheel does not support."""

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from engines.errors import DumpFailed
from engines.postgres_dump import DumpTools
from tests.postgres import RunningPostgres

HOST = "127.0.0.1"


def test_a_dump_is_taken_over_a_verified_connection(
    postgres: RunningPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.new_database()
    certificate = self_signed(tmp_path)
    with psycopg.connect(url) as connection, relay(certificate, urlsplit(url).port or 0) as port:
        snapshot = str((connection.execute("SELECT pg_export_snapshot()").fetchone() or [""])[0])
        parts = urlsplit(url)
        tools = DumpTools(parts._replace(netloc=f"{parts.username}:{parts.password}@{HOST}:{port}").geturl())
        monkeypatch.setenv("PGSSLMODE", "verify-full")
        with pytest.raises(DumpFailed, match="certificate"):
            tools.dump(tmp_path / "unverified", snapshot)
        monkeypatch.setenv("PGSSLROOTCERT", str(certificate))
        tools.dump(tmp_path / "dump", snapshot)
    assert (tmp_path / "dump").read_bytes()[:5] == b"PGDMP"


@contextmanager
def relay(certificate: Path, target: int) -> Iterator[int]:
    """A TLS proxy before a PostgreSQL without TLS; gives its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.set_alpn_protocols(["postgresql"])
    with socket.create_server((HOST, 0)) as listener:

        def serve() -> None:
            with suppress(OSError):  # the listener is closed at the end
                while True:
                    plain, _ = listener.accept()
                    threading.Thread(target=carry, args=(plain, context, target), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


def carry(plain: socket.socket, context: ssl.SSLContext, target: int) -> None:
    """One connection: its SSLRequest, then the bytes in both directions."""
    with suppress(OSError), plain, socket.create_connection((HOST, target)) as server:
        plain.recv(8)
        plain.sendall(b"S")
        with context.wrap_socket(plain, server_side=True) as client:
            threading.Thread(target=pump, args=(server, client), daemon=True).start()
            pump(client, server)


def pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def self_signed(folder: Path) -> Path:
    """A certificate for this machine, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay")])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    file = folder / "relay.pem"
    file.write_bytes(
        builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file
