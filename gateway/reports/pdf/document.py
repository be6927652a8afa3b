"""A kept report as PDF: a page for each study, with its key slice where that is at hand."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from gateway.database.connection import Database
from gateway.errors import GatewayError
from gateway.permissions import Scope
from gateway.principal import Principal, RequestContext
from gateway.records.pseudonyms import Name
from gateway.records.store import scans
from gateway.reports.pdf.english import ENGLISH
from gateway.reports.pdf.key_slice_picture import key_slice_picture
from gateway.reports.pdf.russian import RUSSIAN
from gateway.reports.pdf.study_page import Page, Subject
from gateway.reports.pdf.texts import Language, Words
from gateway.reports.stored_reports import Kept
from gateway.viewing.viewing import Viewing
from screening.display_window import LUNG
from screening.errors import StudyError
from screening.evidence import Evidence, InvalidEvidence, unpack

WORDS: Final = {Language.ENGLISH: ENGLISH, Language.RUSSIAN: RUSSIAN}


@dataclass(frozen=True)
class Pages:
    """Draws pages; the slices come from `viewing`, to those who may see scans."""

    database: Database
    viewing: Viewing

    async def pdf(self, principal: Principal, context: RequestContext, kept: Kept, language: Language) -> bytes:
        """The PDF of a report."""
        words, row = WORDS[language], kept.row
        told = await self._facts(principal, row.scan_id, words)
        evidence = await self._evidence(kept)
        pages: list[tuple[dict[str, Any], Subject]] = []
        for study in kept.body["studies"]:
            uid = study["row"]["study_uid"]
            own = next((one for one in evidence if one.study_uid == uid), None)
            picture = await self._picture(principal, context, kept, own) if own else None
            subject = Subject(
                facts=[*told, (words.study, uid)] if uid else told,
                created_at=row.created_at,
                analysis_id=str(row.analysis_id),
                model_card=row.model_card or "",
                picture=picture,
            )
            pages.append((study, subject))
        return await asyncio.to_thread(_drawn, pages, words)

    async def _facts(self, principal: Principal, scan_id: UUID, words: Words) -> list[tuple[str, str]]:
        """Whose scan it is: by name for who may see names, else by pseudonym."""
        async with self.database.transaction() as session:
            scan = await scans.find(session, principal.institution, scan_id)
        if scan is None:
            return [(words.scan, str(scan_id))]
        name = Name.of(scan.patient, principal)
        label = words.pseudonym if name.pseudonymised else words.patient
        file = [(words.file, scan.file_name)] if principal.sees_names else []
        return [(label, f"{name.first_name} {name.last_name}".strip()), (words.scan, str(scan_id)), *file]

    async def _evidence(self, kept: Kept) -> Sequence[Evidence]:
        """What the heatmaps are drawn from; nothing when it is not there or not whole."""
        try:
            packed = kept.row.evidence_key and await self.viewing.workshop.blobs.get_derived(kept.row.evidence_key)
            return await asyncio.to_thread(unpack, packed) if packed else ()
        except (GatewayError, InvalidEvidence):
            return ()

    async def _picture(
        self, principal: Principal, context: RequestContext, kept: Kept, evidence: Evidence
    ) -> bytes | None:
        """The key slice under its heatmap; a page without it is better than none."""
        if not principal.may(Scope.SCANS_READ):
            return None
        try:
            opened = await self.viewing.opening(principal, context, kept.row.scan_id, "report", evidence.study_uid)
            opened = replace(opened, evidence_key=kept.row.evidence_key)
            if (await self.viewing.series(opened)).key_slice != evidence.key_slice:
                return None
            slice_png = await self.viewing.png_slice(opened, evidence.key_slice, LUNG)
        except (GatewayError, StudyError):
            return None
        return await asyncio.to_thread(key_slice_picture, slice_png, evidence)


def _drawn(pages: Sequence[tuple[dict[str, Any], Subject]], words: Words) -> bytes:
    document = Page(words)
    for study, subject in pages:
        document.study(study, subject)
    return bytes(document.output())
