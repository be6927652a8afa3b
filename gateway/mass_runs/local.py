"""Uploads of a mass run, screened by this process."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog

from gateway.mass_runs.run import printable
from gateway.screening.pipeline import Analysis, Upload
from screening.errors import EngineFault, StudyError
from screening.report import Report

log = structlog.get_logger(__name__)

PAUSES_S = (2.0, 8.0, 20.0)  # a Triton that died is back within these


@dataclass(frozen=True)
class Here:
    """`Screening` on this machine's files, where they lie."""

    analysis: Analysis

    async def reports(self, item: Path) -> tuple[Mapping[str, Any], ...]:
        """Asked again, after a pause, while the reason is the engine's and may pass."""
        return tuple([report.to_json() for report in await self._patiently(item)])

    async def _patiently(self, item: Path) -> tuple[Report, ...]:
        for pause_s in PAUSES_S:
            reports = await self._once(item)
            if not any(report.error is not None and report.error.transient for report in reports):
                return reports
            await asyncio.sleep(pause_s)
        return await self._once(item)

    async def _once(self, item: Path) -> tuple[Report, ...]:
        name = printable(item)
        with TemporaryDirectory(prefix="turnstile-") as scratch:
            try:
                return await self.analysis.reports(Upload(item, name, Path(scratch)))
            except StudyError as refused:
                return (Report.failed(name, refused, 0.0),)
            except Exception:
                log.exception("a fault of the program")
                return (Report.failed(name, EngineFault("the program failed on this study; see its log"), 0.0),)
