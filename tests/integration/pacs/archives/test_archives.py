"""Studies are found in a real Orthanc and fetched from it, by C-GET, by C-MOVE and by DICOMweb."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.uid import RLELossless

from tests.integration.pacs.archives.calls import call
from tests.integration.pacs.archives.conftest import PATIENT
from tests.integration.pacs.made_studies import study_uid_of, write_study
from tests.integration.pacs.orthanc import Orthanc

WAYS = ("get", "move", "web")


@pytest.mark.parametrize("way", ["get", "web"])
def test_studies_are_found_by_their_keys(archives: dict[str, Any], way: str) -> None:
    def found(*arguments: str) -> list[str]:
        status, output, _ = call("find", way, *arguments, "--json")
        assert status == 0, output
        assert PATIENT not in output
        assert "Planted" not in output
        return [study["study_date"] for study in json.loads(output)]

    assert found("--since", "2024-01-01") == ["2024-01-15", "2024-02-15", "2024-03-15"]
    assert found("--since", "2024-02-15", "--until", "2024-02-15") == ["2024-02-15"]
    assert found("--until", "2024-02-01") == ["2024-01-15"]
    assert found("--accession", "A3") == ["2024-03-15"]
    assert found("--accession", "A9") == []
    assert found("--since", "2024-01-01", "--modality", "MR") == []
    assert found("--since", "2024-01-01", "--body-part", "chest") == ["2024-01-15"]


@pytest.mark.parametrize("way", ["get", "web"])
def test_uids_are_asked_for_and_absent_ones_are_told(
    archives: dict[str, Any], orthanc: Orthanc, tmp_path: Path, way: str
) -> None:
    uids = [study["MainDicomTags"]["StudyInstanceUID"] for study in orthanc.get("/studies?expand")]
    (tmp_path / "uids").write_text("\n".join([*uids, "1.2.3.4.5"]))
    status, output, told = call("find", way, "--uid-file", str(tmp_path / "uids"), "--json")
    assert status == 0
    assert {study["study_uid"] for study in json.loads(output)} == set(uids)
    assert told == "the archive does not have 1.2.3.4.5\n"


@pytest.mark.parametrize("way", WAYS)
def test_whole_studies_are_pulled_once(archives: dict[str, Any], orthanc: Orthanc, tmp_path: Path, way: str) -> None:
    folder = tmp_path / "pulled"
    status, output, errors = call("pull", way, "-o", str(folder), "--since", "2024-01-01")
    assert (status, output) == (0, f"3 studies fetched into {folder}, 0 could not be\n"), errors
    pulled = list(folder.rglob("*.dcm"))
    assert sorted(file.stem for file in pulled) == orthanc.sop_instance_uids()
    for file in pulled:
        assert dcmread(file).PixelData == dcmread(_stored(orthanc, file.stem, tmp_path)).PixelData
    assert {path.name for path in folder.iterdir()} - {".turnstile-pull.lock"} == {
        dcmread(file).StudyInstanceUID for file in pulled
    }
    again = call("pull", way, "-o", str(folder), "--since", "2024-01-01")
    assert again[:2] == (0, f"0 studies fetched into {folder}, 0 could not be\n")


def _stored(orthanc: Orthanc, sop_instance_uid: str, folder: Path) -> Path:
    file = folder / "stored"
    file.write_bytes(orthanc.file_of(sop_instance_uid))
    return file


@pytest.mark.parametrize("way", WAYS)
def test_compressed_slices_come_as_they_are_stored(
    archives: dict[str, Any], orthanc: Orthanc, tmp_path: Path, way: str
) -> None:
    files = write_study(tmp_path / "rle", seed=WAYS.index(way) + 10)
    for file in files:
        dataset = dcmread(file)
        dataset.compress(RLELossless, generate_instance_uid=False)
        dataset.save_as(file)
    orthanc.store(files)
    status, *_ = call("pull", way, "-o", str(tmp_path / "pulled"), "--uid", study_uid_of(files))
    assert status == 0
    pulled = list((tmp_path / "pulled").rglob("*.dcm"))
    assert {dcmread(file).file_meta.TransferSyntaxUID for file in pulled} == {RLELossless}


def test_a_wrong_password_is_told_without_the_password(
    archives: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORTHANC_PASSWORD", "another one")
    status, _, errors = call("find", "web", "--since", "2024-01-01")
    assert status == 1
    assert "the archive refuses the login (401)" in errors
    assert "another one" not in errors
    monkeypatch.delenv("ORTHANC_PASSWORD")
    assert "ORTHANC_PASSWORD has no secret" in call("find", "web", "--since", "2024-01-01")[2]


def test_an_archive_is_never_asked_for_all_it_has(archives: dict[str, Any]) -> None:
    assert call("find", "get")[0] == 2
    assert call("find", "get", "--uid", "no UID")[0] == 2
    assert call("find", "get", "--since", "2024-02-01", "--until", "2024-01-01")[0] == 2
    assert "it has: get, move, web" in call("find", "nowhere", "--since", "2024-01-01")[2]
    assert "more than 2 matches" in call("find", "get", "--since", "2024-01-01", "--most", "2")[2]
    assert "more than 2 matches" in call("find", "web", "--since", "2024-01-01", "--most", "2")[2]
