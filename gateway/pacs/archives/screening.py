"""Studies of an archive as the sources of a mass run: each is fetched whole, and becomes a scan with its origin."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import UUID

from gateway.database.connection import AsyncSession, Database
from gateway.database.tables import ScanOriginRow, ScanRow
from gateway.database.tables.scan_origins import Source as OriginKind
from gateway.mass_runs.durable.sources import Source
from gateway.mass_runs.upload_stream import upload_chunks
from gateway.pacs.archives.errors import NotSelected, StudyNotFetched
from gateway.pacs.archives.fetching import Fetcher
from gateway.pacs.archives.instances import SUFFIX
from gateway.pacs.archives.query import FoundSeries, FoundStudy
from gateway.pacs.receiving.instance_header import InstanceHeader, read_instance_header
from gateway.pacs.receiving.patients import patient_of
from gateway.pacs.routing.ages import age_years
from gateway.pacs.routing.decision import Decision, SeriesAttributes, StudyAttributes
from gateway.pacs.routing.rules import Rules
from gateway.pacs.routing.study_attributes import attributes_of
from gateway.principal import Principal
from screening.intake.budgets import Budgets

CT: Final = "CT"
HERE: Final = Decision(screen=True, destinations=())  # the result is sent nowhere


@dataclass(frozen=True)
class ArchiveStudies:
    """Makes sources of found studies; `decision` is made for each, unless there are `rules`."""

    fetcher: Fetcher
    database: Database
    principal: Principal
    scratch: Path
    rules: Rules | None = None
    decision: Decision = HERE
    analysed: bool = True  # else the scans are only kept
    own_patients: bool = True  # else the run's

    def source(self, study: FoundStudy) -> Source:
        """The source of a study; its name in the run is `<archive>/<Study Instance UID>`."""
        origin = StudyOrigin(
            study, self.fetcher.archive.name, self.principal, self.own_patients, self.decision, self.analysed
        )
        return Source(
            item=f"{origin.sender}/{study.study_uid}",
            file_name=f"{study.study_uid}.zip",
            bytes=partial(self._bytes, study, origin),
            origin=origin,
        )

    async def _bytes(self, study: FoundStudy, origin: "StudyOrigin") -> AsyncIterator[bytes]:
        series = await self.fetcher.series(study)
        origin.decision = await self._decision(study, series)
        of_ct = [one for one in series if one.modality in (CT, "")]
        if not of_ct:
            raise StudyNotFetched("the study has no series of CT")
        return self._fetched(study, of_ct, origin)

    async def _decision(self, study: FoundStudy, series: Sequence[FoundSeries]) -> Decision:
        if self.rules is None:
            return self.decision
        attributes = attributes_as_found(study, series, self.fetcher.archive.name)
        async with self.database.transaction() as session:
            decision = await self.rules.decide(session, self.principal.institution, attributes)
        if not decision.screen:
            raise NotSelected(f"the rules do not screen this study ({decision.rule or 'no rule fits'})")
        return decision

    async def _fetched(
        self, study: FoundStudy, series: Sequence[FoundSeries], origin: "StudyOrigin"
    ) -> AsyncIterator[bytes]:
        """The bytes of a zip of the study, which lies on the disk while they are read."""
        with TemporaryDirectory(dir=self.scratch) as folder:
            await self.fetcher.fetch(study, series, Path(folder))
            origin.header = await asyncio.to_thread(_first_header, Path(folder))
            async for chunk in await upload_chunks(Path(folder)):
                yield chunk


@dataclass
class StudyOrigin:
    """Where the scan of a study came from; `decision` and `header` are there once it was fetched."""

    study: FoundStudy = field(repr=False)
    sender: str
    principal: Principal
    own_patient: bool
    decision: Decision
    analysed: bool
    header: InstanceHeader | None = field(default=None, repr=False)

    @property
    def urgent(self) -> bool:
        return self.decision.urgent

    async def patient_id(self, session: AsyncSession) -> UUID | None:
        """The patient that the images name by Patient ID and issuer, found or made; None when they name none."""
        if not self.own_patient or self.header is None or not self.header.patient.number:
            return None
        header = self.header
        return await patient_of(session, self.principal, header.patient, header.first_name, header.last_name)

    async def record(self, session: AsyncSession, scan: ScanRow) -> None:
        """The study's UID, and the row that says where its result goes."""
        scan.study_uid = self.study.study_uid
        destinations = self.decision.destinations
        session.add(
            ScanOriginRow(
                scan_id=scan.id,
                institution=self.principal.institution,
                source=OriginKind.ARCHIVE,
                sender=self.sender,
                rule=self.decision.rule,
                destinations=None if destinations is None else list(destinations),
                received_at=datetime.now(UTC),
            )
        )


def attributes_as_found(study: FoundStudy, series: Sequence[FoundSeries], archive: str) -> StudyAttributes:
    """What rules ask of a study, as the archive describes it; one that lists no series may name its modalities."""
    known = [SeriesAttributes(one.modality, one.body_part, one.station, one.description) for one in series]
    age = age_years(study.birth_date, study.study_date)
    found = attributes_of(OriginKind.ARCHIVE, archive, study.description, age, known)
    return found if known else replace(found, modalities=study.modalities)


def _first_header(folder: Path) -> InstanceHeader:
    return read_instance_header(min(folder.rglob(f"*{SUFFIX}")), Budgets())
