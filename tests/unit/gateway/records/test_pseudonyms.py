from datetime import UTC, datetime
from uuid import uuid4

from gateway.database.tables import BlobRow, PatientRow, ScanRow
from gateway.permissions import GRANTS, Role
from gateway.principal import Principal, PrincipalKind
from gateway.records.pseudonyms import PatientView, ScanView
from gateway.records.store.patients import ScanSummary

SECRETS = ("Anna", "Muster", "cough", "muster.zip")


def asker(role: Role) -> Principal:
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


def test_who_may_see_names_sees_them() -> None:
    patient, scan = rows()
    seen = PatientView.for_principal(patient, ScanSummary(), asker(Role.RADIOLOGIST))
    assert (seen.name.first_name, seen.name.last_name, seen.description) == SECRETS[:3]
    assert ScanView.for_principal(scan, None, asker(Role.RADIOLOGIST)).file_name == "muster.zip"


def test_nothing_that_names_anybody_is_left_for_a_researcher() -> None:
    patient, scan = rows()
    seen = (
        PatientView.for_principal(patient, ScanSummary(), asker(Role.RESEARCHER)),
        ScanView.for_principal(scan, None, asker(Role.RESEARCHER)),
    )
    for view in seen:
        told = {name: value for name, value in vars(view).items() if name != "row"}
        assert not any(secret in str(told) for secret in SECRETS), told
    assert seen[0].name == seen[1].patient
    assert seen[0].name.last_name == "P-7F3K2A"
