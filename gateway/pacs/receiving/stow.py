"""A STOW-RS request: each part goes to a draft as it arrives, and the draft to the receiver."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.audit import audit_log
from gateway.pacs.receiving.arrival import Sender
from gateway.pacs.receiving.instance_stream import DraftFile
from gateway.pacs.receiving.receiver import Draft, Outcome, Receiver
from gateway.principal import Principal, RequestContext
from screening.errors import OverBudget

MOST_STUDIES: Final = 20  # named in the audit event


@dataclass(frozen=True)
class StowRequests:
    """Receives the instances of STOW-RS requests; each request is an audit event."""

    receiver: Receiver
    scratch: Path
    instance_bytes: int

    async def check_quota(self, principal: Principal) -> None:
        """Raise QuotaExceeded when the principal or its institution has used up its day."""
        await self.receiver.quotas.check(self.receiver.database, principal)

    def check_parts(self, number: int) -> None:
        """Raise OverBudget when a request has more parts than a study may have instances: each takes time."""
        if number > self.receiver.limits.instances:
            raise OverBudget(f"a request has at most {self.receiver.limits.instances} parts; send the rest in another")

    async def receive(self, principal: Principal, chunks: AsyncIterator[bytes], study_uid: str) -> Outcome:
        """Receive one part; nothing is left of one that is cut off. Raises what `chunks` raises."""
        file = DraftFile(self.receiver.blobs.draft_folder(self.scratch), self.instance_bytes)
        try:
            async for chunk in chunks:
                file.write(chunk)
            file.close()
            draft = Draft(file.path, study_uid=study_uid, refusal=file.refusal)
            return await self.receiver.receive(draft, Sender.of_account(principal))
        finally:
            file.discard()

    async def record(self, principal: Principal, context: RequestContext, outcomes: list[Outcome]) -> None:
        """Write the audit event of a request."""
        stored = [one for one in outcomes if one.is_stored]
        studies = sorted({one.header.study_uid for one in stored if one.header})
        detail: audit_log.Detail = {
            "stored": len(stored),
            "refused": len(outcomes) - len(stored),
            "studies": studies[:MOST_STUDIES],
        }
        async with self.receiver.database.transaction() as session:
            action = audit_log.Action.CREATE
            await audit_log.record(session, principal, action, "incoming instances", None, context, detail)
