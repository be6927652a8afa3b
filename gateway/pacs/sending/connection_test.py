"""A test of the connection to a destination: C-ECHO, or a QIDO-RS query of one study."""

from dataclasses import dataclass
from time import monotonic

from gateway.database.tables import DestinationRow
from gateway.pacs.sending.faults import DestinationDown, Fault, Interrupted
from gateway.pacs.sending.transport import Transports


@dataclass(frozen=True)
class ConnectionTest:
    """Tests destinations as they are sent to."""

    transports: Transports

    async def run(self, row: DestinationRow) -> tuple[Fault | None, float]:
        """Why it did not answer as it should, or None; and the seconds that it took."""
        begun_s = monotonic()
        try:
            await self.transports.to(row).check()
        except (DestinationDown, Interrupted) as error:
            return error.reason, monotonic() - begun_s
        return None, monotonic() - begun_s
