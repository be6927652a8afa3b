"""The sender of this process, made from the settings."""

from gateway.composition.record_store import RecordStore
from gateway.composition.services import Services
from gateway.composition.transports import create_transports
from gateway.composition.viewing import create_viewing
from gateway.pacs.routing.rules import Rules
from gateway.pacs.sending.delivery import Deliveries
from gateway.pacs.sending.results import Results
from gateway.pacs.sending.sender import Sender
from gateway.reports.pdf.document import ReportPdf
from gateway.reports.result_downloads import ResultDownloads
from gateway.settings.settings import Settings
from gateway.telemetry.metrics import Metrics
from gateway.viewing.viewing import Viewing


def create_sender(services: Services, store: RecordStore) -> Sender:
    """A sender that sends nothing before `running` is entered."""
    viewing = create_viewing(services.settings, store, services.decode, services.scratch)
    return sender_of(services.settings, store, viewing, services.metrics)


def sender_of(settings: Settings, store: RecordStore, viewing: Viewing, metrics: Metrics) -> Sender:
    """The same for a process without networks."""
    downloads = ResultDownloads(store.database, viewing, ReportPdf(store.database, viewing))
    deliveries = Deliveries(
        store.database,
        create_transports(settings),
        Results(store.database, downloads),
        metrics,
        settings.pacs_commitment_s,
    )
    return Sender(deliveries, Rules(), store.notifications, settings.pacs_send_at_once, settings.pacs_send_lease_s)
