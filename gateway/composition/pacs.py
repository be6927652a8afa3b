"""Receiving from the hospital's network, made from the settings."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from pydicom.dataset import Dataset

from gateway.composition.postgres import data_folder
from gateway.composition.quotas import quotas_of
from gateway.composition.record_store import RecordStore
from gateway.pacs.archives.priors import PriorStudies
from gateway.pacs.dimse.tls import server_context
from gateway.pacs.receiving.arrival import StudyLimits
from gateway.pacs.receiving.listener import Listener, Listening
from gateway.pacs.receiving.metrics import ReceivingMetrics
from gateway.pacs.receiving.receiver import Receiver
from gateway.pacs.receiving.refused_senders import RefusedSenders
from gateway.pacs.receiving.study_completion import StudyCompletion
from gateway.pacs.routing.rules import Rules
from gateway.pacs.sending.commitment import read_report
from gateway.pacs.sending.commitment_reports import CommitmentReports
from gateway.records.scan_upload import ScanUploads
from gateway.settings.settings import Settings
from gateway.storage.disk_reserve import DiskReserve


def create_receiver(
    settings: Settings, store: RecordStore, reserve: DiskReserve, metrics: ReceivingMetrics
) -> Receiver:
    """The receiver of C-STORE and STOW-RS."""
    return Receiver(
        store.database,
        store.blobs,
        reserve,
        quotas_of(settings),
        StudyLimits(settings.pacs_study_instances, settings.pacs_study_bytes),
        settings.budgets,
        settings.pacs_other_objects == "store",
        metrics,
        RefusedSenders(store.database),
    )


def completing_studies(
    settings: Settings, store: RecordStore, metrics: ReceivingMetrics
) -> AbstractAsyncContextManager[None]:
    """Make scans of complete studies until the block ends. Quotas were counted when the instances came."""
    uploads = ScanUploads(store.database, store.blobs)
    quiet_s = settings.pacs_complete_after_s
    return StudyCompletion(store.database, store.blobs, uploads, Rules(), quiet_s, metrics).running()


def fetching_priors(settings: Settings, store: RecordStore, scratch: Path) -> AbstractAsyncContextManager[None]:
    """Fetch prior studies until the block ends, where the settings name an archive for them."""
    uploads = ScanUploads(store.database, store.blobs)
    return PriorStudies(settings, store.database, uploads, scratch).running()


def disk_reserve(settings: Settings, scratch: Path) -> DiskReserve:
    """The reserve of a process that only receives."""
    folders = {"scratch": scratch}
    if settings.blob_url is None:
        folders["data"] = data_folder(settings)
    return DiskReserve(folders, settings.disk_reserve_bytes)


@asynccontextmanager
async def listening(settings: Settings, receiver: Receiver, scratch: Path) -> AsyncIterator[Listening]:
    """Listen for DICOM associations until the block ends. Raises TlsUnusable and OSError."""
    institution = settings.pacs_institution or settings.institution
    tls = None
    if settings.pacs_tls_certificate is not None:
        tls = server_context(settings.pacs_tls_certificate, settings.pacs_tls_key, settings.pacs_tls_client_ca)
    reports = CommitmentReports(receiver.database)

    async def on_commitment(information: Dataset) -> bool:
        return await reports.receive(read_report(information))

    async with Listener(settings, receiver, institution, scratch, tls, on_commitment).running() as running:
        yield running
