"""A chest with a named patient as a zip, and its scan with the report of a pathology."""

import zipfile
from pathlib import Path
from typing import Final

import httpx
import pydicom

from screening.phantom.phantom_study import write_phantom
from screening.preparation import prepare
from screening.results.evidence import Evidence
from screening.results.fusion import NOT_AUGMENTED, fuse
from screening.results.report import Report
from tests.integration.gateway.records.stored_scans import StoredScans
from tests.integration.gateway.records.viewing_calls import add_report, create_scan
from tests.unit.gateway.result_objects.made_result import suspicious_outputs
from tests.unit.screening.studies import RULES, VIEW_SPACING_MM, card_of, study_of

READING_S: Final = 240.0  # for the first reading on a busy machine: a decode worker starts, and highdicom is loaded


def write_named_chest(folder: Path, slices: int = 24, size: int = 96) -> Path:
    """A zip with a synthetic chest of a patient with a name in Cyrillic."""
    write_phantom(folder / "chest", slices=slices, size=size)
    path = folder / "chest.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for number, file in enumerate(sorted(one for one in (folder / "chest").rglob("*") if one.is_file())):
            slice_ = pydicom.dcmread(file)
            slice_.SpecificCharacterSet = "ISO_IR 144"
            slice_.PatientName, slice_.PatientID = "Анна^Ковалёва", "HELD-1"
            slice_.StudyDate, slice_.AccessionNumber = "20240229", "ACC-77"
            slice_.PatientBirthDate, slice_.ReferringPhysicianName = "19500101", "House^G"
            slice_.WindowCenter, slice_.WindowWidth = "-600", "1500"
            slice_.save_as(file)
            packed.write(file, f"{number}.dcm")
    return path


def store_with_report(client: httpx.Client, stored_scans: StoredScans, archive: Path) -> str:
    """Upload the zip, and store a report of it as a worker does; the id of the scan."""
    prepared = prepare(study_of(archive, archive.parent), 64, VIEW_SPACING_MM)
    outputs = suspicious_outputs(len(prepared.slice_indices))
    fusion = fuse(outputs, NOT_AUGMENTED, prepared.lung_shares, prepared.extents_mm, RULES)
    report = Report.analysed("chest.zip", prepared, outputs, fusion, card_of(), 1.0, {})
    scan = create_scan(client, archive.read_bytes())
    institution = str(client.get("/api/me").json()["institution"])
    evidence = Evidence.of(prepared, outputs, fusion)
    add_report(stored_scans, scan, evidence, report=report, institution=institution)
    return scan
