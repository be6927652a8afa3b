"""The destinations of an institution: listed, made, changed, deleted by an admin. Each change is an audit event."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from gateway.audit import audit_log
from gateway.audit.audit_log import Action, Detail
from gateway.database.connection import Database
from gateway.database.tables import DestinationRow
from gateway.errors import DestinationExists, InvalidDestination, NotFound
from gateway.pacs.peer_address import AddressRefused, check_host
from gateway.pacs.sending.dicomweb_address import host_of
from gateway.pacs.sending.faults import FaultCode, fault
from gateway.pacs.sending.store import deliveries
from gateway.pacs.sending.store import destinations as rows
from gateway.pacs.sending.store.destinations import Traffic
from gateway.principal import Principal, RequestContext

DESTINATION: Final = "destination"


@dataclass(frozen=True)
class Destinations:
    """`has_credential` says whether the settings hold a secret of this name."""

    database: Database
    has_credential: Callable[[str], bool]

    async def all(self, principal: Principal) -> Sequence[tuple[DestinationRow, Traffic]]:
        """The destinations by name, each with the counts of its deliveries."""
        async with self.database.transaction() as session:
            found = await rows.all_of(session, principal.institution)
            traffic = await rows.traffic(session, principal.institution)
        return [(row, traffic.get(row.name, Traffic())) for row in found]

    async def find(self, principal: Principal, destination_id: UUID) -> DestinationRow:
        """The destination; raises NotFound."""
        async with self.database.transaction() as session:
            row = await rows.find(session, principal.institution, destination_id)
        if row is None:
            raise NotFound("there is no such destination")
        return row

    async def create(
        self, principal: Principal, context: RequestContext | None, values: Mapping[str, Any]
    ) -> DestinationRow:
        """A new destination; what failed because it was missing is sent now.

        Raises DestinationExists and InvalidDestination.
        """
        self._check(values)
        async with self.database.transaction() as session:
            row = DestinationRow(institution=principal.institution, **values)
            if not await rows.add(session, row):
                raise DestinationExists("a destination of this name exists; change it, or choose another name")
            found = await deliveries.restart_missing(session, principal.institution, row.name)
            detail: Detail = {**_audited(row), "deliveries": found}
            await audit_log.record(session, principal, Action.CREATE, DESTINATION, row.id, context, detail)
        return row

    async def change(
        self, principal: Principal, context: RequestContext | None, destination_id: UUID, values: Mapping[str, Any]
    ) -> DestinationRow:
        """The changed destination, which is tried again at once. Raises NotFound and InvalidDestination."""
        self._check(values)
        async with self.database.transaction() as session:
            row = await rows.find(session, principal.institution, destination_id)
            if row is None:
                raise NotFound("there is no such destination")
            if values["name"] != row.name:
                raise InvalidDestination("a destination keeps its name: rules and deliveries refer to it")
            await rows.change(session, row, values)
            await audit_log.record(session, principal, Action.UPDATE, DESTINATION, row.id, context, _audited(row))
        return row

    async def delete(self, principal: Principal, context: RequestContext | None, destination_id: UUID) -> None:
        """Delete it; what still waits for it has failed, and can be sent again to a new one of this name."""
        async with self.database.transaction() as session:
            row = await rows.find(session, principal.institution, destination_id)
            if row is None:
                raise NotFound("there is no such destination")
            dropped = fault(FaultCode.DESTINATION_DELETED)
            count = await deliveries.fail_open(session, principal.institution, row.name, dropped.code, dropped.detail)
            await rows.remove(session, row)
            detail: Detail = {"name": row.name, "deliveries": count}
            await audit_log.record(session, principal, Action.DELETE, DESTINATION, row.id, context, detail)

    async def record_test(self, principal: Principal, context: RequestContext | None, row: DestinationRow) -> None:
        """Write the audit event of a test connection: it tells the admin whether something answers there."""
        async with self.database.transaction() as session:
            detail: Detail = {"name": row.name, "test": True}
            await audit_log.record(session, principal, Action.EXECUTE, DESTINATION, row.id, context, detail)

    def _check(self, values: Mapping[str, Any]) -> None:
        credential = values["credential"]
        if credential is not None and not self.has_credential(credential):
            raise InvalidDestination("the settings have no such credential: TURNSTILE_PACS_CREDENTIALS names them")
        try:
            check_host(values["host"] or host_of(values["url"]))
        except AddressRefused as error:
            raise InvalidDestination(str(error)) from None


def _audited(row: DestinationRow) -> Detail:
    """What the audit log keeps: where results go from now on."""
    where = row.url if row.url is not None else f"{row.called_ae}@{row.host}:{row.port}"
    return {
        "name": row.name,
        "kind": row.kind,
        "to": where,
        "encodings": list(row.encodings),
        "by_default": row.by_default,
        "enabled": row.enabled,
    }
