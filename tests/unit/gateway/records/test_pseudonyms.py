from datetime import UTC, datetime
from uuid import uuid4

from gateway.database.tables import BlobRow, PatientRow, ScanRow
from gateway.permissions import GRANTS, Role
from gateway.principal import Principal, PrincipalKind
from gateway.records.pseudonyms import PatientView, ScanView
from gateway.records.store.patients import ScanSummary
from gateway.records.store.scan_network import ScanNetwork

SECRETS = ("Anna", "Muster", "cough", "muster.zip")


def principal(role: Role) -> Principal:
    return Principal("token:1", PrincipalKind.PROGRAM, "one", role, "st-anna", GRANTS[role])


def rows() -> tuple[PatientRow, ScanRow]:
    now = datetime.now(UTC)
    patient = PatientRow(
        id=uuid4(), first_name="Anna", last_name="Muster", description="cough", pseudonym="P-7F3K2A", version=1
    )
    patient.created_at = patient.updated_at = now
    scan = ScanRow(id=uuid4(), file_name="muster.zip", description="cough", patient=patient)
    scan.blob = BlobRow(sha256="a" * 64, size=5)
    return patient, scan


def test_a_radiologist_sees_names() -> None:
    patient, scan = rows()
    seen = PatientView.for_principal(patient, ScanSummary(), principal(Role.RADIOLOGIST))
    assert (seen.name.first_name, seen.name.last_name, seen.description) == SECRETS[:3]
    assert ScanView.for_principal(scan, None, ScanNetwork(), principal(Role.RADIOLOGIST)).file_name == "muster.zip"


def test_a_researcher_sees_pseudonyms_only() -> None:
    patient, scan = rows()
    seen = (
        PatientView.for_principal(patient, ScanSummary(), principal(Role.RESEARCHER)),
        ScanView.for_principal(scan, None, ScanNetwork(), principal(Role.RESEARCHER)),
    )
    for view in seen:
        shown = {name: value for name, value in vars(view).items() if name != "row"}
        assert not any(secret in str(shown) for secret in SECRETS), shown
    assert seen[0].name == seen[1].patient
    assert seen[0].name.last_name == "P-7F3K2A"
