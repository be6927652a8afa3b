"""DICOMweb of what is held: its routers."""

from collections.abc import Sequence

from fastapi import APIRouter

from gateway.composition.record_store import RecordStore
from gateway.pacs.dicomweb.api.retrievals import retrievals_router
from gateway.pacs.dicomweb.api.searches import searches_router
from gateway.pacs.dicomweb.catalogue_cache import CatalogueCache
from gateway.pacs.dicomweb.held_studies import HeldStudies
from gateway.pacs.dicomweb.indexing import Indexing
from gateway.pacs.dicomweb.result_series import ResultSeries
from gateway.pacs.dicomweb.retrieval import Retrieval
from gateway.pacs.dicomweb.searching import Searching
from gateway.reports.pdf.document import ReportPdf
from gateway.reports.result_downloads import ResultDownloads
from gateway.viewing.viewing import Viewing


def dicomweb_routers(store: RecordStore, viewing: Viewing) -> Sequence[APIRouter]:
    """Searches and retrievals."""
    downloads = ResultDownloads(store.database, viewing, ReportPdf(store.database, viewing))
    indexing = Indexing(store.database, viewing.render_cache)
    catalogues = CatalogueCache()
    results = ResultSeries(store.database, downloads, catalogues)
    held = HeldStudies(store.database, viewing.access, indexing, results, catalogues)
    return [searches_router(Searching(store.database, held)), retrievals_router(Retrieval(held))]
