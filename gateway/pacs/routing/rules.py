"""The decision about a study: the first rule that fits; without one, every CT is screened."""

from gateway.database.connection import AsyncSession
from gateway.pacs.routing.decision import Decision, StudyFacts

CT = "CT"


class Rules:
    """The rules of an institution."""

    async def decide(self, session: AsyncSession, institution: str, facts: StudyFacts) -> Decision:  # noqa: ARG002
        """What is done with a complete study."""
        return Decision(screen=CT in facts.modalities)
