"""Which findings are assessed: values whose comparisons and thresholds are known by construction."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.contract import FINDINGS, FindingsKind
from screening.results.finding_rules import FindingRules
from training.finding_assessment import BAR, LEAST_LABELLED, FindingAssessment, SideFindings, assess, findings_json
from training.finding_comparisons import Against, FindingValues, comparisons
from training.finding_table import finding_lines
from training.finding_thresholds import SPECIFICITY, finding_studies
from training.slice_cache import SliceRow

EMPHYSEMA, NODULE = FINDINGS.index("Emphysema"), FINDINGS.index("Lung nodule")
PATIENTS, OF_EACH = 12, 3


def rows_of(dataset: str, finding: str | None) -> list[SliceRow]:
    known = frozenset({finding} if finding else ())
    return [
        SliceRow(dataset, f"{dataset} {finding} {patient}", "s", int(bool(finding)), known, (), None)
        for patient in range(PATIENTS)
        for _ in range(OF_EACH)
    ]


def values_of(rows: Sequence[SliceRow], told: bool, seed: int = 0) -> FindingValues:
    """Values that tell emphysema, or that are the same noise for all slices; nodules are never told."""
    random = np.random.default_rng(seed)
    values = random.uniform(0.05, 0.4, (len(rows), len(FINDINGS))).astype(np.float32)
    if told:
        values[[bool(row.findings) and "Emphysema" in (row.findings or ()) for row in rows], EMPHYSEMA] += 0.5
    return FindingValues(rows, values)


REAL = [*rows_of("one", None), *rows_of("one", "Emphysema"), *rows_of("two", None), *rows_of("two", "Lung nodule")]
PAINTED = [
    replace(row, findings=frozenset({name})) for row in rows_of("one", None) for name in ("Emphysema", "Lung nodule")
]


def side_of(told: bool, rows: Sequence[SliceRow] = REAL, painted_told: bool | None = None) -> SideFindings:
    painted = values_of(PAINTED, told if painted_told is None else painted_told, 1)
    return SideFindings(values_of(rows, told), painted)


def found(side: SideFindings) -> dict[str, FindingAssessment]:
    return {one.name: one for one in assess(side, side)}


def test_what_is_told_in_every_comparison_is_assessed() -> None:
    one = found(side_of(told=True))["Emphysema"]
    assert one.assessed, one.reason
    assert {key: comparison.auc.value for key, comparison in one.validation.items()} == dict.fromkeys(Against, 1.0)
    assert one.threshold is not None
    assert 0.35 < one.threshold < 0.55
    assert one.sensitivity is not None
    assert one.sensitivity.value == 1.0
    assert one.sensitivity.low < 0.8  # twelve patients
    assert one.specificity is not None
    assert one.specificity.value >= SPECIFICITY


def test_what_is_not_told_is_not_assessed_and_says_why() -> None:
    one = found(side_of(told=True))["Lung nodule"]
    assert not one.assessed
    assert one.reason.startswith("ROC-AUC 0.")
    assert one.threshold is None
    assert one.sensitivity is None


def test_a_data_set_that_is_known_by_its_look_does_not_make_a_finding() -> None:
    """The label is told perfectly, painted lesions are not: what is told may be the set."""
    one = found(side_of(told=True, painted_told=False))["Emphysema"]
    assert not one.assessed
    assert Against.PAINTED.value in one.reason


def test_a_finding_of_a_set_without_normals_needs_painted_lesions() -> None:
    rows = [row for row in REAL if (row.dataset, row.label) != ("one", 0)]
    assert found(side_of(told=True, rows=rows))["Emphysema"].assessed
    silent = SideFindings(values_of(rows, told=True), FindingValues([], np.zeros((0, 16), np.float32)))
    assert found(silent)["Emphysema"].reason == "no comparison within a data set or a slice"


def test_few_labelled_patients_are_too_few() -> None:
    few = [row for row in REAL if not row.findings or int(row.patient.split()[-1]) < LEAST_LABELLED - 1]
    one = found(side_of(told=True, rows=few))["Emphysema"]
    assert one.reason == f"{LEAST_LABELLED - 1} labelled patients of {LEAST_LABELLED}"
    assert found(side_of(told=True))["Atelectasis"].reason == "no labelled patients"


@given(st.floats(0, 0.5), st.integers(0, 99))
@settings(max_examples=15)
def test_at_most_one_in_twenty_studies_without_the_finding_is_called(more: float, seed: int) -> None:
    values = values_of(REAL, told=False, seed=seed)
    values.values[[bool(row.findings) and "Emphysema" in (row.findings or ()) for row in REAL], EMPHYSEMA] += more
    studies = finding_studies("Emphysema", values)
    assert studies is not None
    threshold = studies.threshold()
    for group in np.unique(studies.groups):
        assert (studies.without_it[studies.groups == group] < threshold).mean() >= SPECIFICITY
    assert studies.specificity(threshold - 0.02).value <= studies.specificity(threshold).value
    assert (studies.patients_with, studies.patients_without) == (PATIENTS, 3 * PATIENTS)


def test_half_of_the_studies_without_it_show_another_finding() -> None:
    values = values_of(REAL, told=False)
    values.values[:, EMPHYSEMA] = [float(row.findings == frozenset({"Lung nodule"})) for row in REAL]
    studies = finding_studies("Emphysema", values)
    assert studies is not None
    assert studies.without_it.mean() == pytest.approx(0.5)


def test_no_studies_are_composed_where_nothing_shows_it() -> None:
    assert finding_studies("Atelectasis", values_of(REAL, told=True)) is None


def test_comparisons_are_over_patients_of_both_sides() -> None:
    side = side_of(told=True)
    compared = {one.against: one for one in comparisons("Emphysema", side.real, side.painted)}
    assert (compared[Against.SAME_SET].patients_with, compared[Against.SAME_SET].patients_without) == (PATIENTS,) * 2
    assert compared[Against.OTHER_FINDINGS].patients_without == PATIENTS


def test_the_section_of_the_card_is_what_serving_reads() -> None:
    assessed = assess(side_of(told=True), side_of(told=True))
    section = findings_json(assessed, FindingsKind.MULTI_LABEL, "0" * 64)
    rules = FindingRules.of_card({"findings": section})
    assert set(rules.thresholds) == {"Emphysema"}
    assert len(section["not_assessed"]) == len(FINDINGS) - 1
    assert section["bar"]["auc_low"] == BAR


def test_the_table_has_a_row_for_each_finding_and_why_it_is_silent() -> None:
    table = "\n".join(finding_lines(assess(side_of(told=True), side_of(told=True))))
    assert all(f"| {name} |" in table for name in FINDINGS)
    assert "| Atelectasis | no: no labelled patients | - | - | - |" in table
    assert "| Emphysema | yes, 12 patients | 1.000 (1.000-1.000)" in table
