"""Retrieval (WADO-RS): metadata, instances, frames and pictures of what the principal may see."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Concatenate, Final, ParamSpec, TypeVar

from pydicom.uid import UID, ExplicitVRLittleEndian

from gateway.errors import NotAcceptable
from gateway.pacs.dicomweb.accept import ANY_SYNTAX, DICOM, FRAME_TYPES, OCTETS, Accepted, MediaRange
from gateway.pacs.dicomweb.catalogue import Series
from gateway.pacs.dicomweb.dicom_json import Json, with_links
from gateway.pacs.dicomweb.frames import Picture, element_bytes, frames_of, picture_of, write_as
from gateway.pacs.dicomweb.header_lines import header_array
from gateway.pacs.dicomweb.held_studies import HeldInstance, HeldStudies, HeldStudy, visibility
from gateway.pacs.dicomweb.without_names import without_names
from gateway.principal import Principal
from gateway.records.slice_parts import file_chunks
from screening.dicom.transfer_syntaxes import NATIVE
from screening.intake.budgets import Budgets
from screening.intake.upload_members import Member

P = ParamSpec("P")
T = TypeVar("T")
LinkOf = Callable[..., str]  # of study, series, instance and tag
_NO_CHUNK: Final = b""
_ANY_FRAME: Final = Accepted((MediaRange(True, OCTETS, ANY_SYNTAX),))


@dataclass(frozen=True)
class Part:
    """A part of an answer, and its media type with the transfer syntax."""

    media_type: str
    chunks: AsyncIterator[bytes] = field(repr=False)


@dataclass(frozen=True)
class Retrieval:
    """Reads opened studies. Files and frames of untrusted uploads are parsed in decode workers."""

    held: HeldStudies

    def metadata(
        self, principal: Principal, study: HeldStudy, series_uid: str | None, uid: str | None, link_of: LinkOf
    ) -> AsyncIterator[bytes]:
        """The headers as a JSON array, in blocks; without names for who may not see them. Raises NotFound."""
        names = visibility(principal).names

        def changed(series: Series, uid: str, header: Json) -> Json:
            shown = header if names else without_names(header, study.found.pseudonym)
            return with_links(shown, lambda tag: link_of(study.uid, series.uid, uid, tag))

        blobs = self.held.indexing.render_cache.blobs
        return header_array(blobs, study.uid, study.of_series(series_uid), uid, changed)

    def files(self, study: HeldStudy, instances: Sequence[HeldInstance], accepted: Accepted) -> list[Part]:
        """Each instance as a DICOM file, read when its part is sent; raises NotAcceptable before."""
        syntaxes = [_syntax(one, accepted) for one in instances]
        return [
            Part(f"{DICOM}; transfer-syntax={syntax}", self._file(study, one, syntax))
            for one, syntax in zip(instances, syntaxes, strict=True)
        ]

    async def frames(
        self, study: HeldStudy, one: HeldInstance, numbers: Sequence[int], accepted: Accepted
    ) -> list[Part]:
        """Frames by their numbers from 1; raises NotAcceptable, NotFound, or the error of pixels."""
        media_type, syntax = _frame_type(one.instance.transfer_syntax, accepted)
        plain = syntax == ExplicitVRLittleEndian
        frames = await self._in_worker(study, one, frames_of, tuple(numbers), plain)
        return [Part(f"{media_type}; transfer-syntax={syntax}", _once(frame)) for frame in frames]

    async def picture(self, study: HeldStudy, one: HeldInstance, number: int, picture: Picture) -> bytes:
        """One frame as JPEG or PNG; raises NotFound, or the error of pixels."""
        return await self._in_worker(study, one, picture_of, number, picture)

    async def bulk_data(self, study: HeldStudy, one: HeldInstance, tag: str) -> list[Part]:
        """The value of an element; of Pixel Data every frame. Raises NotFound."""
        if tag.upper() == "7FE00010":
            return await self.frames(study, one, range(1, one.instance.frames + 1), _ANY_FRAME)
        value = await self._in_worker(study, one, element_bytes, tag)
        return [Part(OCTETS, _once(value))]

    async def _in_worker(
        self,
        study: HeldStudy,
        one: HeldInstance,
        function: Callable[Concatenate[Member, Budgets, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        cache = self.held.indexing.render_cache
        async with self.held.member(study, one) as member:
            return await cache.run(study.opened, function, member, cache.budgets, *args, **kwargs)

    async def _file(self, study: HeldStudy, one: HeldInstance, syntax: str) -> AsyncIterator[bytes]:
        if syntax == one.instance.transfer_syntax and one.instance.is_part10:
            async with self.held.member(study, one) as member:
                chunks = member.chunks()
                while chunk := await asyncio.to_thread(next, chunks, _NO_CHUNK):
                    yield chunk
            return
        with TemporaryDirectory(dir=self.held.indexing.render_cache.scratch) as folder:
            target = Path(folder) / "instance"
            await self._in_worker(study, one, write_as, syntax, target)
            async for chunk in file_chunks(target):
                yield chunk


def _syntax(one: HeldInstance, accepted: Accepted) -> str:
    stored = one.instance.transfer_syntax
    for wanted in accepted.ranges:
        if syntax := wanted.syntax_for(stored):
            return syntax
    raise NotAcceptable(f"an instance is stored in transfer syntax {stored}; Accept names no syntax that it can have")


def _frame_type(stored: str, accepted: Accepted) -> tuple[str, str]:
    """Media type and transfer syntax of frames (PS3.18 8.7.3.3.2)."""
    own = FRAME_TYPES.get(UID(stored))
    for wanted in accepted.ranges:
        if own and wanted.media_type in (own, "image/*") and wanted.transfer_syntax in (None, ANY_SYNTAX, stored):
            return own, stored
        if wanted.covers(OCTETS) and (syntax := wanted.syntax_for(stored)):
            return OCTETS, ExplicitVRLittleEndian if syntax in NATIVE else syntax
    raise NotAcceptable(f"the frames are stored in transfer syntax {stored}; Accept names no syntax that they can have")


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
