"""Plain values in the DICOM JSON Model (PS3.18 F.2.2), as pydicom gives them, in a twentieth of its time.

They are those that vary from slice to slice: UIDs, numbers, dates and times. What is written in another way than the
standard asks for, and every other VR, is for pydicom.
"""

import math
import re
import struct
from collections.abc import Callable
from typing import Any, Final

_NUMBER: Final = rb"-?\d{1,16}(?:\.\d{1,16})?"
_TEXTS: Final[dict[str, tuple[re.Pattern[bytes], Callable[[str], Any]]]] = {  # PS3.5 6.2
    "DA": (re.compile(rb"\d{8}"), str),
    "TM": (re.compile(rb"\d{2,6}(?:\.\d{1,6})? ?"), str),
    "UI": (re.compile(rb"[\d.]{1,64}\0?"), str),
    "DS": (re.compile(rb"%b(?:\\%b)* ?" % (_NUMBER, _NUMBER)), float),
    "IS": (re.compile(rb"-?\d{1,10}(?:\\-?\d{1,10})* ?"), int),
}
_BINARY: Final = {"FD": "d", "US": "H"}


def plain_json(vr: str | None, value: bytes, *, little_endian: bool) -> dict[str, Any] | None:
    """An element of this VR with this value, where the value is plain; else None."""
    if vr in _TEXTS:
        pattern, converted = _TEXTS[vr]
        if pattern.fullmatch(value):
            return {"vr": vr, "Value": [converted(part) for part in value.rstrip(b" \0").decode("ascii").split("\\")]}
    elif vr in _BINARY and value and len(value) % struct.calcsize(_BINARY[vr]) == 0:
        numbers = [one for (one,) in struct.iter_unpack(("<" if little_endian else ">") + _BINARY[vr], value)]
        if all(map(math.isfinite, numbers)):
            return {"vr": vr, "Value": numbers}
    return None
