"""Identifiers of C-FIND, C-GET and C-MOVE: what is asked, and the values of an answer."""

from collections.abc import Mapping, Sequence
from typing import Final

from pydicom import config
from pydicom.charset import convert_encodings, decode_bytes
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from gateway.pacs.archives.keys import Values
from screening.dicom.element_values import Elements
from screening.dicom.pydicom_logging import PARSE_ERRORS, suppress_pydicom_warnings

UTF_8: Final = "ISO_IR 192"


def identifier(level: str, keys: Sequence[str], matches: Mapping[str, str]) -> Dataset:
    """The identifier of a query at this level: `keys` are asked for, `matches` have the values to be matched."""
    asked = Dataset()
    values = {"QueryRetrieveLevel": level} | dict.fromkeys(keys, "") | dict(matches)
    if not "".join(values.values()).isascii():
        values["SpecificCharacterSet"] = UTF_8
    for keyword, value in values.items():
        # A range of dates and a list of UIDs are no valid values, but valid keys (PS3.4 C.2.2.2).
        asked.add(DataElement(_tag(keyword), dictionary_VR(_tag(keyword)), value, validation_mode=config.IGNORE))
    return asked


def values_of(answer: Dataset, keys: Sequence[str]) -> Values:
    """The values of an answer as text; what cannot be decoded is replaced."""
    elements = Elements(answer)
    character_set = elements.texts("SpecificCharacterSet")
    return {keyword: _text(elements.data(keyword)[0], character_set) for keyword in keys}


def _text(value: bytes, character_set: tuple[str, ...]) -> list[str]:
    try:
        with suppress_pydicom_warnings():
            text = decode_bytes(value, convert_encodings(list(character_set) or None), set())
    except (*PARSE_ERRORS, UnicodeError):
        text = value.decode("latin-1")
    return [part.strip(" \0") for part in text.split("\\")] if text.strip(" \0") else []


def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise ValueError(f"{keyword} is not in the DICOM dictionary")
    return tag
