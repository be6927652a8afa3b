"""Principals without a credential: the local admin on a loopback address, and the user of the command line."""

from gateway.permissions import GRANTS, Role
from gateway.principal import Principal, PrincipalKind


def local_admin(institution: str) -> Principal:
    """A principal with all scopes; its key, and so its actor in the audit log, is `local`."""
    return Principal("local", PrincipalKind.LOCAL, "Local admin", Role.ADMIN, institution, GRANTS[Role.ADMIN])


def command_line_admin(user: str, institution: str) -> Principal:
    """The user who runs a command on the service's machine, under the user name of the operating system."""
    return Principal(f"cli:{user}", PrincipalKind.LOCAL, user, Role.ADMIN, institution, GRANTS[Role.ADMIN])
