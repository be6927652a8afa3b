"""Requests of a viewer and their decoding; and reports with evidence, as a worker stores them."""

import gzip
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import nibabel
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import AnalysisRow, ReportRow
from gateway.reports.report_body import body_of
from screening.contract import FINDINGS
from screening.intake.budgets import Budgets
from screening.preparation import prepare, survey
from screening.results.evidence import Evidence, pack
from screening.results.fusion import NOT_AUGMENTED, SliceOutputs, fuse
from screening.results.report import Report
from screening.series.studies import Study
from tests.integration.gateway.records.stored_scans import StoredScans
from tests.integration.gateway.records.upload_calls import create_patient_id, upload
from tests.unit.screening.studies import RULES, eight_of

CELLS = 16


def create_scan(client: httpx.Client, content: bytes, name: str = "chest.zip") -> str:
    answer = upload(client, create_patient_id(client), content, name)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def get_view(client: httpx.Client, scan: str, path: str, **params: Any) -> httpx.Response:
    answer = client.get(f"/api/scans/{scan}/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer


def series(client: httpx.Client, scan: str, **params: Any) -> dict[str, Any]:
    shown: dict[str, Any] = get_view(client, scan, "series", **params).json()
    return shown


def raw_hu(client: httpx.Client, scan: str, number: int) -> NDArray[np.int16]:
    answer = get_view(client, scan, f"slices/{number}", format="raw")
    rows, columns = map(int, answer.headers["x-shape"].split(","))
    return np.frombuffer(answer.content, "<i2").reshape(rows, columns)


def nifti(answer: httpx.Response) -> Any:
    """The image in an answer, as nibabel reads it."""
    return nibabel.Nifti1Image.from_bytes(gzip.decompress(answer.content))


def datasets(content: bytes) -> list[Dataset]:
    """The slices of a zip, from the feet up, as pydicom reads them."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        slices = [pydicom.dcmread(io.BytesIO(archive.read(name))) for name in archive.namelist()]
    return sorted(slices, key=lambda slice_: float(slice_.ImagePositionPatient[2]))


def hu_of(slice_: Dataset) -> NDArray[np.float64]:
    """The HU of a slice by DICOM PS3.3 C.11.1."""
    return np.asarray(slice_.pixel_array * float(slice_.RescaleSlope) + float(slice_.RescaleIntercept), np.float64)


def evidence_of(content: bytes, folder: Path, *, hot: int = 5) -> Evidence:
    """Evidence of the zip's study with one hot cell, row 4 and column 11 of the error map, in its `hot`-th slice."""
    path = folder / "study.zip"
    path.write_bytes(content)
    (study,) = survey(path, folder, Budgets()).studies
    assert isinstance(study, Study)
    prepared = eight_of(prepare(study, 64, 8.0))
    maps = np.zeros((8, CELLS, CELLS), np.float32)
    maps[hot, 4, 11] = 1.0
    errors = np.full(8, 0.5, np.float32)
    errors[hot] = 1.4
    outputs = SliceOutputs(
        logits=np.full(8, -9.0, np.float32),
        activation=np.arange(8 * 8 * 8, dtype=np.float32).reshape(8, 8, 8),
        reconstruction_error=errors,
        error_map=maps,
        findings=np.full((8, len(FINDINGS)), 1 / len(FINDINGS), np.float32),
    )
    return Evidence.of(
        prepared, outputs, fuse(outputs, NOT_AUGMENTED, prepared.lung_shares, prepared.extents_mm, RULES)
    )


def add_report(
    stored_scans: StoredScans,
    scan: str,
    evidence: Evidence | None,
    *,
    report: Report | None = None,
    others: Sequence[Report] = (),
    model_card: str | None = None,
    institution: str = "st-anna",
) -> None:
    """Add a report of the scan with this evidence, as a worker writes it; without `report` its body is empty.

    `others` are of other studies of the upload.
    """

    async def add(session: AsyncSession) -> None:
        analysis = AnalysisRow(scan_id=scan, institution=institution, state="done", requested_by="test")
        session.add(analysis)
        await session.flush()
        key = f"analyses/{analysis.id}/1/evidence.npz" if evidence else None
        if evidence and key:
            await stored_scans.blobs.put_derived(key, pack([evidence]))
        session.add(
            ReportRow(
                analysis_id=analysis.id,
                scan_id=scan,
                institution=institution,
                model_card=model_card,
                verdict=report.verdict.value if report else "pathology",
                probability=report.row["probability_of_pathology"] if report else 0.9,
                body=body_of([report, *others]) if report else {},
                evidence_key=key,
            )
        )

    stored_scans.in_transaction(add)
