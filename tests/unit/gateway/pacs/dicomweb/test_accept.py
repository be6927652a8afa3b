"""Accept: media ranges, quality, transfer syntaxes (PS3.18 8.7)."""

import pytest
from pydicom.uid import ExplicitVRLittleEndian, JPEGLosslessSV1, JPEGLSLossless

from gateway.errors import NotAcceptable
from gateway.pacs.dicomweb.accept import DICOM, JPEG, JSON, OCTETS, PNG, Accepted, MediaRange


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ([], JPEG),
        (["*/*"], JPEG),
        (["image/*"], JPEG),
        (["image/png"], PNG),
        (["image/jpeg;q=0.5, image/png"], PNG),
        (["image/gif", "image/png;q=0.1"], PNG),
        (["image/jpeg;q=0, image/png;q=0.1"], PNG),
    ],
)
def test_the_preferred_media_type_is_chosen(accept: list[str], chosen: str) -> None:
    assert Accepted.of(accept).choose(JPEG, PNG) == chosen


@pytest.mark.parametrize("accept", ["image/gif", "text/*", "nonsense", "image/png;q=0", "image/png;q=x"])
def test_nothing_else_is_accepted(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        Accepted.of([accept]).choose(JPEG, PNG)


def test_a_multipart_names_the_type_of_its_parts() -> None:
    text = 'multipart/related; type="application/dicom"; transfer-syntax=*, application/dicom+json'
    parts, json = Accepted.of([text]).ranges
    assert parts == MediaRange(True, DICOM, "*")
    assert json == MediaRange(False, JSON)
    assert Accepted.of([text]).of_parts(DICOM, single=False).ranges == [parts]
    with pytest.raises(NotAcceptable):
        Accepted.of(["application/dicom"]).of_parts(DICOM, single=False)


@pytest.mark.parametrize(
    ("wanted", "stored", "sent"),
    [
        (None, ExplicitVRLittleEndian, ExplicitVRLittleEndian),
        (None, JPEGLSLossless, ExplicitVRLittleEndian),
        (None, "1.2.840.10008.1.2.4.100", None),  # MPEG-2 has no decoder here
        ("*", JPEGLSLossless, JPEGLSLossless),
        (JPEGLSLossless, JPEGLSLossless, JPEGLSLossless),
        (JPEGLosslessSV1, JPEGLSLossless, None),
        (JPEGLSLossless, ExplicitVRLittleEndian, None),
    ],
)
def test_the_transfer_syntax_of_an_answer(wanted: str | None, stored: str, sent: str | None) -> None:
    assert MediaRange(True, OCTETS, wanted).syntax_for(stored) == sent


def test_commas_in_quotes_separate_nothing() -> None:
    assert len(Accepted.of(['multipart/related; type="application/dicom"; x="a,b", image/png']).ranges) == 2
