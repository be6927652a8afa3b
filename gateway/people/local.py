"""The local admin: whoever uses a laptop's own address while no login is set up."""

from gateway.people.permissions import GRANTS, Role
from gateway.people.principal import Kind, Principal


def local_admin(institution: str) -> Principal:
    """May do everything; the audit knows it as `local`."""
    return Principal("local", Kind.LOCAL, "Local admin", Role.ADMIN, institution, GRANTS[Role.ADMIN])
