"""What a call asks of its caller.

    async def patients(asking: Asking, facts: Facts) -> ...                          # signed in, whoever it is
    @router.get("/patients", dependencies=[needs(Scope.PATIENTS_READ)])              # signed in, with this scope
    async def patients(asking: Annotated[Principal, needs(Scope.PATIENTS_READ)])     # the same, and the asker

Without a login the answer is 401 `not_signed_in`, without the scope 403 `not_permitted`.
"""

from typing import Annotated, Any

from fastapi import Depends, Request

from gateway.api.request_id import request_id
from gateway.errors import NotPermitted
from gateway.people.local import local_admin
from gateway.people.permissions import Scope
from gateway.people.principal import Principal, RequestFacts


async def _asking(_request: Request) -> Principal:
    return local_admin("local")


async def _facts(request: Request) -> RequestFacts:
    return RequestFacts(request.client.host if request.client else "", request_id())


Asking = Annotated[Principal, Depends(_asking)]
Facts = Annotated[RequestFacts, Depends(_facts)]


def needs(*scopes: Scope) -> Any:
    """A dependency that gives the asker when it has every one of `scopes`."""

    async def permitted(asking: Asking) -> Principal:
        for scope in scopes:
            if not asking.may(scope):
                raise NotPermitted(f"the role {asking.role} does not include {scope}")
        return asking

    return Depends(permitted)
