"""Searches of studies and series in the index. Of a study that several scans hold, the newest scan answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, any_, exists, func, literal, not_, or_, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from gateway.database.tables import DicomSeriesRow, DicomStudyRow, PatientRow, ReportRow, ScanRow
from gateway.pacs.dicomweb.catalogue import SeriesSummary
from gateway.pacs.dicomweb.dicom_json import tag_of
from gateway.pacs.dicomweb.search_query import Kind, Level, Match, SearchQuery

RESULTS_MODALITY = "SR"  # every report has one, whether it was made yet or not


@dataclass(frozen=True)
class Visibility:
    """What a principal may see: its institution; names, and with them everything; results of reports."""

    institution: str
    names: bool
    results: bool


@dataclass(frozen=True)
class FoundStudy:
    """A study; `modalities`, `series` and `instances` are of what is listed of it."""

    scan_id: UUID
    uid: str
    pseudonym: str
    attributes: Mapping[str, Any] = field(repr=False)
    modalities: tuple[str, ...]
    series: int
    instances: int


@dataclass(frozen=True)
class FoundSeries:
    """A series and its study."""

    study: FoundStudy
    series: SeriesSummary


async def studies(session: AsyncSession, sees: Visibility, query: SearchQuery) -> tuple[FoundStudy, ...]:
    """The studies of a page, those of the newest scans first; one more than the limit when there are more."""
    rows = await session.execute(
        _studies(sees, query)
        .order_by(DicomStudyRow.scanned_at.desc(), DicomStudyRow.scan_id, DicomStudyRow.study_uid)
        .limit(query.limit + 1)
        .offset(query.offset)
    )
    return tuple(map(_study_of, rows))


async def study(session: AsyncSession, sees: Visibility, study_uid: str) -> FoundStudy | None:
    """One study; None when the principal's institution holds none of this UID, or nothing of it that it may see."""
    match = Match("StudyInstanceUID", Kind.UIDS, (study_uid,))
    row = (await session.execute(_studies(sees, SearchQuery((match,))))).one_or_none()
    return None if row is None else _study_of(row)


async def series(session: AsyncSession, sees: Visibility, query: SearchQuery) -> tuple[FoundSeries, ...]:
    """The series of a page, in the order of their studies; one more than the limit when there are more."""
    found = _studies(sees, query).subquery()
    rows = await session.execute(
        select(
            found,
            DicomSeriesRow.series_uid,
            DicomSeriesRow.modality,
            DicomSeriesRow.is_ct,
            DicomSeriesRow.instances.label("series_instances"),
            DicomSeriesRow.attributes.label("series_attributes"),
        )
        .join(
            DicomSeriesRow,
            and_(DicomSeriesRow.scan_id == found.c.scan_id, DicomSeriesRow.study_uid == found.c.study_uid),
        )
        .where(_listed(sees), *_series_clauses(query))
        .order_by(
            found.c.scanned_at.desc(),
            found.c.scan_id,
            found.c.study_uid,
            DicomSeriesRow.report_id.is_not(None),
            DicomSeriesRow.place,
        )
        .limit(query.limit + 1)
        .offset(query.offset)
    )
    return tuple(FoundSeries(_study_of(row), SeriesSummary(*row[-5:])) for row in rows)


def _studies(sees: Visibility, query: SearchQuery) -> Select[Any]:
    listed = (
        select(
            func.array_agg(DicomSeriesRow.modality.distinct()).label("modalities"),
            func.count().label("series"),
            func.sum(DicomSeriesRow.instances).label("instances"),
        )
        .where(
            DicomSeriesRow.scan_id == DicomStudyRow.scan_id,
            DicomSeriesRow.study_uid == DicomStudyRow.study_uid,
            _listed(sees),
        )
        .lateral("listed")
    )
    has_report = exists().where(ReportRow.scan_id == DicomStudyRow.scan_id) if sees.results else literal(False)
    return (
        select(
            DicomStudyRow.scan_id,
            DicomStudyRow.study_uid,
            PatientRow.pseudonym,
            DicomStudyRow.attributes,
            listed.c.modalities,
            listed.c.series,
            listed.c.instances,
            has_report.label("has_report"),
            DicomStudyRow.scanned_at,
        )
        .join(ScanRow, ScanRow.id == DicomStudyRow.scan_id)
        .join(PatientRow, PatientRow.id == ScanRow.patient_id)
        .join(listed, literal(True))
        .where(
            DicomStudyRow.institution == sees.institution,
            listed.c.series > 0,
            _is_newest(),
            *(_study_clause(match, sees, listed.c.modalities, has_report) for match in query.at(Level.STUDY)),
        )
    )


def _is_newest() -> ColumnElement[bool]:
    other = aliased(DicomStudyRow)
    return not_(
        exists().where(
            other.institution == DicomStudyRow.institution,
            other.study_uid == DicomStudyRow.study_uid,
            tuple_(other.scanned_at, other.scan_id) > tuple_(DicomStudyRow.scanned_at, DicomStudyRow.scan_id),
        )
    )


def _listed(sees: Visibility) -> ColumnElement[bool]:
    """Without names CT images alone: the headers and pixels of all else may hold text of any kind."""
    of_upload = DicomSeriesRow.report_id.is_(None)
    if not sees.names:
        return and_(of_upload, DicomSeriesRow.is_ct)
    return literal(True) if sees.results else of_upload


def _study_clause(
    match: Match, sees: Visibility, modalities: ColumnElement[Any], has_report: ColumnElement[bool]
) -> ColumnElement[bool]:
    if match.keyword == "ModalitiesInStudy":
        own = modalities.op("&&", is_comparison=True)(literal(list(match.values), ARRAY(TEXT)))
        return or_(own, has_report) if RESULTS_MODALITY in match.values else own
    if not sees.names and match.keyword in ("PatientName", "PatientID"):
        return _text_clause(PatientRow.pseudonym, match)
    columns: dict[str, Any] = {
        "PatientName": DicomStudyRow.patient_name,
        "PatientID": DicomStudyRow.patient_id,
        "AccessionNumber": DicomStudyRow.accession_number,
        "StudyDate": DicomStudyRow.study_date,
        "StudyInstanceUID": DicomStudyRow.study_uid,
    }
    return _clause(columns.get(match.keyword, _json_text(DicomStudyRow.attributes, match)), match)


def _series_clauses(query: SearchQuery) -> Sequence[ColumnElement[bool]]:
    columns: dict[str, Any] = {"Modality": DicomSeriesRow.modality, "SeriesInstanceUID": DicomSeriesRow.series_uid}
    return [
        _clause(columns.get(match.keyword, _json_text(DicomSeriesRow.attributes, match)), match)
        for match in query.at(Level.SERIES)
    ]


def _json_text(attributes: Any, match: Match) -> Any:
    path = [tag_of(match.keyword), "Value", "0", *(["Alphabetic"] if match.kind is Kind.NAME else [])]
    return func.coalesce(attributes[path].astext, "")


def _clause(text: Any, match: Match) -> ColumnElement[bool]:
    if match.kind is Kind.DATE:
        first, last = match.values
        known = and_(text != "", text >= first)
        return and_(known, text <= last) if last else known
    if match.kind in (Kind.UIDS, Kind.CODES):
        among: ColumnElement[bool] = text == any_(literal(list(match.values), ARRAY(TEXT)))
        return among
    return _text_clause(text, match)


def _text_clause(text: Any, match: Match) -> ColumnElement[bool]:
    (value,) = match.values
    literals = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = literals.replace("*", "%").replace("?", "_")
    if match.kind is Kind.NAME:
        clause: ColumnElement[bool] = func.rtrim(text, "^").ilike(pattern.rstrip("^"), escape="\\")
    else:
        clause = text.like(pattern, escape="\\")
    return clause


def _study_of(row: Any) -> FoundStudy:
    modalities = set(row.modalities) | ({RESULTS_MODALITY} if row.has_report else set())
    return FoundStudy(
        row.scan_id,
        row.study_uid,
        row.pseudonym,
        row.attributes,
        tuple(sorted(modalities - {""})),
        row.series,
        row.instances,
    )
