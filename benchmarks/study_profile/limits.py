"""The least that the parts of a study take on this machine: each part is done alone, with the best library we know.

CPU milliseconds of one thread, the lowest of some rounds. The networks' is their multiply-adds at the rate of a matrix
product in FP32; a network in INT8 may be below it.
"""

import hashlib
import io
import json
import socket
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import psycopg
from isal import isal_zlib

from screening.block_preparation import prepare_blocks
from screening.contract import CLASSIFIER, VIEWS
from screening.dicom.decoding import stored_values
from screening.errors import StudyError
from screening.intake.budgets import Budgets
from screening.preparation import PreparedStudy, prepare, survey
from screening.results.model_card import ModelCard

ROUNDS: Final = 5
HEADER_BYTES: Final = 8 * 2**10
MATRIX: Final = 1024
COMMITS: Final = 50


def limits_ms(upload: Path, repository: Path, database_url: str, transactions: float, expert: bool) -> dict[str, float]:
    """The limit of each part of the study in the zip `upload`; `expert` tells whether the 3D expert reads it.

    Raises the error of an upload that holds no study.
    """
    card = ModelCard.load(repository / "model_card.json")
    with TemporaryDirectory(prefix="turnstile-limits-") as scratch:
        study = survey(upload, Path(scratch), Budgets()).studies[0]
        if isinstance(study, StudyError):
            raise study
        prepared = prepare(study, card.image_size, card.view_spacing_mm)
        decoded = [series for series in study.series if series.series_uid == prepared.series_uid]
        headers = [one for series in decoded for one in series.slices][:: max(1, len(decoded[0].slices) // 16)]
        content = upload.read_bytes()
        views = len(prepared.slice_indices)
        blocks = len(prepare_blocks(study, prepared.chosen).blocks) if expert else 0
        one_slice_ms = _least_ms(lambda: [stored_values(one) for one in headers]) / len(headers)
        pixels = np.zeros((views, *prepared.geometry.shape[1:]), np.int16)
        return {
            "gateway: bytes through the loopback": _least_ms(lambda: _through_a_socket(content)),
            "gateway: sha256": _least_ms(lambda: hashlib.sha256(content)),
            "gateway: written to the page cache": _least_ms(lambda: (Path(scratch) / "copy").write_bytes(content)),
            "decoding: inflated by isal": _least_ms(lambda: _inflate(content)),
            "decoding: first 8 KiB of each file": _least_ms(lambda: _first_bytes(content)),
            f"decoding: {views} slices decoded": one_slice_ms * views,
            f"decoding: {views} slices as HU, one pass": _least_ms(lambda: pixels + np.int16(1)),
            "hand over: views copied once": _least_ms(prepared.views.copy),
            "networks: multiply-adds": _network_ms(repository, prepared, card, blocks),
            f"database: {transactions:.0f} empty transactions": transactions * _transaction_ms(database_url),
        }


def _least_ms(work: Callable[[], object], clock: Callable[[], float] = time.thread_time) -> float:
    """CPU milliseconds of this thread."""
    times = []
    for _ in range(ROUNDS):
        start = clock()
        work()
        times.append(clock() - start)
    return 1000 * min(times)


def _through_a_socket(content: bytes) -> None:
    """Receive it; the sender is another thread."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        line, _ = server.accept()
        sender = threading.Thread(target=client.sendall, args=(content,))
        sender.start()
        room = memoryview(bytearray(2**18))
        with line:
            left = len(content)
            while left:
                left -= line.recv_into(room)
        sender.join()


def _inflate(content: bytes) -> None:
    """Every deflated member of the zip."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for one in archive.infolist():
            if one.compress_type == zipfile.ZIP_DEFLATED:
                names = int.from_bytes(content[one.header_offset + 26 : one.header_offset + 28], "little")
                extra = int.from_bytes(content[one.header_offset + 28 : one.header_offset + 30], "little")
                start = one.header_offset + 30 + names + extra
                isal_zlib.decompress(content[start : start + one.compress_size], wbits=-15, bufsize=one.file_size)


def _first_bytes(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for one in archive.infolist():
            bytes(content[one.header_offset : one.header_offset + HEADER_BYTES])


def _network_ms(repository: Path, prepared: PreparedStudy, card: ModelCard, blocks: int) -> float:
    """Multiply-adds of the study's views and blocks at the rate of a matrix product."""
    manifest = json.loads((repository / "export_manifest.json").read_text("utf-8"))
    of_a_slice = manifest["multiply_adds_per_slice"]
    augmented = min(card.test_time_slices, len(prepared.slice_indices)) * (len(VIEWS) - 1)
    adds = len(prepared.slice_indices) * sum(of_a_slice.values()) + augmented * of_a_slice[CLASSIFIER]
    adds += blocks * manifest.get("expert3d", {}).get("multiply_adds_per_block", 0)
    matrix = np.ones((MATRIX, MATRIX), np.float32)
    return float(adds / MATRIX**3 * _least_ms(lambda: matrix @ matrix, time.process_time))  # of all its threads


def _transaction_ms(database_url: str) -> float:
    """CPU milliseconds of an empty transaction, of client and server together, about twice the client's."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        return 2 * _least_ms(lambda: [connection.execute("SELECT 1") for _ in range(COMMITS)]) / COMMITS
