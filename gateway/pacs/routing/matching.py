"""Which rule decides about a study. A missing attribute never keeps a study from being screened.

A condition holds, does not hold, or is unknown when the study lacks the attribute; of these the minimum is `and`, the
maximum `or` (Kleene's logic). The first rule that fits wins. But a rule that does not screen gives way to an
earlier one that screens and that only a missing attribute keeps from fitting.

    source                  always known
    sender, study           one value; unknown when absent
    description, age
    modality                any of the study's may fit; unknown when it has none
    body part, station,     each series has one: in a rule that screens any may fit, in one that does not screen all
    series description      must; unknown when absent, and "" is a series without
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from math import floor, isfinite
from typing import Final

from gateway.database.tables.scan_origins import Source
from gateway.pacs.routing.decision import Decision, StudyAttributes
from gateway.pacs.routing.patterns import fits
from gateway.pacs.routing.rule import RoutingRule, RuleConditions

CT: Final = "CT"


class Fit(IntEnum):
    """Whether a condition or a rule fits."""

    NO = 0
    UNKNOWN = 1
    YES = 2


def decide(rules: Iterable[RoutingRule], attributes: StudyAttributes) -> Decision:
    """What these rules, in order, do with the study.

    Without one that fits, every CT is screened, and its result goes where results go by default; that of a person's
    upload, whose images no archive may hold, goes nowhere.
    """
    if not _may_be_screened(attributes):
        return Decision(screen=False)
    perhaps = None
    for rule in rules:
        fit = fit_of(rule, attributes) if _concerns(rule, attributes) else Fit.NO
        if fit is Fit.YES and (rule.action.screen or perhaps is None):
            return _decision(rule)
        if fit is Fit.YES:
            return _decision(perhaps or rule, certain=False)
        if fit is Fit.UNKNOWN and rule.action.screen:
            perhaps = perhaps or rule
    return Decision(screen=True, destinations=() if attributes.source is Source.UPLOAD else None)


def fit_of(rule: RoutingRule, attributes: StudyAttributes) -> Fit:
    """Whether all conditions of the rule hold."""
    return min(_fits(rule.conditions, attributes, any_series=rule.action.screen), default=Fit.YES)


def _may_be_screened(attributes: StudyAttributes) -> bool:
    """Not a study that is known to hold no CT; a person's upload is screened whatever it holds."""
    known = all(attributes.modalities) and bool(attributes.modalities)
    return attributes.source is Source.UPLOAD or not known or CT in attributes.modalities


def _concerns(rule: RoutingRule, attributes: StudyAttributes) -> bool:
    """A person's upload is screened by that person's wish: of the rules only those that screen say where it goes."""
    return rule.enabled and (rule.action.screen or attributes.source is not Source.UPLOAD)


def _decision(rule: RoutingRule, *, certain: bool = True) -> Decision:
    action = rule.action
    return Decision(action.screen, action.urgent, action.destinations, rule.name, certain)


def _fits(asked: RuleConditions, attributes: StudyAttributes, *, any_series: bool) -> Iterator[Fit]:
    """Of each condition that asks something, whether it holds."""
    of_series = max if any_series else min
    if asked.source:
        yield Fit.YES if attributes.source in asked.source else Fit.NO
    for patterns, values, combine in (
        (asked.sender, (attributes.sender,), max),
        (asked.modality, attributes.modalities, max),
        (asked.body_part, attributes.body_parts, of_series),
        (asked.study_description, (attributes.study_description,), max),
        (asked.series_description, attributes.series_descriptions, of_series),
        (asked.station, attributes.stations, of_series),
    ):
        if patterns:
            yield combine((_fit_of_text(patterns, value) for value in values), default=Fit.UNKNOWN)
    if asked.age_from is not None or asked.age_to is not None:
        yield _fit_of_age(asked.age_from, asked.age_to, attributes.age_years)


def _fit_of_text(patterns: Sequence[str], value: str) -> Fit:
    if not value.strip():
        return Fit.UNKNOWN
    return Fit.YES if any(fits(pattern, value) for pattern in patterns) else Fit.NO


def _fit_of_age(from_years: int | None, to_years: int | None, age_years: float | None) -> Fit:
    """Both ends are in completed years: `to` 17 includes the last day before the 18th birthday."""
    if age_years is None or not isfinite(age_years) or age_years < 0:
        return Fit.UNKNOWN
    completed = floor(age_years)
    if from_years is not None and completed < from_years:
        return Fit.NO
    return Fit.NO if to_years is not None and completed > to_years else Fit.YES
