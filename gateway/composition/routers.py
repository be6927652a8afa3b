"""The routers of each capability, with what each is given."""

from collections.abc import Sequence

from fastapi import APIRouter

from gateway.analyses.api.routes import analyses_router
from gateway.analyses.requests import Analyses
from gateway.audit.api import audit_router
from gateway.audit.audit_reader import AuditReader
from gateway.auth.api.sign_in import sign_in_router
from gateway.auth.api.tokens import tokens_router
from gateway.auth.token_administration import TokenAdministration
from gateway.backups.last_backup import LastBackup
from gateway.composition.pacs import create_receiver
from gateway.composition.quotas import quotas_of
from gateway.composition.record_store import RecordStore
from gateway.composition.services import Services
from gateway.composition.transports import create_transports
from gateway.health.api import health_router
from gateway.pacs.receiving.api.incoming import incoming_router
from gateway.pacs.receiving.api.store_instances import store_instances_router
from gateway.pacs.receiving.incoming_list import IncomingList
from gateway.pacs.receiving.stow import StowRequests
from gateway.pacs.routing.api.routes import routing_router
from gateway.pacs.routing.dry_run import DryRun
from gateway.pacs.routing.rule_tables import RuleTables
from gateway.pacs.sending.api.deliveries import deliveries_router
from gateway.pacs.sending.api.destinations import destinations_router
from gateway.pacs.sending.connection_test import ConnectionTest
from gateway.pacs.sending.delivery_requests import DeliveryRequests
from gateway.pacs.sending.destinations import Destinations
from gateway.predictions.api import inference_router
from gateway.predictions.prediction import Predictions
from gateway.records.api.files import files_router
from gateway.records.api.patients import patients_router
from gateway.records.api.scans import scans_router
from gateway.records.original_files import OriginalFiles
from gateway.records.patients import Patients
from gateway.records.scan_upload import ScanUploads
from gateway.records.scans import Scans
from gateway.reports.api.feedback import feedback_router
from gateway.reports.api.reports import reports_router
from gateway.reports.api.statistics import statistics_router
from gateway.reports.feedback import Feedback
from gateway.reports.pdf.document import ReportPdf
from gateway.reports.result_downloads import ResultDownloads
from gateway.reports.stored_reports import Reports
from gateway.screening.api.model_card import model_card_router
from gateway.screening.api.operating_point import operating_point_router
from gateway.screening.card_in_force import CardsInForce
from gateway.screening.operating_point import OperatingPoints
from gateway.screening.site_cards import SiteCards
from gateway.viewing.api.routes import viewing_router
from gateway.viewing.viewing import Viewing

Routers = Sequence[APIRouter]


def health_routers(services: Services, store: RecordStore) -> Routers:
    """Liveness, readiness and metrics."""
    last_backup = LastBackup(store.database, services.metrics, services.settings.backup_due_s)
    return [
        health_router(
            services.networks, store.database, services.metrics_page, last_backup.refresh, services.disk_reserve
        )
    ]


def records_routers(services: Services, store: RecordStore) -> Routers:
    """Patients, scans, and the uploaded files."""
    database, blobs = store.database, store.blobs
    uploads = ScanUploads(database, blobs, quotas_of(services.settings))
    files = files_router(uploads, OriginalFiles(database, blobs), services.settings.upload_bytes, services.scratch)
    return [patients_router(Patients(database, blobs)), scans_router(Scans(database, blobs)), files]


def viewing_routers(viewing: Viewing) -> Routers:
    """The slices of a scan, as the page shows them."""
    return [viewing_router(viewing)]


def analyses_routers(services: Services, store: RecordStore) -> Routers:
    """The durable queue of analyses."""
    analyses = Analyses(store.database, store.notifications, services.settings.turn_weights)
    reports = Reports(store.database)
    return [analyses_router(analyses, reports, services.settings.analyze_wait_s)]


def reports_routers(services: Services, store: RecordStore, viewing: Viewing) -> Routers:
    """Reports, feedback of radiologists, statistics."""
    report_pdf = ReportPdf(store.database, viewing)
    return [
        reports_router(Reports(store.database), report_pdf, ResultDownloads(store.database, viewing, report_pdf)),
        feedback_router(Feedback(store.database, services.metrics)),
        statistics_router(store.database),
    ]


def predictions_routers(services: Services, store: RecordStore) -> Routers:
    """The synchronous prediction, which keeps nothing."""
    predictions = Predictions(
        store.database, services.networks, CardsInForce(store.database), quotas_of(services.settings)
    )
    return [inference_router(predictions, services.scratch, services.settings.upload_bytes)]


def auth_routers(services: Services, store: RecordStore) -> Routers:
    """Sign-in and API tokens."""
    sign_in = sign_in_router(store.authentication, services.settings.viewer_url)
    return [sign_in, tokens_router(TokenAdministration(store.database))]


def audit_routers(store: RecordStore) -> Routers:
    """The audit log."""
    return [audit_router(AuditReader(store.database))]


def screening_routers(services: Services, store: RecordStore) -> Routers:
    """The model card and the operating point of an institution."""
    networks, in_force = services.networks, CardsInForce(store.database)
    return [
        model_card_router(networks, in_force, SiteCards(store.database)),
        operating_point_router(OperatingPoints(store.database), networks, in_force),
    ]


def network_routers(store: RecordStore) -> Routers:
    """Studies from the network, and the rules about them."""
    rules = routing_router(RuleTables(store.database), DryRun(store.database))
    return [incoming_router(IncomingList(store.database)), rules]


def sending_routers(services: Services, store: RecordStore) -> Routers:
    """Where results go, and what became of each."""
    transports = create_transports(services.settings)
    destinations = Destinations(store.database, transports.has_credential)
    return [
        destinations_router(destinations, ConnectionTest(transports)),
        deliveries_router(DeliveryRequests(store.database)),
    ]


def receiving_routers(services: Services, store: RecordStore) -> Routers:
    """Instances that come by STOW-RS."""
    settings = services.settings
    receiver = create_receiver(settings, store, services.disk_reserve, services.receiving)
    requests = StowRequests(receiver, services.scratch, settings.pacs_instance_bytes)
    return [store_instances_router(requests, settings.upload_bytes)]
