"""An archive that is asked by C-FIND, and sends by C-GET or C-MOVE (PS3.4 C, Study Root)."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeVar

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import build_context, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from gateway.errors import GatewayError
from gateway.pacs.archives.archive import SubOperations
from gateway.pacs.archives.dimse_answers import identifier, values_of
from gateway.pacs.archives.dimse_association import Operation, associated
from gateway.pacs.archives.errors import (
    ArchiveError,
    ArchiveRefused,
    ArchiveUnavailable,
    InvalidAnswer,
    StudyNotFetched,
    TooManyMatches,
)
from gateway.pacs.archives.instances import SeriesFolder
from gateway.pacs.archives.keys import (
    INSTANCE_KEYS,
    SERIES_KEYS,
    STUDY_KEYS,
    Values,
    found_series,
    found_study,
    sop_instance_uid,
    study_matches,
)
from gateway.pacs.archives.query import MOST, FoundSeries, FoundStudy, StudyQuery
from gateway.pacs.archives.request_schedule import RequestSchedule
from gateway.pacs.archives.store_scp import Expected, StoreScp, get_contexts, stored_here
from gateway.settings.archives import DimseArchiveSettings

T = TypeVar("T")

VERIFICATION: Final = UID("1.2.840.10008.1.1")  # PS3.4 A.4
FIND: Final = UID("1.2.840.10008.5.1.4.1.2.2.1")  # PS3.4 C.6.2.3: Study Root
MOVE: Final = UID("1.2.840.10008.5.1.4.1.2.2.2")
GET: Final = UID("1.2.840.10008.5.1.4.1.2.2.3")

WATCH_S: Final = 0.5
PENDING: Final = frozenset({0xFF00, 0xFF01})
SUCCESS: Final = 0x0000
SOME_FAILED: Final = 0xB000  # PS3.4 C.4.2.1.5 and C.4.3.1.4: sub-operations are complete, one or more failed
UNKNOWN_DESTINATION: Final = 0xA801
LONGEST_SEARCH: Final = 20  # times `timeout_s`: an archive may answer `pending` for ever


class DimseArchive:
    """An archive of the settings; `store` receives what it sends by C-MOVE."""

    def __init__(
        self,
        name: str,
        settings: DimseArchiveSettings,
        schedule: RequestSchedule,
        threads: ThreadPoolExecutor,
        store: StoreScp | None,
    ) -> None:
        self.name = name
        self.at_once = settings.at_once
        self._settings = settings
        self._schedule = schedule
        self._threads = threads
        self._store = store

    async def studies(self, query: StudyQuery) -> list[FoundStudy]:
        answers = await self._find("STUDY", STUDY_KEYS, study_matches(query), query.most)
        return [study for values in answers if (study := found_study(values))]

    async def series(self, study_uid: str) -> list[FoundSeries]:
        answers = await self._find("SERIES", SERIES_KEYS, {"StudyInstanceUID": study_uid})
        found = [one for values in answers if (one := found_series(values))]
        return list({one.series_uid: one for one in found}.values())

    async def count_instances(self, study_uid: str, series_uid: str) -> int:
        matches = {"StudyInstanceUID": study_uid, "SeriesInstanceUID": series_uid}
        answers = await self._find("IMAGE", INSTANCE_KEYS, matches)
        return len({uid for values in answers if (uid := sop_instance_uid(values))})

    async def retrieve(self, series: SeriesFolder) -> SubOperations | None:
        if self._store is None:
            return await self._run(lambda operation: self._get(operation, series))
        with self._store.expecting(series) as expected:
            counted = await self._run(lambda operation: self._move(operation, series, expected))
            await expected.wait_for(counted.completed + counted.warning)
        if expected.errors:
            raise expected.errors[0]
        return counted

    async def answers(self) -> bool:
        with suppress(ArchiveError):
            return await self._run(self._echo)
        return False

    async def _find(
        self, level: str, keys: tuple[str, ...], matches: Mapping[str, str], most: int = MOST
    ) -> list[Values]:
        def find(operation: Operation) -> list[Values]:
            asked = identifier(level, keys, matches)
            found: list[Values] = []
            with associated(self._settings, operation, [build_context(FIND)]) as association:
                _require(association, FIND, "C-FIND")
                for status, answer in association.send_c_find(asked, FIND):
                    if _code(operation, status) == SUCCESS:
                        break
                    if status.Status not in PENDING:
                        raise ArchiveRefused(f"the archive answers C-FIND with the status 0x{status.Status:04X}")
                    if len(found) == most:
                        raise TooManyMatches(
                            f"the archive has more than {most} matches; narrow the query, or ask for more"
                        )
                    found.append(values_of(answer, keys) if answer is not None else {})
            return found

        return await self._run(find, longest_s=LONGEST_SEARCH * self._settings.timeout_s)

    def _get(self, operation: Operation, series: SeriesFolder) -> SubOperations:
        contexts, roles = get_contexts(series.modality)
        errors: list[GatewayError] = []
        handlers = [(evt.EVT_C_STORE, lambda event: stored_here(event, series, errors))]
        try:
            with associated(self._settings, operation, [build_context(GET), *contexts], roles, handlers) as association:
                _require(association, GET, "C-GET; set retrieve to move")
                return _sub_operations(operation, association.send_c_get(_series_of(series), GET), "C-GET")
        finally:
            if errors:  # why sub-operations failed: an answer, if there is one, only counts them
                raise errors[0]

    def _move(self, operation: Operation, series: SeriesFolder, expected: Expected) -> SubOperations:
        expected.heard = operation.heard
        destination = self._settings.calling_ae_title
        with associated(self._settings, operation, [build_context(MOVE)]) as association:
            _require(association, MOVE, "C-MOVE")
            return _sub_operations(operation, association.send_c_move(_series_of(series), destination, MOVE), "C-MOVE")

    def _echo(self, operation: Operation) -> bool:
        with associated(self._settings, operation, [build_context(VERIFICATION)]) as association:
            return bool(association.send_c_echo())

    async def _run(self, work: Callable[[Operation], T], longest_s: float | None = None) -> T:
        """Run `work` in a thread; end its association when the archive is silent, or answers for longer than that."""
        await self._schedule.turn()
        operation = Operation()
        working = asyncio.get_running_loop().run_in_executor(self._threads, work, operation)
        try:
            while not working.done():
                await asyncio.wait({working}, timeout=WATCH_S)
                if operation.silent_s > self._settings.timeout_s:
                    raise ArchiveUnavailable(f"the archive was silent for {self._settings.timeout_s:g} s")
                if longest_s is not None and operation.age_s > longest_s:
                    raise InvalidAnswer(f"the archive has answered `pending` for {longest_s:g} s, and no end")
            return working.result()
        finally:
            if not working.done():
                operation.abort()
                with suppress(ArchiveError):
                    await asyncio.shield(working)


@asynccontextmanager
async def open_dimse_archive(
    name: str, settings: DimseArchiveSettings, schedule: RequestSchedule
) -> AsyncIterator[DimseArchive]:
    """The archive; with a Storage SCP of its own when it sends by C-MOVE, which is stopped when the block ends."""
    threads = ThreadPoolExecutor(settings.at_once + 1, "archive")
    store = StoreScp(settings) if settings.retrieve == "move" else None
    try:
        if store is not None:
            await asyncio.to_thread(store.start)
        yield DimseArchive(name, settings, schedule, threads, store)
    finally:
        if store is not None:
            await asyncio.to_thread(store.stop)
        threads.shutdown(wait=False, cancel_futures=True)


def _series_of(series: SeriesFolder) -> Dataset:
    return identifier("SERIES", (), {"StudyInstanceUID": series.study_uid, "SeriesInstanceUID": series.series_uid})


def _sub_operations(
    operation: Operation, answers: Iterator[tuple[Dataset, Dataset | None]], service: str
) -> SubOperations:
    """The counts of the last answer that has any."""
    counted = SubOperations()
    for status, _ in answers:
        code = _code(operation, status)
        counted = _counted(status) or counted
        if code in PENDING or code in (SUCCESS, SOME_FAILED):
            continue
        if code == UNKNOWN_DESTINATION:
            raise ArchiveRefused("the archive does not know our AE title as a destination of C-MOVE: enter it there")
        raise StudyNotFetched(f"the archive answers {service} with the status 0x{code:04X}; {counted}")
    return counted


def _counted(status: Dataset) -> SubOperations | None:
    names = ("Completed", "Failed", "Warning", "Remaining")
    numbers = [status.get(f"NumberOf{name}Suboperations") for name in names]
    return (
        None if all(number is None for number in numbers) else SubOperations(*(int(number or 0) for number in numbers))
    )


def _code(operation: Operation, status: Dataset) -> int:
    """The status of an answer; raises ArchiveUnavailable when there was none (PS3.7 9.1)."""
    operation.heard()
    if "Status" not in status:
        raise ArchiveUnavailable("the archive ended the association before its last answer")
    return int(status.Status)


def _require(association: Association, model: str, service: str) -> None:
    accepted: list[PresentationContext] = association.accepted_contexts
    if not any(context.abstract_syntax == model for context in accepted):
        raise ArchiveRefused(f"the archive does not offer {service}")
