"""The worker of this process, made from the services and the record store."""

from gateway.analyses.attempt import Attempts
from gateway.analyses.job_leases import JobLeases
from gateway.analyses.worker import HEARTBEATS_PER_LEASE_TIMEOUT, Worker, worker_name
from gateway.composition.record_store import RecordStore
from gateway.composition.services import Services
from gateway.screening.card_in_force import CardsInForce


def create_worker(services: Services, store: RecordStore) -> Worker:
    """A worker that takes no job before `running` is entered."""
    settings = services.settings
    leases = JobLeases(store.database, services.metrics, worker_name(), settings.turn_weights)
    heartbeat_s = settings.lease_timeout_s / HEARTBEATS_PER_LEASE_TIMEOUT
    cards = CardsInForce(store.database)
    attempts = Attempts(
        leases, services.networks, cards, store.blobs, store.notifications, services.scratch, heartbeat_s
    )
    url = store.database_url.get_secret_value()
    return Worker(url, attempts, settings.workers, settings.lease_timeout_s, settings.drain_s)
