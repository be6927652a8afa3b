"""Associations that we request: why there is none is told apart, and TLS verifies the peer's certificate."""

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom.uid import UID
from pynetdicom import AE
from pynetdicom.presentation import build_context

from gateway.pacs.dimse.association import (
    AssociationAborted,
    AssociationRejected,
    NoAssociation,
    NoContextAccepted,
    Peer,
    PeerUnreachable,
    TlsFailed,
    association,
)
from gateway.pacs.dimse.requestor_tls import requesting_context
from gateway.pacs.peer_address import AddressRefused
from gateway.pacs.sending.store_scu import COMMITMENT_PUSH_MODEL, VERIFICATION
from tests.integration.pacs.orthanc import free_ports

SUCCESS = 0x0000
CONTEXTS = [build_context(VERIFICATION)]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of 127.0.0.1 that is signed by itself, in one file."""
    folder = tmp_path_factory.mktemp("certificate")
    key, signed = folder / "key.pem", folder / "certificate.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run([*command, *subject, "-keyout", key, "-out", signed], check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes(key.read_bytes() + signed.read_bytes())
    return both


@contextmanager
def listening(certificate: Path | None = None, uid: UID = VERIFICATION) -> Iterator[int]:
    """An AE called ARCHIVE; gives its port."""
    (port,) = free_ports(1)
    entity = AE("ARCHIVE")
    entity.require_called_aet = True
    entity.add_supported_context(uid)
    tls = None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    server = entity.start_server(("127.0.0.1", port), block=False, ssl_context=tls)
    assert server is not None
    try:
        yield port
    finally:
        server.shutdown()


def peer(port: int, called_ae: str = "ARCHIVE", tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Peer:
    return Peer(host, port, called_ae, "TURNSTILE", 5.0, 5.0, tls)


def echo(to: Peer) -> int:
    with association(to, CONTEXTS) as opened:
        return int(opened.send_c_echo().Status)


def test_plain_and_tls(certificate: Path) -> None:
    with listening() as port:
        assert echo(peer(port)) == SUCCESS
    with listening(certificate) as port:
        assert echo(peer(port, tls=requesting_context(certificate, None, None))) == SUCCESS


def test_a_certificate_of_an_unknown_authority_and_no_tls_at_all(certificate: Path) -> None:
    with listening(certificate) as port, pytest.raises(TlsFailed):
        echo(peer(port, tls=requesting_context(None, None, None)))
    with listening() as port, pytest.raises(TlsFailed):
        echo(peer(port, tls=requesting_context(certificate, None, None)))


def test_nothing_listens() -> None:
    with pytest.raises(PeerUnreachable):
        echo(peer(free_ports(1)[0]))
    with pytest.raises(AddressRefused):
        echo(peer(104, host="169.254.169.254"))


def test_another_name_and_another_service() -> None:
    with listening() as port, pytest.raises(AssociationRejected, match="Called AE title not recognised"):
        echo(peer(port, "ANOTHER"))
    with listening(uid=COMMITMENT_PUSH_MODEL) as port, pytest.raises(NoContextAccepted):
        echo(peer(port))


def test_a_server_that_speaks_no_dicom(certificate: Path) -> None:
    """A client without TLS at a port with TLS."""
    with listening(certificate) as port, pytest.raises(NoAssociation) as raised:
        echo(peer(port))
    assert isinstance(raised.value, AssociationAborted)


def test_an_error_in_the_block_ends_the_association() -> None:
    with listening() as port:
        with pytest.raises(ValueError, match="ours"), association(peer(port), CONTEXTS) as opened:
            raise ValueError("ours")
        assert opened.is_aborted
