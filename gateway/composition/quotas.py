"""The quotas of the settings."""

from gateway.quotas.quotas import Quota, Quotas
from gateway.settings.settings import Settings


def quotas_of(settings: Settings) -> Quotas:
    """The quotas of each institution and of each principal."""
    return Quotas(
        Quota(settings.institution_scans_a_day, settings.institution_bytes_a_day),
        Quota(settings.principal_scans_a_day, settings.principal_bytes_a_day),
    )
