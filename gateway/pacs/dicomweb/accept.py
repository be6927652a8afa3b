"""What a client accepts (RFC 9110 12.5.1; PS3.18 8.7): the media ranges of Accept, the preferred first."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import Message
from typing import Final, Self

from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from gateway.errors import NotAcceptable
from screening.dicom.transfer_syntaxes import is_decodable

DICOM: Final = "application/dicom"
JSON: Final = "application/dicom+json"
OCTETS: Final = "application/octet-stream"
MULTIPART: Final = "multipart/related"
JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
ANY_SYNTAX: Final = "*"

# PS3.18 8.7.3.3.2: the media type of frames in a compressed transfer syntax.
FRAME_TYPES: Final = {
    RLELossless: "image/dicom-rle",
    **dict.fromkeys((JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1), JPEG),
    **dict.fromkeys((JPEGLSLossless, JPEGLSNearLossless), "image/jls"),
    **dict.fromkeys((JPEG2000Lossless, JPEG2000), "image/jp2"),
    **dict.fromkeys((HTJ2KLossless, HTJ2KLosslessRPCL, HTJ2K), "image/jphc"),
}


@dataclass(frozen=True)
class MediaRange:
    """One media range: of a multipart its parts, and the transfer syntax that it names."""

    multipart: bool
    media_type: str
    transfer_syntax: str | None = None

    def covers(self, media_type: str) -> bool:
        """Whether a media type is within the range."""
        kind = media_type.partition("/")[0]
        return self.media_type in (media_type, f"{kind}/*", "*/*")

    def syntax_for(self, stored: str) -> str | None:
        """The transfer syntax to send an object in that is stored in `stored`; None when it cannot be had.

        PS3.18 8.7.3.5.2: any (*) is the stored one, and none that is named is Explicit VR Little Endian.
        """
        wanted = self.transfer_syntax or ExplicitVRLittleEndian
        if wanted in (ANY_SYNTAX, stored):
            return stored
        return wanted if wanted == ExplicitVRLittleEndian and is_decodable(stored) else None


@dataclass(frozen=True)
class Accepted:
    """The media ranges of a request, the preferred first."""

    ranges: Sequence[MediaRange] = field(default=())

    @classmethod
    def of(cls, values: Sequence[str]) -> Self:
        """From the values of the header Accept; no value is everything."""
        found: list[tuple[float, MediaRange]] = []
        for item in _split(",".join(values) or "*/*"):
            message = Message()
            message["Content-Type"] = item
            quality = _quality(message.get_param("q", "1"))
            if quality > 0 and "/" in item:
                found.append((quality, _range_of(message)))
        found.sort(key=lambda pair: -pair[0])  # stable: of equal ones the first
        return cls(tuple(one for _, one in found))

    def choose(self, *media_types: str) -> str:
        """The first of these single media types that is accepted; raises NotAcceptable."""
        for one in self.ranges:
            for media_type in media_types:
                if not one.multipart and one.covers(media_type):
                    return media_type
        raise NotAcceptable(f"the answer can be {' or '.join(media_types)}; Accept names none of it")

    def of_parts(self, *media_types: str, single: bool) -> "Accepted":
        """The ranges in which a multipart of these media types can be sent, or with `single` one object alone.

        Raises NotAcceptable when there are none.
        """
        own = [one for one in self.ranges if self._fits(one, media_types, single=single)]
        if not own:
            raise NotAcceptable(f"the answer can be {MULTIPART} of {' or '.join(media_types)}; Accept names none of it")
        return Accepted(own)

    def prefers_single(self, media_type: str) -> bool:
        """Whether one object of this media type is wanted alone, rather than in a multipart."""
        own = [one for one in self.ranges if one.multipart or one.covers(media_type)]
        return bool(own) and not own[0].multipart and own[0].media_type != "*/*"

    @staticmethod
    def _fits(one: MediaRange, media_types: Sequence[str], *, single: bool) -> bool:
        everything = one.media_type == "*/*"
        return (one.multipart or everything or single) and any(map(one.covers, media_types))


def _range_of(message: Message) -> MediaRange:
    media_type = message.get_content_type()
    if message.get_content_maintype() == "*":
        return MediaRange(False, "*/*", ANY_SYNTAX)
    syntax = _text(message, "transfer-syntax")
    if message.get_content_maintype() == "multipart":
        return MediaRange(True, (_text(message, "type") or "*/*").lower(), syntax)
    return MediaRange(False, media_type, syntax)


def _text(message: Message, name: str) -> str | None:
    value = message.get_param(name)
    return value.strip() if isinstance(value, str) and value.strip() else None


def _quality(value: object) -> float:
    try:
        return min(1.0, max(0.0, float(str(value))))
    except ValueError:
        return 0.0


def _split(text: str) -> list[str]:
    """The items between commas that stand in no quotes."""
    items, quoted = [""], False
    for letter in text:
        quoted ^= letter == '"'
        if letter == "," and not quoted:
            items.append("")
        else:
            items[-1] += letter
    return [item.strip() for item in items if item.strip()]
