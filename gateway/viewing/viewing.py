"""What of a scan can be looked at, each by its hash: the same scan gives the same bytes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from gateway.errors import NoReport, NotFound
from gateway.viewing import rendering
from gateway.viewing.render_cache import Kept, Workshop
from gateway.viewing.scan_access import Opened, Opening
from gateway.viewing.series_reading import Shown
from screening.display_window import Window
from screening.evidence import Evidence, Kind, unpack

VERSION: Final = "v1"  # of what is made here; another one makes it anew


@dataclass(frozen=True)
class Series:
    """The series that is shown; `key_slice` and the slices that the networks saw, once there is a report."""

    shown: Shown
    key_slice: int | None
    seen_slices: tuple[int, ...]


@dataclass(frozen=True)
class Viewing:
    """Opens scans with `opening`; every other call takes an opened one and raises what the analysis of it raises."""

    opening: Opening
    workshop: Workshop

    async def series(self, opened: Opened) -> Series:
        """The series that is shown, and what the analysis saw of it."""
        shown = await self.workshop.shown(opened)
        seen = await self._evidence_of(opened, shown)
        return Series(shown, seen.key_slice, seen.slice_indices) if seen else Series(shown, None, ())

    async def raw_slice(self, opened: Opened, index: int) -> tuple[bytes, tuple[int, int]]:
        """HU of a slice, int16 little endian, and its rows and columns; raises NotFound."""
        shown = await self._with_slice(opened, index)
        rows, columns = shown.volume.geometry.shape[1:]
        return await self.workshop.made(opened, rendering.raw_slice, index), (rows, columns)

    async def png_slice(self, opened: Opened, index: int, window: Window) -> bytes:
        """A slice as PNG; raises NotFound."""
        await self._with_slice(opened, index)
        return await self.workshop.made(opened, rendering.png_slice, index, window)

    async def thumbnail(self, opened: Opened) -> bytes:
        """The key slice, or that in the middle as long as there is no report, small."""
        series = await self.series(opened)
        index = len(series.shown.volume) // 2 if series.key_slice is None else series.key_slice
        key = f"{_key(opened, series.shown)}/thumbnail-{index}.png"
        kept = await self.workshop.blobs.get_derived(key)
        if kept is None:
            kept = await self.workshop.made(opened, rendering.thumbnail, index)
            await self.workshop.blobs.put_derived(key, kept)
        return kept

    async def volume(self, opened: Opened, step: int) -> Kept:
        """The volume as NIfTI, HU."""
        key = f"{_key(opened, await self.workshop.shown(opened))}/volume-{step}.nii.gz"
        return await self.workshop.kept(
            key, lambda target: self.workshop.made(opened, rendering.write_volume, step, target)
        )

    async def lungs(self, opened: Opened, step: int) -> Kept:
        """The lung mask of the whole volume as NIfTI."""
        key = f"{_key(opened, await self.workshop.shown(opened))}/lungs-{step}.nii.gz"
        return await self.workshop.kept(
            key, lambda target: self.workshop.made(opened, rendering.write_lungs, step, target)
        )

    async def heatmap(self, opened: Opened, kind: Kind, step: int) -> Kept:
        """One network's map on the grid of the series as NIfTI; raises NoReport."""
        evidence = _of_study(await self._evidence(opened), opened)
        if evidence is None or opened.evidence_key is None:
            raise NoReport("this study has no report with heatmaps; analyse the scan")
        folder = opened.evidence_key.rpartition("/")[0]
        key = f"{folder}/{VERSION}/{evidence.study_uid}/heatmap-{kind}-{step}.nii.gz"
        return await self.workshop.kept(
            key, lambda target: self.workshop.run(rendering.write_heatmap, evidence, kind, step, target)
        )

    def read(self, kept: Kept) -> AsyncIterator[bytes]:
        """The bytes of what is kept, in blocks."""
        return self.workshop.blobs.read_derived(kept.key, kept.size)

    async def _with_slice(self, opened: Opened, index: int) -> Shown:
        shown = await self.workshop.shown(opened)
        if index >= len(shown.volume):
            raise NotFound(f"the series has slices 0 to {len(shown.volume) - 1}")
        return shown

    async def _evidence(self, opened: Opened) -> tuple[Evidence, ...]:
        """What the newest report's heatmaps are drawn from; nothing without a report."""
        packed = opened.evidence_key and await self.workshop.blobs.get_derived(opened.evidence_key)
        return await asyncio.to_thread(unpack, packed) if packed else ()

    async def _evidence_of(self, opened: Opened, shown: Shown) -> Evidence | None:
        for evidence in await self._evidence(opened):
            same = (evidence.study_uid, evidence.series_uid) == (shown.volume.study_uid, shown.volume.series_uid)
            if same and evidence.geometry.shape == shown.volume.geometry.shape:
                return evidence
        return None


def _of_study(studies: tuple[Evidence, ...], opened: Opened) -> Evidence | None:
    """That of the study that was opened; where none was named and it has none, the first."""
    first = None if opened.by_name or not studies else studies[0]
    return next((one for one in studies if one.study_uid == opened.study_uid), first)


def _key(opened: Opened, shown: Shown) -> str:
    return f"{opened.sha256}/{VERSION}/{shown.volume.study_uid}"
