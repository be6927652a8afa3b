"""Archives that refuse, fall silent, send half or something else: told with code and figures, nothing half kept.

Each is a scripted SCP of pynetdicom; those of DICOMweb are in test_bad_web_archives.py.
"""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydicom import DataElement, Dataset, config
from pynetdicom.events import Event

from gateway.pacs.archives.archive import Archive
from gateway.pacs.archives.errors import (
    ArchiveError,
    ArchiveRefused,
    ArchiveUnavailable,
    ForeignInstance,
    InvalidAnswer,
    StudyIncomplete,
    StudyNotFetched,
    TooManyMatches,
)
from gateway.pacs.archives.fetching import Fetcher
from gateway.pacs.archives.finding import find_studies
from gateway.pacs.archives.opening import open_archive
from gateway.pacs.archives.pulling import Puller
from gateway.pacs.archives.query import FoundStudy, StudyQuery
from gateway.settings.archives import DimseArchiveSettings
from tests.integration.pacs.archives.scripted_archives import (
    AE_TITLE,
    PATIENCE_S,
    MadeStudy,
    ScriptedArchive,
    running_archive,
)
from tests.integration.pacs.made_studies import study_uid_of, write_study
from tests.integration.pacs.orthanc import free_ports

SHORT_PATIENCE_S = 3.0  # where silence is what is tested
SLICES = 4


@pytest.fixture
def study(tmp_path: Path) -> MadeStudy:
    return MadeStudy(write_study(tmp_path / "study", slices=SLICES))


def settings_of(port: int, **others: Any) -> DimseArchiveSettings:
    politeness: dict[str, Any] = {"rate": "60000 per minute", "timeout_s": PATIENCE_S}
    return DimseArchiveSettings(host="127.0.0.1", port=port, ae_title=AE_TITLE, **(politeness | others))


@asynccontextmanager
async def opened(scripted: ScriptedArchive, *, move: bool = False, **others: Any) -> AsyncIterator[Archive]:
    """The scripted archive, as this program opens it."""
    with running_archive(scripted) as port:
        if move:
            (scripted.port,) = free_ports(1)
            others |= {"retrieve": "move", "store_port": scripted.port}
        async with open_archive({"bad": settings_of(port, **others)}, "bad") as archive:
            yield archive


async def pulled(archive: Archive, study: MadeStudy, folder: Path) -> ArchiveError | None:
    """Pull the study; gives its error. Neither an error nor a success leaves anything else in the folder."""
    outcome: list[ArchiveError | None] = []
    puller = Puller(Fetcher(archive, pauses_s=()), folder)
    query = StudyQuery(study_uids=(study_uid_of(list(study.files)),))
    found = await find_studies(archive, query)
    with puller.locked():
        await puller.pull(found.studies, lambda _, error: outcome.append(error))
    (error,) = outcome
    whole = [study_uid_of(list(study.files))] if error is None else []
    assert [entry.name for entry in os.scandir(folder) if entry.is_dir()] == whole
    return error


@pytest.mark.parametrize("move", [False, True])
async def test_a_good_archive_gives_a_whole_study(study: MadeStudy, tmp_path: Path, move: bool) -> None:
    async with opened(ScriptedArchive(study), move=move) as archive:
        assert await pulled(archive, study, tmp_path / "pulled") is None
    assert len(list((tmp_path / "pulled").rglob("*.dcm"))) == SLICES


@pytest.mark.parametrize("move", [False, True])
async def test_half_of_the_images_are_an_error_with_figures(study: MadeStudy, tmp_path: Path, move: bool) -> None:
    half = MadeStudy(study.files[: SLICES // 2], told=SLICES)
    async with opened(ScriptedArchive(half), move=move) as archive:
        error = await pulled(archive, half, tmp_path / "pulled")
    assert isinstance(error, StudyIncomplete)
    assert error.detail.startswith("2 of 4 instances of a series came; the archive counted 2 completed, 0 failed")


@pytest.mark.parametrize("move", [False, True])
async def test_failed_sub_operations_are_an_error_with_figures(study: MadeStudy, tmp_path: Path, move: bool) -> None:
    def send(_: Event) -> Iterator[Any]:
        yield SLICES
        for dataset in study.datasets[:-1]:
            yield 0xFF00, dataset
        yield 0xB000, _failed(study.datasets[-1])

    archive_of = ScriptedArchive(study, get=send, move=send)
    async with opened(archive_of, move=move) as archive:
        error = await pulled(archive, study, tmp_path / "pulled")
    assert isinstance(error, StudyIncomplete)
    assert "3 of 4 instances of a series came" in error.detail
    assert "1 failed" in error.detail


async def test_a_study_with_fewer_instances_in_its_series_is_incomplete(study: MadeStudy, tmp_path: Path) -> None:
    scripted = ScriptedArchive(study)

    def find(event: Event) -> Iterator[tuple[int, Dataset | None]]:
        answer = study.answer(event.identifier)
        if "NumberOfStudyRelatedInstances" in answer:
            answer.NumberOfStudyRelatedInstances = 2 * SLICES
        yield 0xFF00, answer

    scripted.find = find
    async with opened(scripted) as archive:
        error = await pulled(archive, study, tmp_path / "pulled")
    assert isinstance(error, StudyIncomplete)
    assert error.detail == "the archive says that the study has 8 instances, and its series have 4"


@pytest.mark.parametrize("move", [False, True])
async def test_an_instance_of_another_study_is_refused(study: MadeStudy, tmp_path: Path, move: bool) -> None:
    other = MadeStudy(write_study(tmp_path / "other", seed=1, slices=SLICES))
    scripted = ScriptedArchive(study, get=ScriptedArchive(other).send_all, move=ScriptedArchive(other).send_all)
    async with opened(scripted, move=move) as archive:
        error = await pulled(archive, study, tmp_path / "pulled")
    assert isinstance(error, StudyNotFetched if move else ForeignInstance)
    assert ("4 failed" if move else "another study") in error.detail


@pytest.mark.parametrize("move", [False, True])
async def test_an_archive_that_never_sends_is_given_up(study: MadeStudy, tmp_path: Path, move: bool) -> None:
    scripted = ScriptedArchive(study)

    def never(_: Event) -> Iterator[Any]:
        scripted.released.wait()
        yield 0

    scripted.get = scripted.move = never
    async with opened(scripted, move=move, timeout_s=SHORT_PATIENCE_S) as archive:
        error = await pulled(archive, study, tmp_path / "pulled")
        assert isinstance(error, StudyNotFetched)
        assert error.detail == "the archive answers, but not for this study: the archive was silent for 3 s"


async def test_a_search_that_is_pending_for_ever_is_ended(study: MadeStudy) -> None:
    scripted = ScriptedArchive(study)

    def find(event: Event) -> Iterator[tuple[int, Dataset | None]]:
        while not scripted.released.wait(0.2):
            yield 0xFF00, study.answer(event.identifier)

    scripted.find = find
    async with opened(scripted, timeout_s=0.5) as archive:
        with pytest.raises(InvalidAnswer, match="`pending` for 10 s, and no end"):
            await archive.studies(StudyQuery(accession_number="A"))


async def test_more_matches_than_wanted_are_not_read_to_the_end(study: MadeStudy) -> None:
    def find(event: Event) -> Iterator[tuple[int, Dataset | None]]:
        while True:
            yield 0xFF00, study.answer(event.identifier)

    async with opened(ScriptedArchive(study, find=find)) as archive:
        with pytest.raises(TooManyMatches, match="more than 50 matches"):
            await archive.studies(StudyQuery(accession_number="A", most=50))


async def test_answers_without_a_valid_uid_or_of_another_patient_are_left_out(study: MadeStudy) -> None:
    def find(event: Event) -> Iterator[tuple[int, Dataset | None]]:
        for uid, patient in (("../../etc", "P*"), ("1.2.3", "P*"), ("1.2.4", "P1"), ("1.2.5", "")):
            answer = study.answer(event.identifier)
            answer.add(DataElement("StudyInstanceUID", "UI", uid, validation_mode=config.IGNORE))
            answer.PatientID = patient
            yield 0xFF00, answer

    async with opened(ScriptedArchive(study, find=find)) as archive:
        found = await find_studies(archive, StudyQuery(patient_id="P*"))
    assert [one.study_uid for one in found.studies] == ["1.2.3"]
    assert found.unfit == 2


@pytest.mark.parametrize("status", [0xA700, 0xA900, 0xC001, 0xFE00])
async def test_a_search_that_fails_is_told_with_its_status(study: MadeStudy, status: int) -> None:
    def find(_: Event) -> Iterator[tuple[int, Dataset | None]]:
        yield status, None

    async with opened(ScriptedArchive(study, find=find)) as archive:
        with pytest.raises(ArchiveRefused, match=f"0x{status:04X}"):
            await archive.studies(StudyQuery(accession_number="A"))


async def test_an_association_that_ends_in_the_middle_is_told(study: MadeStudy, tmp_path: Path) -> None:
    def send(event: Event) -> Iterator[Any]:
        yield SLICES
        yield 0xFF00, study.datasets[0]
        event.assoc.abort()
        yield 0xFF00, study.datasets[1]

    async with opened(ScriptedArchive(study, get=send)) as archive:
        error = await pulled(archive, study, tmp_path / "pulled")
    assert isinstance(error, StudyNotFetched)
    assert "ended the association before its last answer" in error.detail


async def test_an_unknown_destination_says_what_to_enter_where(study: MadeStudy, tmp_path: Path) -> None:
    scripted = ScriptedArchive(study)
    async with opened(scripted, move=True) as archive:
        scripted.on_move = lambda _: iter([(None, None)])  # type: ignore[assignment, method-assign]
        with running_archive(scripted) as port:
            other = settings_of(port, retrieve="move", store_port=free_ports(1)[0])
            async with open_archive({"bad": other}, "bad") as unknown:
                with pytest.raises(ArchiveRefused, match="does not know our AE title as a destination"):
                    await pulled(unknown, study, tmp_path / "pulled")
        assert await archive.answers()


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # pynetdicom leaves a refused socket open
async def test_an_archive_that_is_down_or_knows_us_not_is_told(study: MadeStudy) -> None:
    query = StudyQuery(accession_number="A")
    async with open_archive({"bad": settings_of(free_ports(1)[0])}, "bad") as archive:
        with pytest.raises(ArchiveUnavailable, match="cannot be reached"):
            await archive.studies(query)
        assert not await archive.answers()
    with running_archive(ScriptedArchive(study), ae_title="ANOTHER") as port:
        async with open_archive({"bad": settings_of(port)}, "bad") as archive:
            with pytest.raises(ArchiveRefused, match=r"rejects the association: .*check the AE titles"):
                await archive.studies(query)
    with running_archive(ScriptedArchive(study)) as port:
        async with open_archive({"bad": settings_of(port, tls=True)}, "bad") as archive:
            with pytest.raises(ArchiveUnavailable, match="check port, tls and tls_ca"):
                await archive.studies(query)


async def test_a_single_study_that_fails_does_not_stop_the_others(study: MadeStudy, tmp_path: Path) -> None:
    scripted = ScriptedArchive(study)
    bad = FoundStudy("1.2.3.4")

    def get(event: Event) -> Iterator[Any]:
        if event.identifier.StudyInstanceUID == bad.study_uid:
            event.assoc.abort()
        yield from scripted.send_all(event)

    scripted.get = get
    done: dict[str, ArchiveError | None] = {}
    async with opened(scripted) as archive:
        good = (await archive.studies(StudyQuery(accession_number="A")))[0]
        puller = Puller(Fetcher(archive, pauses_s=()), tmp_path / "pulled")
        with puller.locked():
            await puller.pull([bad, good], lambda one, error: done.update({one.study_uid: error}))
    assert isinstance(done[bad.study_uid], StudyNotFetched)
    assert done[good.study_uid] is None


def _failed(dataset: Dataset) -> Dataset:
    """The identifier of a failed sub-operation (PS3.4 C.4.3.1.3.2)."""
    failed = Dataset()
    failed.FailedSOPInstanceUIDList = [dataset.SOPInstanceUID]
    return failed
