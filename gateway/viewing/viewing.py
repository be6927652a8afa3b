"""Viewing of a scan: series, slices, volumes, lung masks, heatmaps, thumbnails; the same scan gives the same bytes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from gateway.errors import NoReport, NotFound
from gateway.viewing import rendering
from gateway.viewing.render_cache import RenderCache, StoredRendering
from gateway.viewing.scan_access import OpenedScan, ScanAccess
from gateway.viewing.series_reading import DisplayedSeries
from screening.results.evidence import Evidence, MapKind, unpack
from screening.views.display_window import Window

VERSION: Final = "v1"  # of the renderings: part of their keys, so a new version renders them again


@dataclass(frozen=True)
class Series:
    """The displayed series; with a report also its key slice and the slices that the networks screened."""

    displayed: DisplayedSeries
    key_slice: int | None
    seen_slices: tuple[int, ...]


@dataclass(frozen=True)
class Viewing:
    """Renders scans that `access` has opened; calls raise the StudyError that the analysis of the scan raises."""

    access: ScanAccess
    render_cache: RenderCache

    async def series(self, opened: OpenedScan) -> Series:
        """The displayed series, and the slices of it that the analysis used."""
        displayed = await self.render_cache.displayed_series(opened)
        evidence = await self._evidence_of(opened, displayed)
        return (
            Series(displayed, evidence.key_slice, evidence.slice_indices) if evidence else Series(displayed, None, ())
        )

    async def raw_slice(self, opened: OpenedScan, index: int) -> tuple[bytes, tuple[int, int]]:
        """HU of a slice, int16 little endian, and its rows and columns; raises NotFound."""
        displayed = await self._series_with_slice(opened, index)
        rows, columns = displayed.volume.geometry.shape[1:]
        return await self.render_cache.render(opened, "slice", rendering.raw_slice, index), (rows, columns)

    async def png_slice(self, opened: OpenedScan, index: int, window: Window) -> bytes:
        """A slice in a display window, as PNG; raises NotFound."""
        await self._series_with_slice(opened, index)
        return await self.render_cache.render(opened, "slice", rendering.png_slice, index, window)

    async def thumbnail(self, opened: OpenedScan) -> bytes:
        """The key slice as a small PNG; the middle slice while there is no report."""
        series = await self.series(opened)
        index = len(series.displayed.volume) // 2 if series.key_slice is None else series.key_slice
        key = f"{_key(opened, series.displayed)}/thumbnail-{index}.png"
        stored = await self.render_cache.blobs.get_derived(key)
        if stored is None:
            stored = await self.render_cache.render(opened, "thumbnail", rendering.thumbnail, index)
            await self.render_cache.blobs.put_derived(key, stored)
        return stored

    async def volume(self, opened: OpenedScan, step: int) -> StoredRendering:
        """The volume as NIfTI, in HU, every `step`-th voxel of each axis."""
        key = f"{_key(opened, await self.render_cache.displayed_series(opened))}/volume-{step}.nii.gz"
        return await self.render_cache.get_or_render(
            key, lambda target: self.render_cache.render(opened, f"volume-{step}", rendering.write_volume, step, target)
        )

    async def lungs(self, opened: OpenedScan, step: int) -> StoredRendering:
        """The lung mask of the whole volume as NIfTI."""
        key = f"{_key(opened, await self.render_cache.displayed_series(opened))}/lungs-{step}.nii.gz"
        return await self.render_cache.get_or_render(
            key, lambda target: self.render_cache.render(opened, f"lungs-{step}", rendering.write_lungs, step, target)
        )

    async def heatmap(self, opened: OpenedScan, kind: MapKind, step: int) -> StoredRendering:
        """The heatmap of one network on the grid of the series, as NIfTI; raises NoReport."""
        evidence = _of_study(await self._evidence(opened), opened)
        if evidence is None or opened.evidence_key is None:
            raise NoReport("this study has no report with heatmaps; analyse the scan")
        folder = opened.evidence_key.rpartition("/")[0]
        key = f"{folder}/{VERSION}/{evidence.study_uid}/heatmap-{kind}-{step}.nii.gz"
        return await self.render_cache.get_or_render(
            key, lambda target: self.render_cache.run(opened, rendering.write_heatmap, evidence, kind, step, target)
        )

    def read(self, stored: StoredRendering) -> AsyncIterator[bytes]:
        """The bytes of a stored rendering, in blocks."""
        return self.render_cache.blobs.read_derived(stored.key, stored.size)

    async def _series_with_slice(self, opened: OpenedScan, index: int) -> DisplayedSeries:
        displayed = await self.render_cache.displayed_series(opened)
        if index >= len(displayed.volume):
            raise NotFound(f"the series has slices 0 to {len(displayed.volume) - 1}")
        return displayed

    async def _evidence(self, opened: OpenedScan) -> tuple[Evidence, ...]:
        """The evidence of the newest report, one for each study; empty without a report."""
        packed = opened.evidence_key and await self.render_cache.blobs.get_derived(opened.evidence_key)
        return await asyncio.to_thread(unpack, packed) if packed else ()

    async def _evidence_of(self, opened: OpenedScan, displayed: DisplayedSeries) -> Evidence | None:
        for evidence in await self._evidence(opened):
            same = (evidence.study_uid, evidence.series_uid) == (
                displayed.volume.study_uid,
                displayed.volume.series_uid,
            )
            if same and evidence.geometry.shape == displayed.volume.geometry.shape:
                return evidence
        return None


def _of_study(studies: tuple[Evidence, ...], opened: OpenedScan) -> Evidence | None:
    """The evidence of the opened study; when the caller named no study and it has none, the first one."""
    first = None if opened.by_study_uid or not studies else studies[0]
    return next((one for one in studies if one.study_uid == opened.study_uid), first)


def _key(opened: OpenedScan, displayed: DisplayedSeries) -> str:
    return f"{opened.sha256}/{VERSION}/{displayed.volume.study_uid}"
