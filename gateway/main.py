"""The composition root: the gateway over HTTP, one line a capability. What each is made of: `gateway.composition`."""

from fastapi import FastAPI

from gateway.composition import routers
from gateway.composition.application import create_application
from gateway.composition.dicomweb import dicomweb_routers
from gateway.composition.record_store import RecordStore
from gateway.composition.services import Services
from gateway.composition.viewing import create_viewing
from gateway.http.static_page import PAGE_FOLDER, page_router


def create_app(services: Services, store: RecordStore) -> FastAPI:
    """The whole application. The order of the lines is the order of the API's description."""
    app = create_application(services, store)
    viewing = create_viewing(services.settings, store, services.decode, services.scratch)
    for router in (
        *routers.health_routers(services, store),
        *routers.records_routers(services, store),
        *routers.viewing_routers(viewing),
        *routers.analyses_routers(services, store),
        *routers.reports_routers(services, store, viewing),
        *dicomweb_routers(store, viewing),
        *routers.predictions_routers(services, store),
        *routers.auth_routers(services, store),
        *routers.audit_routers(store),
        *routers.screening_routers(services, store),
        *routers.network_routers(store),
        *routers.sending_routers(services, store),
        *routers.receiving_routers(services, store),
        page_router(PAGE_FOLDER),  # the last one: it answers every address that is left
    ):
        app.include_router(router)
    return app
