"""A rule as it is written: conditions, and what is done with a study that they fit."""

from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from gateway.database.tables.scan_origins import Source
from gateway.http.text_validation import LineText

MAX_RULES: Final = 200
MAX_VALUES: Final = 50
MAX_AGE_YEARS: Final = 999  # PS3.5 6.2: PatientAge has three digits

Age = Annotated[int, Field(ge=0, le=MAX_AGE_YEARS)]


def _without_repetition(texts: tuple[LineText, ...]) -> tuple[LineText, ...]:
    return tuple(dict.fromkeys(texts))


Texts = Annotated[tuple[LineText, ...], Field(max_length=MAX_VALUES), AfterValidator(_without_repetition)]
Patterns = Annotated[
    Texts, Field(description="Any of these; * is any text, ? one character, and letters of either case are the same.")
]


class _Written(BaseModel):
    """Immutable, and without fields that are unknown: a misspelled condition must not be none."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RuleConditions(_Written):
    """What a study must be; an empty list asks nothing. `matching` says when each holds, and what is absent."""

    source: Annotated[tuple[Source, ...], Field(max_length=len(Source))] = ()
    sender: Annotated[Patterns, Field(description="AE title, account or archive that the study came from.")] = ()
    modality: Patterns = ()
    body_part: Patterns = ()
    study_description: Patterns = ()
    series_description: Patterns = ()
    station: Patterns = ()
    age_from: Annotated[Age | None, Field(description="In completed years.")] = None
    age_to: Annotated[Age | None, Field(description="In completed years; this one is included.")] = None

    @model_validator(mode="after")
    def _has_an_age(self) -> Self:
        if self.age_from is not None and self.age_to is not None and self.age_from > self.age_to:
            raise ValueError("no patient is of an age from age_from to age_to")
        return self


class RuleAction(_Written):
    """What is done. `destinations`: names; null is where results go by default, and an empty list is nowhere."""

    screen: bool
    urgent: bool = False
    destinations: Texts | None = None

    @model_validator(mode="after")
    def _has_a_result(self) -> Self:
        if not self.screen and (self.urgent or self.destinations is not None):
            raise ValueError("a study that is not screened is not urgent, and has no result to send")
        return self


class RoutingRule(_Written):
    """One rule of the table; it is known by its name."""

    name: LineText
    enabled: bool = True
    conditions: RuleConditions = RuleConditions()
    action: RuleAction

    @model_validator(mode="after")
    def _can_fit(self) -> Self:
        if not self.action.screen and self.conditions.source == (Source.UPLOAD,):
            raise ValueError("what a person uploads is screened by that person's wish: no rule prevents it")
        return self


def _with_different_names(rules: tuple[RoutingRule, ...]) -> tuple[RoutingRule, ...]:
    if len({rule.name for rule in rules}) < len(rules):
        raise ValueError("two rules have the same name")
    return rules


OrderedRules = Annotated[tuple[RoutingRule, ...], Field(max_length=MAX_RULES), AfterValidator(_with_different_names)]


class RuleTable(_Written):
    """All rules of an institution, in order."""

    rules: OrderedRules = ()
