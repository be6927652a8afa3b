"""The local admin: whoever uses a laptop's own address while no login is set up."""

from gateway.permissions import GRANTS, Role
from gateway.principal import Kind, Principal


def local_admin(institution: str) -> Principal:
    """May do everything; the audit knows it as `local`."""
    return Principal("local", Kind.LOCAL, "Local admin", Role.ADMIN, institution, GRANTS[Role.ADMIN])


def command_line_admin(user: str, institution: str) -> Principal:
    """Whoever can run our commands on the service's machine, by the name that the machine knows."""
    return Principal(f"cli:{user}", Kind.LOCAL, user, Role.ADMIN, institution, GRANTS[Role.ADMIN])
