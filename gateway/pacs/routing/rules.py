"""The decision about a study: the first rule that fits; without one, every CT is screened."""

from uuid import UUID

from gateway.database.connection import AsyncSession
from gateway.errors import NoReport
from gateway.pacs.routing.decision import Decision, StudyAttributes
from gateway.pacs.routing.matching import decide
from gateway.pacs.routing.rule_tables import rules_in_force
from gateway.pacs.routing.store import uploads
from gateway.pacs.routing.upload_attributes import attributes_of_upload


class Rules:
    """The rules of an institution, as they are at the moment of the decision."""

    async def decide(self, session: AsyncSession, institution: str, attributes: StudyAttributes) -> Decision:
        """What is done with a complete study."""
        return decide(await rules_in_force(session, institution), attributes)

    async def decide_upload(self, session: AsyncSession, institution: str, analysis_id: UUID) -> Decision:
        """Where the result of a scan goes that a person uploaded; the analysis has written its report.

        `screen` is always true: the scan was screened. Raises NoReport.
        """
        upload = await uploads.find(session, institution, analysis_id)
        if upload is None:
            raise NoReport("there is no report of such an analysis")
        return await self.decide(session, institution, attributes_of_upload(upload))
