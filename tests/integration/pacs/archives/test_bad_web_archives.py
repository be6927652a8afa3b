"""DICOMweb servers that send another study, half an answer, no DICOM or 20,000 matches."""

import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydicom import dcmread

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
from gateway.pacs.archives.query import StudyQuery
from gateway.settings.archives import DicomwebArchiveSettings
from tests.integration.pacs.archives.scripted_archives import PATIENCE_S, running_web_archive
from tests.integration.pacs.made_studies import study_uid_of, write_study

Answer = tuple[int, dict[str, str], bytes]
SLICES = 3
JSON = {"Content-Type": "application/dicom+json"}
MULTIPART = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=b'}


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return write_study(tmp_path / "study", slices=SLICES)


def parts(*contents: bytes) -> bytes:
    """A multipart body."""
    head = b"--b\r\nContent-Type: application/dicom\r\n\r\n"
    return b"".join(head + content + b"\r\n" for content in contents) + b"--b--\r\n"


def found(**values: Any) -> dict[str, Any]:
    """One match in the DICOM JSON Model; the names are tags."""
    return {tag.removeprefix("t"): {"vr": "UN", "Value": [value]} for tag, value in values.items()}


def of_one_study(files: list[Path], retrieve: Callable[[], Answer]) -> Callable[[str], Answer]:
    """A server with this study of one series; `retrieve` answers WADO-RS."""
    uid = study_uid_of(files)

    def answer(path: str) -> Answer:
        url = urlsplit(path)
        if parse_qs(url.query).get("offset", ["0"]) != ["0"]:
            return 204, {}, b""
        if url.path == "/studies":
            return 200, JSON, json.dumps([found(t0020000D=uid, t00201208=SLICES)]).encode()
        if url.path == f"/studies/{uid}/series":
            series = found(t0020000E=_series_uid(files), t00080060="CT", t00201209=SLICES)
            return 200, JSON, json.dumps([series]).encode()
        return retrieve()

    return answer


@asynccontextmanager
async def opened(answer: Callable[[str], Answer], **others: Any) -> AsyncIterator[Archive]:
    with running_web_archive(answer) as url:
        politeness: dict[str, Any] = {"rate": "60000 per minute", "timeout_s": PATIENCE_S}
        settings = DicomwebArchiveSettings(kind="dicomweb", url=url, **(politeness | others))
        async with open_archive({"bad": settings}, "bad") as archive:
            yield archive


async def error_of_pull(files: list[Path], folder: Path, retrieve: Callable[[], Answer]) -> ArchiveError | None:
    """Pull the study; gives its error. After an error there is no study in the folder."""
    outcome: list[ArchiveError | None] = []
    async with opened(of_one_study(files, retrieve)) as archive:
        puller = Puller(Fetcher(archive, pauses_s=()), folder)
        studies = (await find_studies(archive, StudyQuery(study_uids=(study_uid_of(files),)))).studies
        with puller.locked():
            await puller.pull(studies, lambda _, error: outcome.append(error))
    (error,) = outcome
    assert [entry.name for entry in os.scandir(folder) if entry.is_dir()] == ([] if error else [study_uid_of(files)])
    return error


async def test_a_good_answer_is_a_whole_study(files: list[Path], tmp_path: Path) -> None:
    body = parts(*(file.read_bytes() for file in files))
    assert await error_of_pull(files, tmp_path / "pulled", lambda: (200, MULTIPART, body)) is None


async def test_fewer_parts_than_instances_are_an_error_with_figures(files: list[Path], tmp_path: Path) -> None:
    body = parts(*(file.read_bytes() for file in files[:2]))
    error = await error_of_pull(files, tmp_path / "pulled", lambda: (200, MULTIPART, body))
    assert isinstance(error, StudyIncomplete)
    assert error.detail == "2 of 3 instances of a series came"


async def test_an_answer_that_is_cut_off_is_incomplete(files: list[Path], tmp_path: Path) -> None:
    body = parts(*(file.read_bytes() for file in files))[:-20]
    error = await error_of_pull(files, tmp_path / "cut", lambda: (200, MULTIPART, body))
    assert isinstance(error, StudyIncomplete)
    assert error.detail == "the multipart body ends before its last boundary; 2 instances of the series came before"
    longer = MULTIPART | {"Content-Length": str(len(body) + 1000)}
    error = await error_of_pull(files, tmp_path / "closed", lambda: (200, longer, body))
    assert isinstance(error, StudyIncomplete)
    assert error.detail == "the answer was cut off; 2 instances of the series came before"


async def test_instances_of_another_study_and_parts_that_are_no_dicom_are_refused(
    files: list[Path], tmp_path: Path
) -> None:
    other = [file.read_bytes() for file in write_study(tmp_path / "other", seed=1, slices=SLICES)]
    cut = files[0].read_bytes()[:-100]
    for number, body in enumerate((parts(*other), parts(b"<html>no DICOM</html>"), parts(cut), parts(b""))):
        error = await error_of_pull(files, tmp_path / f"{number}", lambda body=body: (200, MULTIPART, body))  # type: ignore[misc]
        assert isinstance(error, ForeignInstance), error
    page = {"Content-Type": "text/html"}
    error = await error_of_pull(files, tmp_path / "page", lambda: (200, page, b"<html>sign in</html>"))
    assert isinstance(error, ForeignInstance)


async def test_a_series_that_is_gone_or_an_error_is_of_the_study_alone(files: list[Path], tmp_path: Path) -> None:
    for status in (404, 500, 400):
        error = await error_of_pull(files, tmp_path / f"{status}", lambda status=status: (status, {}, b""))  # type: ignore[misc]
        assert isinstance(error, StudyNotFetched), error


async def test_20000_matches_are_read_page_by_page_and_more_are_too_many() -> None:
    def answer(path: str) -> Answer:
        query = parse_qs(urlsplit(path).query)
        offset, limit = int(query["offset"][0]), int(query["limit"][0])
        matches = [found(t0020000D=f"1.2.{number}") for number in range(offset, min(offset + limit, 20_000))]
        return 200, JSON, json.dumps(matches).encode()

    async with opened(answer) as archive:
        query = StudyQuery(accession_number="A")
        assert len((await find_studies(archive, query)).studies) == 20_000
        with pytest.raises(TooManyMatches, match="more than 19000 matches"):
            await find_studies(archive, StudyQuery(accession_number="A", most=19_000))


async def test_a_server_without_paging_is_not_asked_for_ever() -> None:
    asked: list[str] = []

    def answer(path: str) -> Answer:
        asked.append(path)
        return 200, JSON, json.dumps([found(t0020000D="1.2.3"), found(t0020000D="no UID"), {}, 7]).encode()

    async with opened(answer) as archive:
        studies = (await find_studies(archive, StudyQuery(accession_number="A"))).studies
    assert [one.study_uid for one in studies] == ["1.2.3"]
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((200, JSON, b"<html>"), InvalidAnswer),
        ((200, JSON, b'{"error": 1}'), InvalidAnswer),
        ((200, JSON, b"[" * 100_000), InvalidAnswer),
        ((404, {}, b""), InvalidAnswer),
        ((302, {"Location": "https://elsewhere.example"}, b""), InvalidAnswer),
        ((401, {}, b""), ArchiveRefused),
        ((503, {}, b""), ArchiveUnavailable),
        ((429, {"Retry-After": "1"}, b""), ArchiveUnavailable),
    ],
)
async def test_what_is_no_answer_to_a_search_is_told(answer: Answer, error: type[ArchiveError]) -> None:
    async with opened(lambda _: answer) as archive:
        with pytest.raises(error):
            await find_studies(archive, StudyQuery(accession_number="A"))


async def test_a_query_is_in_no_error_and_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "gateway")
    settings = DicomwebArchiveSettings(kind="dicomweb", url="http://127.0.0.1:9", rate="60000 per minute")
    async with open_archive({"bad": settings}, "bad") as archive:
        with pytest.raises(ArchiveUnavailable) as raised:
            await find_studies(archive, StudyQuery(accession_number="PLANTED", patient_id="PLANTED"))
    assert "PLANTED" not in raised.value.detail + caplog.text + repr(StudyQuery(patient_id="PLANTED"))


def _series_uid(files: list[Path]) -> str:
    return str(dcmread(files[0], stop_before_pixels=True).SeriesInstanceUID)
