"""The worker of this process, made from the services and the record store."""

from gateway.analyses.attempt import Attempts
from gateway.analyses.job_leases import JobLeases
from gateway.analyses.worker import HEARTBEATS_PER_TAKEOVER, Worker, worker_name
from gateway.composition.record_store import RecordStore
from gateway.composition.services import Services
from gateway.screening.operating_point import OperatingPoints


def create_worker(services: Services, store: RecordStore) -> Worker:
    """A worker that takes no job before `at_work` is entered."""
    settings = services.settings
    turns = JobLeases(store.database, services.metrics, worker_name())
    heartbeat_s = settings.takeover_s / HEARTBEATS_PER_TAKEOVER
    points = OperatingPoints(store.database)
    attempts = Attempts(turns, services.networks, points, store.blobs, store.notifications, settings.scratch_folder, heartbeat_s)
    url = store.database_url.get_secret_value()
    return Worker(url, attempts, settings.workers, settings.takeover_s, settings.drain_s)
