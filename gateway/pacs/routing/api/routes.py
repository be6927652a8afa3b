"""GET and PUT /api/routing-rules, and a dry run: an admin decides which studies are screened and where results go."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from gateway.http.authorization import LIST_RATE_LIMIT, Context, requires
from gateway.http.documented_errors import problems
from gateway.http.etag import ExpectedVersions, etag_of
from gateway.pacs.routing.api.tried_studies import TriedStudies
from gateway.pacs.routing.dry_run import MAX_STUDIES, DryRun
from gateway.pacs.routing.rule import RuleTable
from gateway.pacs.routing.rule_tables import RulesInForce, RuleTables
from gateway.permissions import Scope
from gateway.principal import Principal

Admin = Annotated[Principal, requires(Scope.OPERATION_WRITE)]
AdminWithNames = Annotated[Principal, requires(Scope.OPERATION_WRITE, Scope.NAMES_READ)]  # it shows descriptions


class RoutingRules(RuleTable):
    """The rules in force, in order. `version` counts the changes, 0 when there was none."""

    version: int
    updated_at: datetime | None
    updated_by: str | None


class TriedRules(RuleTable):
    """Rules that are tried on the last studies; they need not be in force."""

    studies: Annotated[int, Field(ge=1, le=MAX_STUDIES)] = 50


def routing_router(tables: RuleTables, dry_run: DryRun) -> APIRouter:
    """The resource `routing-rules`."""
    router = APIRouter(prefix="/api/routing-rules", tags=["network"])

    @router.get("", summary="The rules: which studies are screened, and where their results go")
    async def read(principal: Admin, response: Response) -> RoutingRules:
        return respond(await tables.read(principal), response)

    @router.put("", responses=problems(412), summary="Put other rules in force")
    async def replace(
        principal: Admin, context: Context, table: RuleTable, expected: ExpectedVersions, response: Response
    ) -> RoutingRules:
        return respond(await tables.replace(principal, table, expected, context), response)

    @router.post("/try", dependencies=[LIST_RATE_LIMIT], summary="What these rules would do with the last studies")
    async def try_(principal: AdminWithNames, context: Context, tried: TriedRules) -> TriedStudies:
        return TriedStudies.of(await dry_run.run(principal, tried, tried.studies, context))

    def respond(in_force: RulesInForce, response: Response) -> RoutingRules:
        response.headers["ETag"] = etag_of(in_force.version)
        return RoutingRules(
            rules=in_force.rules,
            version=in_force.version,
            updated_at=in_force.updated_at,
            updated_by=in_force.updated_by,
        )

    return router
