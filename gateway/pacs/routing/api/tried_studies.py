"""The answer of a dry run."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from gateway.database.tables.scan_origins import Source
from gateway.pacs.routing.decision import Decision, StudyAttributes
from gateway.pacs.routing.dry_run import Change, TriedStudy


class StudyAttributesShown(BaseModel):
    """What a rule can ask about a study; what is absent is empty or null."""

    source: Source
    sender: str
    modalities: list[str]
    body_parts: list[str]
    stations: list[str]
    study_description: str
    series_descriptions: list[str]
    age_years: float | None

    @classmethod
    def of(cls, attributes: StudyAttributes) -> Self:
        """The attributes in a fixed order."""
        return cls(
            source=attributes.source,
            sender=attributes.sender,
            modalities=sorted(attributes.modalities),
            body_parts=sorted(attributes.body_parts),
            stations=sorted(attributes.stations),
            study_description=attributes.study_description,
            series_descriptions=list(attributes.series_descriptions),
            age_years=attributes.age_years,
        )


class RuleDecision(BaseModel):
    """A decision. `rule` null: none fits. Not `certain`: only a missing attribute keeps the rule from fitting for sure.

    `destinations` null is where results go by default, and an empty list is nowhere.
    """

    model_config = ConfigDict(from_attributes=True)

    screen: bool
    urgent: bool
    destinations: list[str] | None
    rule: str | None
    certain: bool

    @classmethod
    def of(cls, decision: Decision) -> Self:
        """The decision with its rule."""
        return cls.model_validate(decision)


class TriedStudyShown(BaseModel):
    """A study, what the rules in force do with it, what the tried rules would do, and what of that differs."""

    received_at: datetime
    study_uid: str | None
    scan_id: UUID | None
    attributes: StudyAttributesShown
    now: RuleDecision
    then: RuleDecision
    changes: list[Change]

    @classmethod
    def of(cls, tried: TriedStudy) -> Self:
        """One line of the answer."""
        study = tried.study
        return cls(
            received_at=study.received_at,
            study_uid=study.study_uid,
            scan_id=study.scan_id,
            attributes=StudyAttributesShown.of(study.attributes),
            now=RuleDecision.of(tried.now),
            then=RuleDecision.of(tried.then),
            changes=tried.changes,
        )


class TriedStudies(BaseModel):
    """The last studies, newest first, and how many of them would be treated in another way."""

    items: list[TriedStudyShown]
    changed: int

    @classmethod
    def of(cls, tried: Sequence[TriedStudy]) -> Self:
        """The answer."""
        return cls(items=[TriedStudyShown.of(one) for one in tried], changed=sum(bool(one.changes) for one in tried))
