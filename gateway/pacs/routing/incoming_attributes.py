"""What is known of a study from the network: of the images that can be screened, where it holds some."""

from collections.abc import Iterable

from gateway.database.tables import IncomingStudyRow
from gateway.pacs.routing.decision import SeriesAttributes, StudyAttributes
from gateway.pacs.routing.matching import CT


def attributes_of(study: IncomingStudyRow, series: Iterable[SeriesAttributes]) -> StudyAttributes:
    """A dose report or a presentation state beside the CT has no body part: only the CT is asked for one."""
    known = sorted(set(series))
    asked = [one for one in known if one.modality == CT] or known
    return StudyAttributes(
        source=study.source,
        sender=study.sender,
        modalities=frozenset(one.modality for one in known),
        body_parts=frozenset(one.body_part for one in asked),
        stations=frozenset(one.station for one in asked),
        study_description=study.description,
        series_descriptions=tuple(dict.fromkeys(one.description for one in asked)),
        age_years=study.age_years,
    )
