"""Senders that may not, send too much, break off, or are none: a standard status, and nothing is left."""

import errno
import io
import itertools
import random
import socket
import ssl
import struct
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import MRImageStorage
from pynetdicom import AE, build_context, evt
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode

from gateway.errors import StorageFull
from gateway.pacs.receiving.instance_stream import DraftFile
from gateway.storage.disk_reserve import DiskReserve
from tests.integration.pacs.receiving.running_listener import RunningListener, running_listener
from tests.integration.pacs.receiving.senders import PATIENCE_S, association, ct_study, dcmtk, saved, sent
from tests.integration.polling import until
from tests.postgres import RunningPostgres

ASSOCIATIONS = 4
SEED = 20261127


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, postgres: RunningPostgres) -> Iterator[RunningListener]:
    limits: dict[str, Any] = {
        "pacs_calling_ae_titles": ("MODALITY", "STORESCU"),
        "pacs_other_objects": "refuse",
        "pacs_associations": ASSOCIATIONS,
        "pacs_study_instances": 3,
        "pacs_study_bytes": 20_000,
        "pacs_instance_bytes": 12_000,
        "pacs_request_s": 10.0,
        "pacs_idle_s": 15.0,
    }
    with running_listener(tmp_path_factory.mktemp("strict"), postgres.new_database(), **limits) as running:
        yield running


def rejection(port: int, **options: str) -> tuple[int, int, int]:
    """Result, source and reason of a rejected association (PS3.8 9.3.4)."""
    with association(port, ct_study("2.25.300", 1), **options) as link:
        assert link.is_rejected
        told = link.acceptor.primitive
        assert told is not None
        return told.result, told.result_source, told.diagnostic  # type: ignore[return-value]


def is_alive(listener: RunningListener) -> bool:
    echo = dcmtk("echoscu", "-aet", "MODALITY", "-aec", "TURNSTILE", "127.0.0.1", listener.port)
    return echo.returncode == 0


def assert_well(listener: RunningListener) -> None:
    """It answers, and nothing is left of what was refused."""
    until(listener.is_idle, PATIENCE_S)
    until(lambda: is_alive(listener), PATIENCE_S)


def test_an_unknown_ae_title_is_rejected(strict: RunningListener) -> None:
    assert rejection(strict.port, calling="STRANGER") == (1, 1, 3)
    told = dcmtk("echoscu", "-aet", "STRANGER", "-aec", "TURNSTILE", "127.0.0.1", strict.port)
    assert told.returncode != 0
    assert "Calling AE Title Not Recognized" in told.stderr
    listed = "SELECT refusals FROM refused_senders WHERE sender = 'STRANGER' AND reason = 'calling_ae_title'"
    until(lambda: sum(row["refusals"] for row in strict.rows(listed)) >= 2)


def test_a_wrong_called_ae_title_is_rejected(strict: RunningListener) -> None:
    assert rejection(strict.port, called="ELSEWHERE") == (1, 1, 7)
    assert strict.metric('turnstile_pacs_associations_refused_total{reason="called_ae_title"}') >= 1


def test_what_is_no_ct_is_refused_in_the_negotiation(strict: RunningListener, tmp_path: Path) -> None:
    study = ct_study("2.25.301", 1, SOPClassUID=MRImageStorage)
    with association(strict.port, study) as link:
        assert [context.result for context in link.rejected_contexts] == [3], "abstract syntax not supported"
    told = dcmtk("storescu", "-aec", "TURNSTILE", "127.0.0.1", strict.port, saved(tmp_path / "mr", study) / "00000.dcm")
    assert told.returncode != 0
    assert not strict.instances("2.25.301")


def test_no_common_transfer_syntax(strict: RunningListener) -> None:
    (one,) = ct_study("2.25.302", 1)
    mpeg = "1.2.840.10008.1.2.4.102"
    link = AE("MODALITY").associate(
        "127.0.0.1", strict.port, [build_context(one.SOPClassUID, mpeg)], ae_title="TURNSTILE"
    )
    assert [context.result for context in link.rejected_contexts] == [4], "transfer syntaxes not supported"
    until(lambda: strict.metric('turnstile_pacs_associations_refused_total{reason="no_common_context"}') >= 1)


def test_too_many_instances_and_bytes(strict: RunningListener) -> None:
    assert sent(strict.port, ct_study("2.25.303", 5)) == [0, 0, 0, 0xA700, 0xA700]
    large = ct_study("2.25.304", 3, ImageComments="x" * 6000)
    assert sent(strict.port, large) == [0, 0, 0xA700]
    (too_long,) = ct_study("2.25.305", 1, ImageComments="x" * 20_000)
    assert sent(strict.port, [too_long]) == [0xA700]
    assert [len(strict.instances(uid)) for uid in ("2.25.303", "2.25.304", "2.25.305")] == [3, 2, 0]
    assert_well(strict)


def test_too_many_associations(strict: RunningListener) -> None:
    study = ct_study("2.25.306", 1)
    with ExitStack() as stack:
        links = [stack.enter_context(association(strict.port, study)) for _ in range(ASSOCIATIONS)]
        assert all(link.is_established for link in links)
        assert rejection(strict.port) == (2, 3, 2)
    assert_well(strict)


def test_a_flood_of_connections(strict: RunningListener) -> None:
    with ExitStack() as stack:
        for _ in range(150):
            stack.enter_context(socket.create_connection(("127.0.0.1", strict.port)))
        until(lambda: strict.metric('turnstile_pacs_associations_refused_total{reason="too_many_connections"}') > 50)
    assert_well(strict)


def test_a_silent_connection_is_closed(strict: RunningListener) -> None:
    with socket.create_connection(("127.0.0.1", strict.port)) as silent:
        silent.settimeout(PATIENCE_S)
        assert silent.recv(100) == b""
    assert_well(strict)


def test_an_idle_association_is_aborted(strict: RunningListener) -> None:
    with association(strict.port, ct_study("2.25.307", 1)) as link:
        until(lambda: not link.is_established, PATIENCE_S)
    assert_well(strict)


def _fragments(link: Any, dataset: Dataset, pdu_bytes: int) -> Iterator[Any]:
    """The P-DATA of a C-STORE request."""
    request = C_STORE()
    request.MessageID, request.Priority = 1, 2
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    request.DataSet = io.BytesIO(encode(dataset, False, True) or b"")
    message = C_STORE_RQ()
    message.primitive_to_message(request)
    yield from message.encode_msg(link.accepted_contexts[0].context_id, pdu_bytes)


def test_an_association_that_is_cut_in_mid_instance_leaves_nothing(listener: RunningListener) -> None:
    (one,) = ct_study("2.25.308", 1)
    with association(listener.port, [one]) as link:
        for fragment in itertools.islice(_fragments(link, one, 512), 3):
            link.dul.send_pdu(fragment)
        until(lambda: bool(listener.files("incoming")))
        assert link.dul.socket is not None
        link.dul.socket.close()
    until(listener.is_idle, PATIENCE_S)
    assert not listener.instances("2.25.308")
    assert sent(listener.port, [one]) == [0]


def test_a_store_request_of_verification_is_no_success(listener: RunningListener) -> None:
    (one,) = ct_study("2.25.318", 1)
    request = C_STORE()
    request.MessageID, request.Priority = 1, 2
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = "1.2.840.10008.1.1", one.SOPInstanceUID
    request.DataSet = io.BytesIO(b"\0" * 100)
    with association(listener.port, [one]) as link:
        (context,) = link.accepted_contexts
        link.dimse.send_msg(request, context.context_id or 0)
        until(lambda: link.is_aborted, PATIENCE_S)
    assert_well(listener)


def test_a_huge_pdu_is_not_read(listener: RunningListener) -> None:
    with socket.create_connection(("127.0.0.1", listener.port)) as link:
        link.sendall(struct.pack(">BBL", 1, 0, 0xFFFFFFFF) + bytes(100))
        link.settimeout(PATIENCE_S)
        assert link.recv(100) == b""
    assert_well(listener)


def _request_bytes() -> bytes:
    """An A-ASSOCIATE-RQ as pynetdicom writes it."""
    captured: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        entity = AE("MODALITY")
        entity.acse_timeout = 0.1
        handlers: list[Any] = [(evt.EVT_DATA_SENT, lambda event: captured.append(event.data))]
        contexts = [build_context(ct_study("2.25.309", 1)[0].SOPClassUID)]
        entity.associate("127.0.0.1", server.getsockname()[1], contexts, ae_title="TURNSTILE", evt_handlers=handlers)
    return captured[0]


@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
def test_pdus_of_a_fuzzer(listener: RunningListener) -> None:
    chance, request = random.Random(SEED), _request_bytes()
    (one,) = ct_study("2.25.310", 1)
    for number in range(60):
        with socket.create_connection(("127.0.0.1", listener.port)) as link:
            link.settimeout(10)
            if number % 3 == 0:
                link.sendall(chance.randbytes(chance.randrange(1, 300)))
                continue
            damaged = bytearray(request)
            if number % 3 == 1:
                for _ in range(chance.randrange(1, 6)):
                    damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            link.sendall(damaged)
            kind = chance.choice([4, 4, 4, 5, 6, 7, 2, 3, 0, 255])
            body = chance.randbytes(chance.randrange(0, 200))
            if kind == 4:
                pdv = struct.pack(">LBB", len(body) + 2, 1, chance.randrange(4)) + body
                body = pdv if chance.random() < 0.7 else body
            link.sendall(struct.pack(">BBL", kind, 0, len(body)) + body)
    until(listener.is_idle, PATIENCE_S)
    assert sent(listener.port, [one]) == [0]
    assert listener.metric('turnstile_pacs_instances_total{outcome="fault"') == 0


def test_a_full_disk_is_told(listener: RunningListener, monkeypatch: pytest.MonkeyPatch) -> None:
    study = ct_study("2.25.311", 2)

    def full(_self: DiskReserve) -> None:
        raise StorageFull("full")

    with monkeypatch.context() as patch:
        patch.setattr(DiskReserve, "check", full)
        assert sent(listener.port, study[:1]) == [0xA700]

    class FullFile:
        def write(self, _data: bytes) -> int:
            raise OSError(errno.ENOSPC, "no space")

        def close(self) -> None:
            """Nothing."""

    original = DraftFile.__init__

    def on_full_disk(self: DraftFile, folder: Path, most_bytes: int) -> None:
        original(self, folder, most_bytes)
        self._open.close()
        self._open = FullFile()

    with monkeypatch.context() as patch:
        patch.setattr(DraftFile, "__init__", on_full_disk)
        assert sent(listener.port, study) == [0xA700, 0xA700]
    until(listener.is_idle, PATIENCE_S)
    assert sent(listener.port, study) == [0, 0]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate `own.pem` with its key, which is its own authority."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", folder / "key.pem", "-out", folder / "own.pem"),
        ],
        check=True,
        capture_output=True,
    )
    return folder


def test_tls_with_client_certificates(certificates: Path, tmp_path: Path, postgres: RunningPostgres) -> None:
    own, key = certificates / "own.pem", certificates / "key.pem"
    tls = {"pacs_tls_certificate": own, "pacs_tls_key": key, "pacs_tls_client_ca": own, "pacs_request_s": 3.0}
    study = ct_study("2.25.312", 1)
    context = ssl.create_default_context(cafile=own)
    with running_listener(tmp_path, postgres.new_database(), **tls) as listener:
        silent = socket.create_connection(("127.0.0.1", listener.port))
        context.load_cert_chain(own, key)
        assert sent(listener.port, study, tls_args=(context, "localhost")) == [0], "beside a client that says nothing"
        silent.close()
        stranger = ssl.create_default_context(cafile=own)
        with association(listener.port, study, tls_args=(stranger, "localhost")) as link:
            assert not link.is_established
        with association(listener.port, study) as link:
            assert not link.is_established
        until(lambda: listener.metric('turnstile_pacs_associations_refused_total{reason="tls"}') >= 2)
