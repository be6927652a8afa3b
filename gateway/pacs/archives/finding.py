"""Finds the studies of a query in an archive, whatever the archive does with lists of UIDs and with unknown keys."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from gateway.pacs.archives.archive import UIDS_AT_ONCE, Archive
from gateway.pacs.archives.errors import TooManyMatches
from gateway.pacs.archives.query import FoundSeries, FoundStudy, StudyQuery


@dataclass(frozen=True)
class Found:
    """The studies that fit, the oldest first; how many answers did not fit, and which UIDs the archive does not have.

    `no_body_part` counts the studies of which no series says its body part: whether they fit is unknown.
    """

    studies: tuple[FoundStudy, ...]
    unfit: int = 0
    absent_uids: tuple[str, ...] = ()
    no_body_part: int = 0


async def find_studies(archive: Archive, query: StudyQuery) -> Found:
    """The studies of the query; raises TooManyMatches, and the errors of the archive."""
    answers: dict[str, FoundStudy] = {}
    for part in _parts(query):
        answers |= _by_uid(await archive.studies(part))
        missing = [uid for uid in part.study_uids if uid not in answers]
        for uid in missing if len(part.study_uids) > 1 else ():  # some archives take the first UID of a list alone
            answers |= _by_uid(await archive.studies(replace(query, study_uids=(uid,))))
    fitting = [study for study in answers.values() if study.fits(query)]
    if len(fitting) > query.most:
        raise TooManyMatches(f"more than {query.most} studies fit; narrow the query, or ask for more")
    ordered = sorted(fitting, key=lambda study: (study.study_date or date.max, study.study_uid))
    found = Found(
        tuple(ordered), len(answers) - len(fitting), tuple(uid for uid in query.study_uids if uid not in answers)
    )
    return found if query.body_part is None else await _with_body_part(archive, query, found)


async def _with_body_part(archive: Archive, query: StudyQuery, found: Found) -> Found:
    """Body Part Examined is of a series (PS3.3 C.7.3.1): each study is asked for its series."""
    fitting = []
    silent = 0
    for study in found.studies:
        series = [one for one in await archive.series(study.study_uid) if query.modality in (None, one.modality)]
        if _has_body_part(series, query.body_part or ""):
            fitting.append(study)
        elif not any(one.body_part for one in series):
            silent += 1
    return replace(found, studies=tuple(fitting), no_body_part=silent)


def _has_body_part(series: Iterable[FoundSeries], body_part: str) -> bool:
    return any(one.body_part.upper() == body_part.upper() for one in series)


def _by_uid(studies: Iterable[FoundStudy]) -> dict[str, FoundStudy]:
    return {study.study_uid: study for study in studies}


def _parts(query: StudyQuery) -> list[StudyQuery]:
    """The query in parts with few enough UIDs; the query itself when it has none."""
    uids = tuple(dict.fromkeys(query.study_uids))
    starts = range(0, max(1, len(uids)), UIDS_AT_ONCE)
    return [replace(query, study_uids=uids[start : start + UIDS_AT_ONCE]) for start in starts]
