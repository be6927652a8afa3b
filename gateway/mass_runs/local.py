"""Screens the uploads of a mass run in this process."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog

from gateway.mass_runs.run import escaped_path
from gateway.screening.pipeline import ScreeningPipeline, Upload
from screening.errors import EngineFault, StudyError
from screening.results.report import Report

log = structlog.get_logger(__name__)

RETRY_DELAYS_S = (2.0, 8.0, 20.0)  # a Triton that ended is restarted within these


@dataclass(frozen=True)
class LocalScreening:
    """`Screening` by this process, which reads the files where they are."""

    pipeline: ScreeningPipeline
    scratch: Path

    async def reports(self, item: Path) -> tuple[Mapping[str, Any], ...]:
        """The reports of the upload; transient engine errors are retried after a delay."""
        return tuple([report.to_json() for report in await self._with_retries(item)])

    async def _with_retries(self, item: Path) -> tuple[Report, ...]:
        for delay_s in RETRY_DELAYS_S:
            reports = await self._attempt(item)
            if not any(report.error is not None and report.error.transient for report in reports):
                return reports
            await asyncio.sleep(delay_s)
        return await self._attempt(item)

    async def _attempt(self, item: Path) -> tuple[Report, ...]:
        name = escaped_path(item)
        with TemporaryDirectory(dir=self.scratch) as scratch:
            try:
                return await self.pipeline.reports(Upload(item, name, Path(scratch)))
            except StudyError as error:
                return (Report.failed(name, error, 0.0),)
            except Exception:
                log.exception("a fault of the program")
                return (Report.failed(name, EngineFault("the program failed on this study; see its log"), 0.0),)
