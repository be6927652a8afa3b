"""A destination is valid by construction: its kind's address and no other, and no secret in it."""

from typing import Any

import pytest
from pydantic import ValidationError

from gateway.pacs.sending.api.shapes import DestinationSettings
from gateway.pacs.sending.dicomweb_address import at_address, port_of

DIMSE: dict[str, Any] = {"name": "a", "kind": "dimse", "host": "pacs", "port": 104, "called_ae": "PACS"}
STOW: dict[str, Any] = {"name": "a", "kind": "stow", "url": "https://pacs.example.org/dicom-web/"}


def test_both_kinds() -> None:
    assert DestinationSettings(**DIMSE).as_values()["encodings"] == ["sr"]
    assert DestinationSettings(**{**STOW, "encodings": ["seg", "sr", "seg"]}).as_values()["encodings"] == ["seg", "sr"]
    assert DestinationSettings(**STOW).url == "https://pacs.example.org/dicom-web"
    assert DestinationSettings(**{**DIMSE, "called_ae": " PACS 1 "}).called_ae == "PACS 1"


@pytest.mark.parametrize(
    "wrong",
    [
        {**DIMSE, "host": None},
        {**DIMSE, "port": 0},
        {**DIMSE, "url": "https://pacs.example.org"},
        {**DIMSE, "called_ae": "A" * 17},
        {**DIMSE, "called_ae": "A\\B"},
        {**DIMSE, "called_ae": "  "},
        {**DIMSE, "called_ae": "Ä"},
        {**DIMSE, "host": "pacs/../x"},
        {**DIMSE, "host": "a b"},
        {**DIMSE, "credential": "archive"},
        {**DIMSE, "encodings": []},
        {**DIMSE, "encodings": ["jpeg"]},
        {**DIMSE, "language": "de"},
        {**STOW, "storage_commitment": True},
        {**STOW, "tls": True},
        {**STOW, "url": "ftp://pacs"},
        {**STOW, "url": "https://user:secret@pacs"},
        {**STOW, "url": "https://pacs?x=1"},
        {**STOW, "url": "https://pacs:99999"},
        {**STOW, "url": "http://pacs", "credential": "archive"},
        {**STOW, "host": "pacs"},
    ],
)
def test_what_cannot_be_sent_to_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DestinationSettings(**wrong)


def test_a_checked_address_takes_the_place_of_the_host() -> None:
    assert at_address("https://pacs.example.org:8443/dicom-web", "10.0.0.7") == (
        "https://10.0.0.7:8443/dicom-web",
        "pacs.example.org:8443",
    )
    assert at_address("http://pacs/x", "::1") == ("http://[::1]/x", "pacs")
    assert (port_of("https://pacs"), port_of("http://pacs")) == (443, 80)
