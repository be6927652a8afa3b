"""Senders of the tests: pynetdicom as SCU, and dcmtk's programs."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.presentation import build_context

from tests.dicom_factory import ct_slice

CALLED = "TURNSTILE"
PATIENCE_S = 300.0  # a synced write took 20 s on a machine with a load of 24


def ct_study(uid: str, instances: int = 3, **elements: Any) -> list[Dataset]:
    """A study of one series; `uid` is a short UID of its own."""
    ids = {"PatientID": f"P{uid}", "PatientName": "Muster^Anna", "StudyDescription": "Thorax"} | elements
    own: dict[str, Any] = {"StudyInstanceUID": uid, "SeriesInstanceUID": f"{uid}.1"} | ids
    return [_as_file(ct_slice(number, SOPInstanceUID=f"{uid}.1.{number + 1}", **own)) for number in range(instances)]


def _as_file(dataset: Dataset) -> Dataset:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


@contextmanager
def association(
    port: int, datasets: Sequence[Dataset], *, calling: str = "MODALITY", called: str = CALLED, **options: Any
) -> Iterator[Association]:
    """An association with a context for each class and syntax of the data sets."""
    entity = AE(calling)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = PATIENCE_S
    kinds = {(one.SOPClassUID, one.file_meta.TransferSyntaxUID) for one in datasets}
    link = entity.associate(
        "127.0.0.1", port, [build_context(*kind) for kind in sorted(kinds)], ae_title=called, **options
    )
    try:
        yield link
    finally:
        if link.is_established:
            link.release()


def sent(port: int, datasets: Sequence[Dataset], **options: Any) -> list[int | None]:
    """Send the data sets in one association; the status of each, None without an answer."""
    with association(port, datasets, **options) as link:
        assert link.is_established
        return [getattr(link.send_c_store(one), "Status", None) for one in datasets]


def dcmtk(program: str, *arguments: object) -> "subprocess.CompletedProcess[str]":
    """Run a program of dcmtk to its end."""
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)


def saved(folder: Path, datasets: Sequence[Dataset]) -> Path:
    """The data sets as files in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(datasets):
        one.save_as(folder / f"{number:05}.dcm", enforce_file_format=True)
    return folder
