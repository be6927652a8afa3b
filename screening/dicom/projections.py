"""Whether slices are projections of a scan (MIP, MinIP, averages of slabs) and not the scan itself.

Writers say so in Image Type (PS3.3 C.8.2.1.1.1 leaves further values to them) or in a description.
"""

import re
from typing import Final

from screening.dicom.element_values import Elements

_WORDS: Final = re.compile(r"(?<![A-Z])(MIP|MAX-?IP|MIN-?IP|(MAX|MIN)IMUM INTENSITY|RAY ?SUM|AIP|PROJECTION)(?![A-Z])")
_IMAGE_TYPES: Final = frozenset(
    {"MIP", "MINIP", "MAX_IP", "MIN_IP", "PROJECTION IMAGE", "MEAN", "AVERAGE", "VOLUME_RENDER", "3D_RENDERING"}
)
_DESCRIPTIONS: Final = ("SeriesDescription", "DerivationDescription")


def is_projection(elements: Elements) -> bool:
    """By the values of Image Type (Frame Type), else by the words of the descriptions; those are not kept."""
    types = {value.upper() for value in (*elements.texts("ImageType"), *elements.texts("FrameType"))}
    if types & _IMAGE_TYPES or any(value.startswith(("MIP", "MINIP", "MAX_IP")) for value in types):
        return True
    return any(_WORDS.search(elements.text(keyword).upper()) for keyword in _DESCRIPTIONS)
