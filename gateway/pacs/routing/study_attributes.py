"""What is known of a study that came from the network, or that an archive describes."""

from collections.abc import Iterable

from gateway.database.tables.scan_origins import Source
from gateway.pacs.routing.decision import SeriesAttributes, StudyAttributes
from gateway.pacs.routing.matching import CT


def attributes_of(
    source: Source, sender: str, description: str, age_years: float | None, series: Iterable[SeriesAttributes]
) -> StudyAttributes:
    """The CT of a study is asked for body part, station and description where it holds one.

    A dose report or a presentation state beside it has no body part.
    """
    known = sorted(set(series))
    asked = [one for one in known if one.modality == CT] or known
    return StudyAttributes(
        source=source,
        sender=sender,
        modalities=frozenset(one.modality for one in known),
        body_parts=frozenset(one.body_part for one in asked),
        stations=frozenset(one.station for one in asked),
        study_description=description,
        series_descriptions=tuple(dict.fromkeys(one.description for one in asked)),
        age_years=age_years,
    )
