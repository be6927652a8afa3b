"""The objects of a stored result for one destination: the kinds that it gets, the SR where there is nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from gateway.database.connection import Database
from gateway.database.tables import DestinationRow
from gateway.errors import DatabaseUnavailable, GatewayError, NoResultObject, StorageFull, StorageUnavailable
from gateway.pacs.sending.faults import Fault, FaultCode, Interrupted, fault
from gateway.pacs.sending.result_object import ResultObject
from gateway.pacs.sending.store.delivery_leases import DeliveryLease
from gateway.permissions import Role, Scope
from gateway.principal import Principal, PrincipalKind
from gateway.reports.pdf.texts import Language
from gateway.reports.result_downloads import ResultDownloads
from gateway.reports.store import reports
from gateway.reports.stored_reports import StoredReport
from gateway.result_objects.encoding import ObjectKind
from screening.errors import StudyError
from screening.results.verdict import Verdict

log = structlog.get_logger(__name__)

MAY_PASS: Final = (DatabaseUnavailable, StorageFull, StorageUnavailable)


@dataclass(frozen=True)
class WrittenResult:
    """The objects in the order in which they are sent, the SR first; `fault` says what could not be written."""

    objects: Sequence[ResultObject]
    fault: Fault | None


@dataclass(frozen=True)
class Results:
    """Writes results for destinations."""

    database: Database
    downloads: ResultDownloads

    async def of(self, lease: DeliveryLease) -> WrittenResult:
        """The objects of the delivery's report; raises Interrupted when they cannot be written now.

        Every study has at least one: it gets an SR where it was not analysed, and where it has none of the kinds that
        the destination takes.
        """
        async with self.database.transaction() as session:
            row = await reports.find(session, lease.institution, lease.scan_id, lease.analysis_id)
        if row is None:
            raise Interrupted(fault(FaultCode.NOT_WRITTEN_YET, "the report is gone"))
        writing = _Writing(self.downloads, sender_to(lease.destination), StoredReport(row, row.body), lease.destination)
        for study in row.body["studies"]:
            await writing.add(study)
        return WrittenResult(writing.objects, writing.fault)


def sender_to(destination: DestinationRow) -> Principal:
    """The principal that reads results for a destination, as the audit log names it."""
    scopes = frozenset({Scope.NAMES_READ, Scope.SCANS_READ, Scope.REPORTS_READ})
    key, name = f"destination:{destination.name}", f"Results to {destination.name}"
    return Principal(key, PrincipalKind.WORKER, name, Role.ADMIN, destination.institution, scopes)


class _Writing:
    """One result while it is written."""

    def __init__(
        self, downloads: ResultDownloads, sender: Principal, report: StoredReport, destination: DestinationRow
    ) -> None:
        self._downloads, self._sender, self._report = downloads, sender, report
        self._language = Language(destination.language)
        self._kinds = [kind for kind in ObjectKind if kind.value in destination.encodings]  # in the enum's order
        self.objects: list[ResultObject] = []
        self.fault: Fault | None = None

    async def add(self, study: Mapping[str, Any]) -> None:
        """Add the objects of one study of the report."""
        for kinds in self._choices(study):
            if found := await self._all(study, kinds):
                self.objects += found
                return

    def _choices(self, study: Mapping[str, Any]) -> Iterator[list[ObjectKind]]:
        """What the destination takes; and the SR, where that is nothing."""
        not_analysed = study["verdict"] == Verdict.NOT_ANALYSED.value
        report = ObjectKind.STRUCTURED_REPORT
        yield [report, *self._kinds] if not_analysed and report not in self._kinds else self._kinds
        if report not in self._kinds:
            yield [report]

    async def _all(self, study: Mapping[str, Any], kinds: Sequence[ObjectKind]) -> list[ResultObject]:
        """The objects of these kinds; where one kind fails, those of the others."""
        found, reason = await self._written(study, kinds)
        if reason is None:
            return found
        if len(kinds) == 1:
            self.fault = self.fault or reason
            return []
        each = [await self._all(study, [kind]) for kind in kinds]
        return [one for objects in each for one in objects]

    async def _written(
        self, study: Mapping[str, Any], kinds: Sequence[ObjectKind]
    ) -> tuple[list[ResultObject], Fault | None]:
        named = ", ".join(kinds)
        try:
            files = self._downloads.files(self._sender, None, self._report, [study], kinds, self._language)
            return [ResultObject.of(name, content) async for name, content in files], None
        except NoResultObject:
            return [], None
        except MAY_PASS as error:
            raise Interrupted(fault(FaultCode.NOT_WRITTEN_YET, error.code)) from None
        except StudyError as error:
            if error.transient:
                raise Interrupted(fault(FaultCode.NOT_WRITTEN_YET, error.code)) from None
            return [], fault(FaultCode.NOT_WRITTEN, f"{named}: {error.code}")
        except GatewayError as error:
            return [], fault(FaultCode.NOT_WRITTEN, f"{named}: {error.code}")
        except Exception:
            log.exception("a result object was not written", kinds=named)
            return [], fault(FaultCode.NOT_WRITTEN, f"{named}: the program failed; its log has the reason")
