"""The evidence of a stored report."""

import asyncio
from collections.abc import Sequence

from gateway.database.tables import ReportRow
from gateway.errors import GatewayError
from gateway.storage.blobs import Blobs
from screening.results.evidence import Evidence, InvalidEvidence, unpack


async def stored_evidence(blobs: Blobs, row: ReportRow) -> Sequence[Evidence]:
    """The evidence of the heatmaps, one for each analysed study; empty when it is missing or damaged."""
    try:
        packed = row.evidence_key and await blobs.get_derived(row.evidence_key)
        return await asyncio.to_thread(unpack, packed) if packed else ()
    except (GatewayError, InvalidEvidence):
        return ()
