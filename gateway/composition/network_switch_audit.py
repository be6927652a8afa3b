"""The audit event of a network switch."""

import getpass

from gateway.audit import audit_log
from gateway.auth.local_admin import command_line_admin
from gateway.composition.record_store import RecordStore
from gateway.composition.services import Services
from gateway.screening.active_networks import ServedNetworks


async def record_network_switch(
    services: Services, store: RecordStore, old: ServedNetworks, new: ServedNetworks
) -> None:
    """Record that the user of the command line activates other networks; without this event nothing is switched."""
    by = command_line_admin(getpass.getuser(), services.settings.institution)
    detail: audit_log.Detail = {"from": old.card.version, "to": new.card.version}
    async with store.database.transaction() as session:
        await audit_log.record(session, by, audit_log.Action.UPDATE, "model_card", new.card.version, None, detail)
