"""Viewing, made from the settings."""

from pathlib import Path

from gateway.composition.record_store import RecordStore
from gateway.screening.decode_workers import DecodePool
from gateway.settings.settings import Settings
from gateway.viewing.render_cache import RenderCache
from gateway.viewing.scan_access import ScanAccess
from gateway.viewing.viewing import Viewing


def create_viewing(settings: Settings, store: RecordStore, decode: DecodePool, scratch: Path) -> Viewing:
    """Opens scans for viewing."""
    render_cache = RenderCache(store.blobs, decode, settings.budgets, scratch, settings.deadline_s)
    return Viewing(ScanAccess(store.database), render_cache)
