from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from screening.contract import FINDINGS, NOT_DETERMINED, FindingsKind
from screening.results.finding_rules import NONE_ASSESSED, FindingRules
from screening.results.findings import Finding, FindingStatus, assess_findings, named_finding
from screening.results.volume_rule import RuleName, VolumeRule

RULES = FindingRules(FindingsKind.MULTI_LABEL, {"Emphysema": 0.5, "Lung nodule": 0.8, "Lung opacity": 0.2})
FIVE = (3, 5, 7, 9, 11)
OVER_20_MM = replace(RULES, volume_rule=VolumeRule(RuleName.MEAN_OF_HIGHEST, 20.0))
VALUES = arrays(np.float32, (5, len(FINDINGS)), elements=st.floats(0, 1, width=32))


def values_of(**highest: float) -> np.ndarray:
    """Five slices; each named finding (with _ for a space) has this value in the fourth, and half of it elsewhere."""
    values = np.zeros((5, len(FINDINGS)), np.float32)
    for name, value in highest.items():
        values[:, FINDINGS.index(name.replace("_", " "))] = value / 2
        values[3, FINDINGS.index(name.replace("_", " "))] = value
    return values


def found(values: np.ndarray, rules: FindingRules = RULES) -> dict[str, Finding]:
    return {finding.name: finding for finding in assess_findings(values, FIVE, [8.0] * 5, rules)}


def test_a_finding_is_present_from_its_threshold_on() -> None:
    findings = found(values_of(Emphysema=0.5, Lung_nodule=0.79))
    assert findings["Emphysema"] == Finding("Emphysema", FindingStatus.PRESENT, 0.5, 0.5, 9)
    assert findings["Lung nodule"].status is FindingStatus.ABSENT
    assert findings["Atelectasis"] == Finding("Atelectasis", FindingStatus.NOT_ASSESSED)


def test_the_volume_rule_makes_the_score() -> None:
    score = found(values_of(Emphysema=0.8), OVER_20_MM)["Emphysema"].score
    assert score == pytest.approx((8 * 0.8 + 12 * 0.4) / 20)


def test_what_is_not_assessed_is_never_named_however_high_its_values() -> None:
    values = values_of(Atelectasis=1.0, Lung_nodule=0.7)
    assert named_finding(found(values).values()) == NOT_DETERMINED
    assert named_finding(found(values, NONE_ASSESSED).values()) == NOT_DETERMINED


def test_the_finding_farthest_above_its_threshold_is_named() -> None:
    assert named_finding(found(values_of(Emphysema=0.9, Lung_nodule=0.85, Lung_opacity=0.3)).values()) == "Emphysema"
    assert named_finding(found(values_of(Emphysema=0.55, Lung_nodule=0.99)).values()) == "Lung nodule"


@given(VALUES)
def test_all_sixteen_are_listed_present_ones_first(values: np.ndarray) -> None:
    findings = assess_findings(values, FIVE, [8.0] * 5, OVER_20_MM)
    assert sorted(finding.name for finding in findings) == sorted(FINDINGS)
    order = [FindingStatus.PRESENT, FindingStatus.ABSENT, FindingStatus.NOT_ASSESSED]
    ranks = [order.index(finding.status) for finding in findings]
    assert ranks == sorted(ranks)
    assert {finding.name for finding in findings if finding.status is not FindingStatus.NOT_ASSESSED} == set(
        RULES.thresholds
    )
    assert all(finding.score is None for finding in findings if finding.status is FindingStatus.NOT_ASSESSED)


@given(VALUES, st.integers(0, 4), st.floats(0, 1, width=32))
def test_a_higher_value_in_a_slice_never_makes_a_present_finding_absent(
    values: np.ndarray, number: int, value: float
) -> None:
    before = found(values, OVER_20_MM)
    raised = values.copy()
    raised[number] = np.maximum(raised[number], np.float32(value))
    after = found(raised, OVER_20_MM)
    for name, finding in before.items():
        if finding.status is FindingStatus.PRESENT:
            assert after[name].status is FindingStatus.PRESENT


@given(VALUES)
def test_values_of_findings_that_are_not_assessed_change_nothing(values: np.ndarray) -> None:
    silent = values.copy()
    for number, name in enumerate(FINDINGS):
        if name not in RULES.thresholds:
            silent[:, number] = 1.0 - silent[:, number]
    assert found(values) == found(silent)


@pytest.mark.parametrize(
    ("thresholds", "reason"),
    [
        ({"Pneumothorax": 0.5}, "unknown findings: Pneumothorax"),
        ({"Emphysema": 1.0}, "not inside"),
        ({"Emphysema": 0}, "not inside"),
    ],
)
def test_impossible_rules_are_refused(thresholds: dict[str, float], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        FindingRules(FindingsKind.SOFTMAX, thresholds)


def test_a_card_without_the_section_assesses_nothing() -> None:
    assert FindingRules.of_card({}) == NONE_ASSESSED


def test_the_section_of_a_card_is_read() -> None:
    figures = {"Emphysema": {"threshold": 0.4, "patients": 20}}
    rule = {"name": "mean_of_highest", "mm": 20.0}
    rules = FindingRules.of_card({"findings": {"kind": "multi_label", "volume_rule": rule, "assessed": figures}})
    assert (rules.kind, dict(rules.thresholds)) == (FindingsKind.MULTI_LABEL, {"Emphysema": 0.4})
    assert rules.volume_rule == OVER_20_MM.volume_rule
    with pytest.raises(ValueError, match="not a valid FindingsKind"):
        FindingRules.of_card({"findings": {"kind": "argmax", "volume_rule": rule, "assessed": {}}})
