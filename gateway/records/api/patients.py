"""Patients: /api/patients."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field, model_validator

from gateway.database.paging import PageRange
from gateway.http.authorization import LIST_RATE_LIMIT, Context, requires
from gateway.http.documented_errors import problems
from gateway.http.etag import ExpectedVersions, etag_of
from gateway.http.paging import Limit, Offset, Page
from gateway.http.text_validation import LineText, MultilineText
from gateway.idempotency.header import RequestKey
from gateway.permissions import Scope
from gateway.principal import Principal
from gateway.records.api.scan_shapes import Verdict
from gateway.records.patients import NewPatient, Patients
from gateway.records.pseudonyms import PatientView
from gateway.records.store.patients import PatientSort

Reader = Annotated[Principal, requires(Scope.PATIENTS_READ)]
Writer = Annotated[Principal, requires(Scope.PATIENTS_WRITE)]
SearchText = Annotated[
    LineText | None,
    Query(description="Part of a name or of the description; without the scope names.read a whole pseudonym."),
]


class PatientCreate(BaseModel):
    """The data of a new patient."""

    first_name: LineText
    last_name: LineText
    description: MultilineText | None = None


class PatientUpdate(BaseModel):
    """The fields to change. An absent field stays as it is; null removes the description."""

    first_name: LineText | None = None
    last_name: LineText | None = None
    description: MultilineText | None = None

    @model_validator(mode="after")
    def _has_changes(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("nothing to change: give first_name, last_name or description")
        for name in ("first_name", "last_name"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null")
        return self

    @property
    def values(self) -> dict[str, str | None]:
        return self.model_dump(exclude_unset=True)


class Patient(BaseModel):
    """A patient. Without the scope names.read `last_name` is a pseudonym, `first_name` and `description` are empty."""

    id: UUID
    first_name: str
    last_name: str
    pseudonymised: bool
    description: str | None
    created_at: datetime
    updated_at: datetime
    scans: int = Field(description="Number of scans of the patient.")
    last_verdict: Verdict | None = Field(description="Verdict of the newest scan with a verdict.")
    last_probability: float | None = Field(description="Probability of the same scan.")
    last_scan_at: datetime | None

    @classmethod
    def from_view(cls, view: PatientView) -> Self:
        return cls.model_validate(
            {
                "id": view.id,
                **asdict(view.name),
                "description": view.description,
                "created_at": view.created_at,
                "updated_at": view.updated_at,
                **asdict(view.scan_summary),
            }
        )


def patients_router(patients: Patients) -> APIRouter:
    """The resource `patients`."""
    router = APIRouter(prefix="/api/patients", tags=["patients"])

    @router.get("", dependencies=[LIST_RATE_LIMIT], summary="Patients of the institution")
    async def page(
        principal: Reader,
        context: Context,
        q: SearchText = None,
        sort: PatientSort = PatientSort.NEWEST,
        limit: Limit = 20,
        offset: Offset = 0,
    ) -> Page[Patient]:
        views, total = await patients.page(principal, q, sort, PageRange(limit, offset), context)
        return Page(items=[Patient.from_view(view) for view in views], total=total, limit=limit, offset=offset)

    @router.post("", status_code=201, responses=problems(409, 410), summary="Create a patient")
    async def create(
        principal: Writer, context: Context, body: PatientCreate, key: RequestKey, response: Response
    ) -> Patient:
        """With a known Idempotency-Key: the patient that its first request created, as it is now."""
        new = NewPatient(body.first_name, body.last_name, body.description)
        view = await patients.create(principal, new, context, key)
        response.headers.update({"Location": f"/api/patients/{view.id}", "ETag": etag_of(view.version)})
        return Patient.from_view(view)

    @router.get("/{patient_id}", responses=problems(404), summary="One patient")
    async def read(principal: Reader, context: Context, patient_id: UUID, response: Response) -> Patient:
        view = await patients.read(principal, patient_id, context)
        response.headers["ETag"] = etag_of(view.version)
        return Patient.from_view(view)

    @router.put("/{patient_id}", responses=problems(404, 412), summary="Change a patient")
    async def change(
        principal: Writer,
        context: Context,
        patient_id: UUID,
        body: PatientUpdate,
        expected: ExpectedVersions,
        response: Response,
    ) -> Patient:
        view = await patients.change(principal, patient_id, body.values, expected, context)
        response.headers["ETag"] = etag_of(view.version)
        return Patient.from_view(view)

    @router.delete(
        "/{patient_id}",
        status_code=204,
        responses=problems(404),
        summary="Delete a patient with all scans and reports, and each file that no other scan uses",
    )
    async def delete(principal: Writer, context: Context, patient_id: UUID) -> None:
        await patients.delete(principal, patient_id, context)

    return router
