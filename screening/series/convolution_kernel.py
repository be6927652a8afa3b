"""Whether a Convolution Kernel is soft or sharp, by its name. Each vendor has its own names (PS3.3 C.8.2.1)."""

import re
from enum import Enum


class Sharpness(Enum):
    """Whether a kernel amplifies edges, and noise with them."""

    SOFT = "soft"
    SHARP = "sharp"
    UNKNOWN = "unknown"


_NUMBERED = re.compile(r"[A-Z]{1,2}(\d{2})[A-Z]?\b")  # Siemens: B40f, D40s, Br40d, I70f\\3; softer below 50
_CANON = re.compile(r"FC(\d{2})")  # Canon, Toshiba: FC01-FC29 body, FC30 and above bone, lung, high resolution
_SOFT = ("SOFT", "STANDARD", "STND", "CHST", "CHEST", "BODY", "SMOOTH", "BRAIN")
_SHARP = ("LUNG", "BONE", "EDGE", "DETAIL", "SHARP", "ULTRA")
_PHILIPS = {"A": Sharpness.SOFT, "B": Sharpness.SOFT, "C": Sharpness.SOFT, "L": Sharpness.SHARP, "D": Sharpness.SHARP}


def sharpness(kernel: str) -> Sharpness:
    """The sharpness of a kernel by its name; UNKNOWN for a name of no known vendor."""
    name = kernel.upper().strip()
    if match := _CANON.match(name):
        return Sharpness.SOFT if int(match[1]) < 30 else Sharpness.SHARP
    if match := _NUMBERED.match(name):
        return Sharpness.SOFT if int(match[1]) < 50 else Sharpness.SHARP
    if any(word in name for word in _SHARP):
        return Sharpness.SHARP
    if any(word in name for word in _SOFT):
        return Sharpness.SOFT
    return _PHILIPS.get(name, Sharpness.UNKNOWN)
