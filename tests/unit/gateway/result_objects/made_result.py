"""A result as the pipeline would store it: a real preparation of the upload, made outputs of the networks, its JSON."""

import io
import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import Any, Final

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset

from gateway.result_objects.encoding import ObjectFile, ObjectKind, encode
from gateway.result_objects.study_result import ReportOrigin, StudyResult
from gateway.viewing.series_reading import SeriesSource
from screening.contract import FINDINGS
from screening.errors import StudyError
from screening.intake.budgets import Budgets
from screening.preparation import PreparedStudy, prepare
from screening.results.evidence import Evidence, pack, unpack
from screening.results.fusion import NOT_AUGMENTED, SliceOutputs, fuse
from screening.results.report import Report
from tests.unit.screening.studies import RULES, VIEW_SPACING_MM, card_of, outputs_of, study_of

ORIGIN: Final = ReportOrigin(
    analysis_id="ccd80c10-7525-4213-9756-be35b3d6bff3",
    reported_at=datetime(2026, 11, 23, 15, 40, 42, 179921, UTC),
    model_card="test-1",
    program="0.1.0",
)
CELL: Final = (3, 10)  # of 16 x 16: where the autoencoder was made to differ most


def suspicious_outputs(count: int, cell: tuple[int, int] = CELL) -> SliceOutputs:
    """Three slices above the middle reach the operating point, with one block of cells high in each."""
    errors, maps = np.full(count, 0.5, np.float32), np.zeros((count, 16, 16), np.float32)
    for place in range(count // 2, count // 2 + 3):
        errors[place] = 1.2 + 0.1 * (place == count // 2 + 1)
        maps[place, cell[0] : cell[0] + 2, cell[1] : cell[1] + 3] = 1.0
    findings = np.full((count, len(FINDINGS)), 0.01, np.float32)
    findings[count // 2, FINDINGS.index("Lung nodule")] = 0.9
    return outputs_of(count, reconstruction_error=errors, error_map=maps, findings=findings)


def made_result(path: Path, *, suspicious: bool = True, cell: tuple[int, int] = CELL, **row: Any) -> StudyResult:
    """The result of the one study of the upload."""
    with TemporaryDirectory() as scratch:
        prepared = prepare(study_of(path, Path(scratch)), 64, VIEW_SPACING_MM)
    count = len(prepared.slice_indices)
    return result_of(prepared, suspicious_outputs(count, cell) if suspicious else outputs_of(count), **row)


def result_of(prepared: PreparedStudy, outputs: SliceOutputs, **row: Any) -> StudyResult:
    """The result of a prepared study with these outputs, through the JSON and the evidence that are stored."""
    fusion = fuse(outputs, NOT_AUGMENTED, prepared.lung_shares, prepared.extents_mm, RULES)
    report = Report.analysed("study.zip", prepared, outputs, fusion, card_of(), 1.0, {"survey": 0.1})
    body = json.loads(json.dumps(report.to_json()))
    body["row"] |= row
    return StudyResult.of(body, ORIGIN, unpack(pack([Evidence.of(prepared, outputs, fusion)])))


def failed_result(error: StudyError) -> StudyResult:
    """The result of a study that was not analysed."""
    return StudyResult.of(json.loads(json.dumps(Report.failed("study.zip", error, 1.0).to_json())), ORIGIN)


def encoded(path: Path, result: StudyResult, *kinds: ObjectKind) -> tuple[ObjectFile, ...]:
    """The objects of the result; all kinds by default."""
    with TemporaryDirectory() as scratch:
        source = SeriesSource(path, Path(scratch), Budgets())
        return encode(source, result, kinds or tuple(ObjectKind), b"%PDF-1.4 made for a test")


def opened(file: ObjectFile) -> FileDataset:
    """The object, read back."""
    return pydicom.dcmread(io.BytesIO(file.content))


def errors_of(content: bytes) -> list[str]:
    """The lines of dciodvfy that begin with Error; skips the test where the program is not installed."""
    program = shutil.which("dciodvfy")
    if program is None:
        pytest.skip("dciodvfy of dicom3tools is not installed")
    with NamedTemporaryFile(suffix=".dcm") as file:
        file.write(content)
        file.flush()
        run = subprocess.run([program, file.name], capture_output=True, text=True, check=False)
    lines = (run.stderr + run.stdout).splitlines()
    assert lines, "dciodvfy says at least the name of the object"
    return [line for line in lines if line.startswith("Error")]
