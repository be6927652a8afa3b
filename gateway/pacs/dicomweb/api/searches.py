"""QIDO-RS (PS3.18 10.6): GET /dicom-web/studies, /series, /instances and those of one study or series."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response

from gateway.http.authorization import LIST_RATE_LIMIT, Context, requires
from gateway.http.documented_errors import Problems, problem, problems
from gateway.pacs.dicomweb.accept import JSON, Accepted
from gateway.pacs.dicomweb.api.addresses import PREFIX, SeriesUid, StudyUid, uri_of
from gateway.pacs.dicomweb.dicom_json import json_text
from gateway.pacs.dicomweb.search_query import MATCHED, Level, SearchQuery
from gateway.pacs.dicomweb.searching import Matches, Searching
from gateway.permissions import Scope
from gateway.principal import Principal

Searcher = Annotated[Principal, requires(Scope.SCANS_READ)]
PLAIN_JSON: Final = "application/json"
RESPONSES: Final[Problems] = {
    200: {"description": "The matches, as DICOM JSON", "content": {JSON: {"schema": {"type": "array"}}}},
    204: {"description": "Nothing matches"},
    **problems(404),
    400: problem("An attribute that is not matched here, or a malformed value: invalid_query"),
    406: problem("Accept names neither application/dicom+json nor application/json: not_acceptable"),
}


def searches_router(searching: Searching) -> APIRouter:
    """The searches."""
    router = APIRouter(prefix=PREFIX, tags=["dicomweb"], responses=RESPONSES, dependencies=[LIST_RATE_LIMIT])

    @router.get("/studies", **_call("Search for studies", Level.STUDY))
    async def studies(request: Request, principal: Searcher, context: Context) -> Response:
        """Those of the newest scans first; of a study that was uploaded twice the newest scan answers."""
        media_type, query = _asked(request, Level.STUDY)
        return _answer(await searching.studies(principal, context, query, uri_of(request)), media_type)

    async def series_(request: Request, principal: Principal, context: Any, study: str | None) -> Response:
        media_type, query = _asked(request, Level.SERIES)
        return _answer(await searching.series(principal, context, query, uri_of(request), study), media_type)

    @router.get("/series", **_call("Search for series", Level.SERIES))
    async def series(request: Request, principal: Searcher, context: Context) -> Response:
        return await series_(request, principal, context, None)

    @router.get("/studies/{study_uid}/series", **_call("Search for series of a study", Level.SERIES))
    async def series_of_study(request: Request, principal: Searcher, context: Context, study_uid: StudyUid) -> Response:
        """With the result objects of its newest report, for who may see them."""
        return await series_(request, principal, context, study_uid)

    async def instances_(
        request: Request, principal: Principal, context: Any, study: str | None, series: str | None
    ) -> Response:
        media_type, query = _asked(request, Level.INSTANCE)
        found = await searching.instances(principal, context, query, uri_of(request), study, series)
        return _answer(found, media_type)

    @router.get("/instances", **_call("Search for instances", Level.INSTANCE))
    async def instances(request: Request, principal: Searcher, context: Context) -> Response:
        """In at most 50 studies: name a study or a series where there are more."""
        return await instances_(request, principal, context, None, None)

    @router.get("/studies/{study_uid}/instances", **_call("Search for instances of a study", Level.INSTANCE))
    async def instances_of_study(
        request: Request, principal: Searcher, context: Context, study_uid: StudyUid
    ) -> Response:
        return await instances_(request, principal, context, study_uid, None)

    @router.get(
        "/studies/{study_uid}/series/{series_uid}/instances",
        **_call("Search for instances of a series", Level.INSTANCE),
    )
    async def instances_of_series(
        request: Request, principal: Searcher, context: Context, study_uid: StudyUid, series_uid: SeriesUid
    ) -> Response:
        return await instances_(request, principal, context, study_uid, series_uid)

    return router


def _asked(request: Request, level: Level) -> tuple[str, SearchQuery]:
    media_type = Accepted.of(request.headers.getlist("accept")).choose(JSON, PLAIN_JSON)
    return media_type, SearchQuery.of(request.query_params.multi_items(), level)


def _answer(matches: Matches, media_type: str) -> Response:
    headers = {"Warning": ", ".join(f'299 turnstile "{one}"' for one in matches.warnings)} if matches.warnings else {}
    if not matches.items:
        return Response(status_code=204, headers=headers)
    body = json_text(matches.items)
    return Response(body, headers=headers, media_type=media_type)


def _call(summary: str, level: Level) -> dict[str, Any]:
    """What the description of the API says of a search."""
    names = [name for name, (own, _) in MATCHED.items() if own.value <= level.value]
    number = {"type": "integer", "minimum": 0, "maximum": 999_999_999}
    schemas = {name: {"type": "string"} for name in (*names, "includefield", "fuzzymatching")}
    parameters = [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in ({**schemas, "limit": number, "offset": number}).items()
    ]
    return {"summary": summary, "response_class": Response, "openapi_extra": {"parameters": parameters}}
