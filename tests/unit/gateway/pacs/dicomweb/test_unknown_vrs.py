"""An element with a VR that DICOM does not know, with a value or without, is never a fault of the program."""

from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread

from gateway.pacs.dicomweb.catalogue_writing import write_catalogues
from screening.errors import StudyError
from screening.intake.budgets import Budgets
from screening.phantom.phantom_study import write_phantom
from screening.preparation import survey

SLICES, CHANGED = 24, 11
LONG_VRS = (b"OB", b"OD", b"OF", b"OL", b"OW", b"SQ", b"UC", b"UN", b"UR", b"UT")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("phantom") / "study"
    write_phantom(folder, slices=SLICES, size=64)
    return [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]


def places(content: bytes) -> list[tuple[str, int, int]]:
    """Name, offset and length of the value of each element with a short length field, file meta information as well."""
    dataset = dcmread(BytesIO(content))
    found = []
    for part in (dataset.file_meta, dataset):
        for tag in part.keys():  # noqa: SIM118
            name = f"{int(tag):08x}"
            at = content.index(int(tag.group).to_bytes(2, "little") + int(tag.element).to_bytes(2, "little"), 132)
            if content[at + 4 : at + 6] not in LONG_VRS:
                found.append((name, at, int.from_bytes(content[at + 6 : at + 8], "little")))
    return found


@pytest.mark.parametrize("emptied", [False, True])
def test_an_element_of_an_unknown_vr_in_one_slice(files: list[bytes], emptied: bool, tmp_path: Path) -> None:
    whole = files[CHANGED]
    for name, at, length in places(whole):
        kept = b"" if emptied else whole[at + 8 : at + 8 + length]
        changed = whole[: at + 4] + b"ZZ" + len(kept).to_bytes(2, "little") + kept + whole[at + 8 + length :]
        upload = tmp_path / name
        upload.mkdir()
        for number, content in enumerate([*files[:CHANGED], changed, *files[CHANGED + 1 :]]):
            (upload / f"{number:03}").write_bytes(content)
        for read in (survey, write_catalogues_of):
            with suppress(StudyError):  # nothing else may be raised
                read(upload, tmp_path / "scratch", Budgets())


def write_catalogues_of(upload: Path, scratch: Path, budgets: Budgets) -> None:
    target = upload.with_suffix(".catalogue")
    target.mkdir()
    write_catalogues(upload, scratch, budgets, target)
