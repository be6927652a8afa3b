"""Which patient a slice is of, as far as that can be told without repeating a name: keys that only compare.

Patient ID decides, then the patient's name. A file without either belongs to the other patient of the study: dose
reports and screen captures often lack the ID.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping

from pydicom.charset import convert_encodings, decode_bytes

from screening.dicom.pydicom_logging import PARSE_ERRORS, suppress_pydicom_warnings

_SEPARATOR = "|"
_ESCAPE = b"\x1b"  # PS3.5 6.1.2.5: code extension
_PERSON_DELIMITERS = {ord("^"), ord("=")}  # PS3.5 6.2.1: components and groups of a name


def person_key(patient_id: bytes, patient_name: bytes, character_set: tuple[str, ...], salt: bytes) -> str:
    """A key of the patient, salted so that it means nothing elsewhere; its parts are empty where nothing is told."""
    names = _text(patient_name, character_set).replace("^", " ").partition("=")[0]
    return _SEPARATOR.join(_hashed(one, salt) for one in (_text(patient_id, character_set), names))


def persons_of(keys: Iterable[str]) -> Mapping[str, str]:
    """For every key the person it stands for; "" where nothing is told."""
    parted = {key: key.partition(_SEPARATOR)[::2] for key in keys}
    id_of_name = {name: id_ for id_, name in sorted(parted.values(), reverse=True) if id_ and name}
    return {key: id_ or id_of_name.get(name, name) for key, (id_, name) in parted.items()}


def _text(value: bytes, character_set: tuple[str, ...]) -> str:
    """The text without what writers change: case, composed letters, spaces."""
    plain = value.isascii() and _ESCAPE not in value  # the same in every character set of PS3.3 C.12.1.1.2
    text = value.decode("ascii") if plain else _decoded(value, character_set)
    return " ".join(unicodedata.normalize("NFKC", text).replace("\0", " ").casefold().split())


def _decoded(value: bytes, character_set: tuple[str, ...]) -> str:
    try:
        with suppress_pydicom_warnings():
            return str(decode_bytes(value, convert_encodings(list(character_set) or None), _PERSON_DELIMITERS))
    except (*PARSE_ERRORS, UnicodeError):
        return value.decode("latin-1")


def _hashed(text: str, salt: bytes) -> str:
    return hashlib.blake2b(text.encode(), key=salt, digest_size=16).hexdigest() if text else ""
