"""What the meaning of an element is made of: its tag, VR and value, and for some also elements beside it."""

from collections.abc import Hashable
from functools import lru_cache
from typing import Any, Final

from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag

_BY_ANOTHER: Final = frozenset({None, "UN", "SQ", "OB or OW", "US or OW", "US or SS", "US or SS or OW"})  # VRs


def content_of(element: Any) -> Hashable:
    """Equal for elements that mean the same beside the same others; None where its bytes are lost, for it was decoded.

    A text is as good as its bytes, and so is an empty value; a sequence is the bytes of its items.
    """
    value = element.value
    if value is None or isinstance(value, bytes | str):
        return element.tag, element.VR, value
    if not isinstance(value, Sequence):
        return None
    items = tuple(map(_content_of_item, value))
    return None if None in items else (element.tag, element.VR, items)


def encoding_of(dataset: Dataset) -> Hashable:
    """How the elements of a data set are written."""
    return *dataset.original_encoding, str(dataset.original_character_set)


@lru_cache(maxsize=4096)
def decides_others(tag: BaseTag) -> bool:
    """Whether the meaning of other elements depends on it: private creators, and what tells how pixels are stored."""
    is_of_pixels = tag.group == 0x0028 and not 0x0106 <= tag.element < 0x1100
    return bool(tag.is_private_creator or is_of_pixels or tag == 0x00080005)


@lru_cache(maxsize=4096)
def depends_on_others(tag: BaseTag, written_vr: str | None) -> bool:
    """Whether the meaning of an element depends on those."""
    return tag.is_private or vr_of(tag, written_vr) in _BY_ANOTHER


@lru_cache(maxsize=4096)
def vr_of(tag: BaseTag, written_vr: str | None) -> str | None:
    """The VR as written, or else (implicit VR) as the dictionary of DICOM has it; None for what that does not know."""
    try:
        return written_vr or dictionary_VR(tag)
    except KeyError:
        return None


def _content_of_item(item: Dataset) -> Hashable:
    elements = tuple(content_of(item.get_item(tag, keep_deferred=True)) for tag in item.keys())  # noqa: SIM118
    return None if None in elements else (encoding_of(item), elements)
