"""The local admin: whoever uses a laptop's own address while no login is set up."""

from typing import Final

from gateway.people.permissions import GRANTS, Role
from gateway.people.principal import Kind, Principal

LOCAL_INSTITUTION: Final = "local"
LOCAL_ADMIN: Final = Principal("local", Kind.LOCAL, "Local admin", Role.ADMIN, LOCAL_INSTITUTION, GRANTS[Role.ADMIN])
