"""Which of the allocated bits hold the value, and where its sign is: the same rule after every decoder.

PS3.5 8.1.1: a value takes Bits Stored bits up to High Bit; the others may hold overlays or anything else. Decoders
differ in what they do with them: JPEG-LS knows no sign, JPEG 2000 extends it, JPEG Lossless gives the bits as they are.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from screening.dicom.codestream import CodestreamHeader
from screening.dicom.slice_header import PixelLayout
from screening.errors import BrokenPixels


def significant(values: NDArray[Any], layout: PixelLayout, stream: CodestreamHeader | None = None) -> NDArray[Any]:
    """Decoded integers [rows, columns] less all bits that are no part of the value, with their sign.

    `stream` is what a compressed stream declares. Raises BrokenPixels where the header's bits are impossible.
    """
    if not 1 <= layout.bits_stored <= layout.bits_allocated:
        raise BrokenPixels(
            f"Bits Stored is {layout.bits_stored}, Bits Allocated {layout.bits_allocated}: the header is wrong."
        )
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    bits = layout.bits_stored
    if stream is not None and stream.signed and not layout.signed:
        return _extended(values, stream.bits)  # JPEG 2000 knows its sign (ITU-T T.800 A.5.1): the header is wrong
    unsigned = values.view(f"u{values.itemsize}")
    below = _unused_below(unsigned, layout, stream)
    if below:
        unsigned = unsigned >> below
    if not layout.signed:
        return unsigned if bits == 8 * values.itemsize else unsigned & np.array((1 << bits) - 1, unsigned.dtype)
    return _extended(unsigned, 8 * values.itemsize if _is_wider(unsigned, bits) else bits)


def _extended(values: NDArray[Any], bits: int) -> NDArray[Any]:
    """The lowest `bits` bits as integers with sign."""
    signed = values.view(f"i{values.itemsize}")
    above = 8 * values.itemsize - bits
    return signed if above <= 0 else (signed << above) >> above


def _unused_below(unsigned: NDArray[Any], layout: PixelLayout, stream: CodestreamHeader | None) -> int:
    """How many bits below the value are not used: 4 where 12 bits are stored with High Bit 15.

    High Bit is often wrong, so the pixels must agree: nothing in the bits below, and something above Bits Stored.
    """
    below = layout.high_bit + 1 - layout.bits_stored
    whole = layout.high_bit < (8 * unsigned.itemsize if stream is None else stream.bits)
    if below <= 0 or not whole:
        return 0
    used = int(np.bitwise_or.reduce(unsigned, axis=None))
    right_aligned = used & ((1 << below) - 1) and not used >> layout.bits_stored
    return 0 if right_aligned else below


def _is_wider(unsigned: NDArray[Any], bits: int) -> bool:
    """Whether the sign is extended and a value still needs more than `bits`: then Bits Stored is too small.

    Values of 12 bits with sign end at 2047; scanners give up to 3071 HU, and some write those under Bits Stored 12.
    """
    if bits > 8 * unsigned.itemsize - 2:  # one bit above may as well be an overlay
        return False
    signed = unsigned.view(f"i{unsigned.itemsize}")
    low, high = int(signed.min(initial=0)), int(signed.max(initial=0))
    half = 1 << (bits - 1)
    return -half <= low < 0 and half <= high < 2 * half
