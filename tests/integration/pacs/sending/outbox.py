"""Results that a gateway sends: destinations by its API, stored results of phantoms, and what became of each."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
from pydicom.dataset import Dataset
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.connection import Database
from gateway.database.tables import ScanOriginRow
from gateway.database.tables.scan_origins import Source
from gateway.pacs.sending.commitment import read_report
from gateway.pacs.sending.commitment_reports import CommitmentReports
from screening.errors import LungsIncomplete, StudyError
from screening.results.evidence import Evidence
from screening.results.report import Report
from tests.integration.gateway.records.stored_scans import StoredScans
from tests.integration.gateway.records.viewing_calls import add_report, create_scan
from tests.integration.polling import until

INSTITUTION = "st-anna"
CARD = "test-1"


@dataclass(frozen=True)
class Outbox:
    """A gateway with a sender; `study` is a zip, `pathology` a report of it with its evidence."""

    admin: httpx.Client
    stored_scans: StoredScans
    study: bytes
    study_uid: str
    pathology: tuple[Report, Evidence]

    def add_destination(self, name: str, **settings: Any) -> dict[str, Any]:
        """By C-STORE to a port of this machine, or with the `url` of a STOW-RS service."""
        where = (
            {"kind": "stow"} if "url" in settings else {"kind": "dimse", "host": "127.0.0.1", "called_ae": "ARCHIVE"}
        )
        answer = self.admin.post("/api/destinations", json={"name": name, **where, **settings})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def change(self, destination: dict[str, Any], **settings: Any) -> dict[str, Any]:
        answer = self.admin.put(f"/api/destinations/{destination['id']}", json={**destination, **settings})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def destination(self, name: str) -> dict[str, Any]:
        items = self.admin.get("/api/destinations").json()["items"]
        return next(dict(one) for one in items if one["name"] == name)

    def add_result(
        self,
        destinations: Sequence[str] | None,
        *,
        pathology: bool = False,
        origin: bool = True,
        failure: StudyError | None = None,
    ) -> str:
        """The id of a new scan with a report: a pathology, or that it was not analysed."""
        scan = create_scan(self.admin, self.study)
        if origin:
            self.stored_scans.in_transaction(lambda session: _add_origin(session, scan, destinations))
        if pathology:
            add_report(self.stored_scans, scan, self.pathology[1], report=self.pathology[0], model_card=CARD)
        else:
            failure = failure or LungsIncomplete("Cut off.", self.study_uid)
            add_report(self.stored_scans, scan, None, report=Report.failed("chest.zip", failure, 1.0), model_card=CARD)
        return scan

    def deliveries(self, **criteria: str) -> list[dict[str, Any]]:
        """The newest hundred."""
        answer = self.admin.get("/api/deliveries", params={"limit": 100, **criteria})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    def until_in_state(self, scan: str, *states: str, count: int = 1, patience_s: float = 300.0) -> dict[str, Any]:
        """Wait until all deliveries of the scan are in one of these states; returns the first."""
        now: list[dict[str, Any]] = []

        def settled() -> bool:
            now[:] = self.deliveries(scan=scan)
            return len(now) == count and all(one["state"] in states for one in now)

        until(settled, patience_s, lambda: str(now))
        return now[0]

    def report(self, information: Dataset) -> None:
        """An N-EVENT-REPORT with this information arrives, on an association of its own."""

        async def receive() -> None:
            database = Database(self.stored_scans.gateway.store.database_url.get_secret_value())
            try:
                assert await CommitmentReports(database).receive(read_report(information))
            finally:
                await database.close()

        asyncio.run(receive())


async def _add_origin(session: AsyncSession, scan: str, destinations: Sequence[str] | None) -> None:
    session.add(
        ScanOriginRow(
            scan_id=UUID(scan),
            institution=INSTITUTION,
            source=Source.DIMSE,
            sender="CT1",
            destinations=None if destinations is None else list(destinations),
            received_at=datetime.now(UTC),
        )
    )
