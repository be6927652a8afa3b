"""A site's calibration: what it may change, what it refuses, and that no patient judges a fit that saw him."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.evaluation import site_calibration
from screening.evaluation.evaluated_studies import point_of
from screening.evaluation.exact_interval import exact_interval
from screening.evaluation.metrics import Decision
from screening.evaluation.more_studies import narrowed, patients_needed
from screening.evaluation.patient_folds import patient_folds
from screening.evaluation.platt_calibration import fit_platt
from screening.evaluation.scored_studies import LeftOut, ScoredStudies, ScoredStudy, scored_study
from screening.evaluation.site_calibration import (
    FOLDS,
    MIN_PATIENTS,
    CalibrationRefused,
    SiteCalibration,
    calibrate_site,
    is_safe,
    shipped_figures,
)
from screening.evaluation.site_card import site_card
from screening.evaluation.site_decision import KEPT, best_rule, fit_site_decision
from screening.results.calibration import calibrated, probability
from screening.results.model_card import Calibration, ModelCard
from screening.results.volume_rule import CANDIDATES, MAXIMUM, RuleName, VolumeRule
from tests.unit.screening.evaluation.made_studies import CARD, POINTS, report_of, shipped_card, site_studies, study_of

SERVED = CARD.fusion.volume_rule
NORMALS_TOO_HIGH = site_studies(60, 60, gap=4.0, shift=1.5)


@pytest.fixture(scope="module", name="corrected")
def fixture_corrected() -> SiteCalibration:
    return calibrate_site(NORMALS_TOO_HIGH, CARD)


def test_a_scanner_on_which_normals_score_too_high_is_corrected(corrected: SiteCalibration) -> None:
    found = corrected
    before, after = found.before.points["high_sensitivity"], found.after.points[found.default_point]
    assert before.specificity.value < 0.1
    assert after.specificity.value > 0.8
    assert after.sensitivity.low >= 0.9
    assert found.after.calibration_error.value < found.before.calibration_error.value
    assert found.after.calibration_error.value < 0.06


def test_a_scanner_on_which_all_scores_lie_near_1_is_corrected() -> None:
    far_off = site_studies(60, 60, gap=4.0, shift=7.0)
    assert min(study.score for study in far_off.studies) > 0.995
    found = calibrate_site(far_off, CARD)
    after = found.after.points[found.default_point]
    assert (after.specificity.value > 0.9, after.sensitivity.value > 0.9) == (True, True)
    assert found.decision.calibration.a < 49, "not at its bound"


def test_the_card_is_served_with_the_same_networks_and_names_nobody(corrected: SiteCalibration) -> None:
    shipped = shipped_card()
    card = site_card(shipped, corrected, {"not_covered": 2})
    read = ModelCard.from_json(card)
    assert read.ensemble_version == CARD.ensemble_version
    assert read.version.startswith("site-")
    assert read.operating_point.measured_on is not None
    assert not read.operating_point.measured_on.composed
    assert "study-" not in str(card)
    assert "patient-" not in str(card)
    assert card["site"]["shipped"] == shipped["version"]
    assert card["site"]["left_out"] == {"not_covered": 2}


def test_the_expert_is_asked_about_the_same_scores(corrected: SiteCalibration) -> None:
    expert = {"slope": 1.0, "shift": 0.0, "grey_zone": [0.0, 0.6], "every_study": False, "farthest_mm": 6.5}
    shipped = shipped_card(expert3d=expert, file_hashes={"expert3d/1/model.onnx": "0" * 64})
    asked = ModelCard.from_json(site_card(shipped, corrected, {})).expert3d
    assert asked is not None
    assert asked.grey_zone[0] == 0.0
    for score in (0.2, 0.5, 0.54, 0.55, 0.9):
        there, here = (probability(score, one) for one in (CARD.calibration, corrected.decision.calibration))
        assert (there < 0.6) == asked.asks(here, threshold=0.0, slice_mm=1.0)


def test_the_version_follows_from_the_content_whatever_the_order(corrected: SiteCalibration) -> None:
    shuffled = calibrate_site(ScoredStudies(tuple(reversed(NORMALS_TOO_HIGH.studies))), CARD)
    one, same = (site_card(shipped_card(), found, {})["version"] for found in (corrected, shuffled))
    assert one == same != site_card(shipped_card(), corrected, {"failed": 1})["version"]


@pytest.mark.parametrize(("normal", "pathological"), [(MIN_PATIENTS - 1, 99), (99, MIN_PATIENTS - 1), (99, 0), (0, 0)])
def test_too_few_patients_are_refused(normal: int, pathological: int) -> None:
    with pytest.raises(CalibrationRefused, match=f"{normal} patients with normal and {pathological}") as refused:
        calibrate_site(site_studies(normal, pathological), CARD)
    assert refused.value.code == "too_few_patients"


def test_many_studies_of_few_patients_are_few() -> None:
    with pytest.raises(CalibrationRefused):
        calibrate_site(site_studies(10, 10, per_patient=20), CARD)


def test_reversed_labels_are_refused() -> None:
    reversed_labels = ScoredStudies(
        tuple([study_of(n, 1 - one.label, one.logits) for n, one in enumerate(NORMALS_TOO_HIGH.studies)])
    )
    with pytest.raises(CalibrationRefused) as refused:
        calibrate_site(reversed_labels, CARD)
    assert refused.value.code == "not_told_apart"


def test_a_point_that_the_card_does_not_have_is_refused() -> None:
    with pytest.raises(CalibrationRefused, match="high_sensitivity"):
        calibrate_site(NORMALS_TOO_HIGH, CARD, "no_such_point")


def test_a_point_that_would_miss_more_without_proof_keeps_the_shipped_threshold() -> None:
    overlapping = site_studies(40, 40, gap=1.3, shift=1.5)
    found = calibrate_site(overlapping, CARD, "f1")
    before, after = found.before.points["high_sensitivity"], found.after.points[found.default_point]
    assert (found.kept, found.default_point) == (True, KEPT)
    assert after.decision == before.decision  # every study is called as before; its probability alone is another


def test_the_point_that_an_admin_chose_is_the_one_before_and_the_one_that_is_kept() -> None:
    points = {name: {"threshold": 0.5} for name in POINTS} | {"youden": {"threshold": 0.05}}
    card = ModelCard.from_json(shipped_card(operating_points=points))
    chosen = replace(card, operating_point=card.operating_points["youden"])
    overlapping = site_studies(40, 40, gap=1.3, shift=-0.5)
    found = calibrate_site(overlapping, chosen)
    before = found.before.points
    assert before["youden"].sensitivity.value > before["high_sensitivity"].sensitivity.value, "or it proves nothing"
    assert (found.before_point, found.wanted_point, found.kept) == ("youden", "youden", True)
    assert found.after.points[KEPT].decision == before["youden"].decision
    made = site_card(shipped_card(operating_points=points), found, {})
    assert made["site"]["before"]["operating_point"]["name"] == "youden"


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.5, 5.0), st.floats(-2.0, 2.0))
def test_no_calibration_misses_more_than_before_without_proof(seed: int, gap: float, shift: float) -> None:
    try:
        found = calibrate_site(site_studies(30, 36, gap, shift, seed), CARD)
    except CalibrationRefused:
        return
    assert is_safe(found.after.points[found.default_point], found.before.points["high_sensitivity"])


def test_patients_without_a_miss_are_proof_from_thirty_six_on() -> None:
    shipped = point_of(Decision(1.0, 0.1, 0.5, 0.5, 0.1), 0.5, (40, 40))
    one_missed = [point_of(Decision(1 - 1 / n, 0.9, 0.5, 0.5, 0.5), 0.5, (n, n)) for n in (40, 60)]
    assert [is_safe(point, shipped) for point in one_missed] == [False, True]


def test_a_point_that_misses_more_and_gains_nothing_is_not_taken() -> None:
    shipped, fitted = (point_of(Decision(s, 0.9, 0.5, 0.5, 0.5), 0.5, (400, 400)) for s in (1.0, 0.99))
    assert not is_safe(fitted, shipped)
    assert is_safe(point_of(Decision(0.99, 0.95, 0.5, 0.5, 0.5), 0.5, (400, 400)), shipped)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 40)), min_size=1, max_size=80), st.randoms())
def test_no_patient_is_on_both_sides_of_a_fold(cases: list[tuple[int, int]], random: object) -> None:
    labels = np.array([label for label, _ in cases])
    patients = np.array([f"p{patient}" for _, patient in cases])
    folds = list(patient_folds(labels, patients, FOLDS))
    assert sorted(np.concatenate([test for _, test in folds]).tolist()) == list(range(len(cases)))
    for training, test in folds:
        assert not set(patients[training]) & set(patients[test])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=2, max_size=60),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from(("score", "logit")),
)
def test_the_probability_rises_with_the_score_and_is_never_0_or_1(
    cases: list[tuple[int, float]], one: float, other: float, of: Literal["score", "logit"]
) -> None:
    labels, scores = np.array([label for label, _ in cases]), np.array([score for _, score in cases])
    found = fit_platt(labels, scores, of=of)
    low, high = calibrated(np.array(sorted((one, other))), found)
    assert 0.0 < low <= high < 1.0
    assert probability(one, found) == pytest.approx(float(calibrated(np.array([one]), found)[0]))


def test_a_patient_counts_one_however_many_studies_he_has() -> None:
    labels, scores = np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.5, 0.9])
    often = np.repeat([0, 1, 2, 3], [7, 1, 1, 5])
    weights = 1 / np.repeat([7, 1, 1, 5], [7, 1, 1, 5])
    assert fit_platt(labels[often], scores[often], (2, 2), weights).a == pytest.approx(
        fit_platt(labels, scores).a, 1e-3
    )


def test_the_volume_rule_changes_only_with_proof() -> None:
    random = np.random.default_rng(5)
    studies = []
    for number in range(120):  # one slice of 8 mm stands out: only the maximum, or 8 mm, sees it
        logits = random.normal(0.0, 0.4, 30)
        logits[5] = 1.5 + 0.5 * (number % 2) + random.normal(0.0, 0.05)
        logits[6:9] += random.normal(0.0, 1.0)
        studies.append(study_of(number, number % 2, logits))
    assert best_rule(ScoredStudies(tuple(studies)), SERVED) in (MAXIMUM, VolumeRule(RuleName.MEAN_OF_HIGHEST, 8.0))
    assert best_rule(NORMALS_TOO_HIGH, SERVED) == SERVED


def test_the_shipped_figures_need_no_second_class() -> None:
    figures = shipped_figures(site_studies(25, 0), CARD)
    point = figures.points["high_sensitivity"]
    assert 0 <= point.specificity.low < point.specificity.high <= 1
    assert (point.sensitivity.low, point.sensitivity.high) == (0.0, 1.0)


def test_a_shipped_threshold_means_the_same_studies_on_the_site_scale() -> None:
    decision = fit_site_decision(NORMALS_TOO_HIGH, CARD, SERVED)
    shipped = calibrated(NORMALS_TOO_HIGH.scores(SERVED, SERVED), CARD.calibration) >= 0.5
    site = decision.probabilities(NORMALS_TOO_HIGH, SERVED) >= decision.thresholds[KEPT]
    assert (shipped == site).all()
    assert isinstance(decision.calibration, Calibration)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(-6.0, 14.0), st.floats(0.0, 6.0), st.sampled_from((SERVED, *CANDIDATES)))
def test_a_study_that_sets_a_threshold_is_found_by_it_in_service(
    seed: int, shift: float, gap: float, rule: VolumeRule
) -> None:
    served = _at_full_precision(seed, shift, gap)
    reported = [scored_study([report_of(one)], one.study, one.patient, one.label, CARD) for one in served.studies]
    read = ScoredStudies(tuple([one for one in reported if isinstance(one, ScoredStudy)]))
    assert len(read) == len(served)
    if rule != SERVED and not read.other_rules_known(SERVED):
        return
    decision = fit_site_decision(read, CARD, rule)
    found = decision.probabilities(served, SERVED)[served.labels == 1]
    weights = served.patient_weights[served.labels == 1]
    for name, least in (("high_sensitivity", 1.0), ("sensitivity_95", 0.95)):
        assert weights @ (found >= decision.thresholds[name]) / weights.sum() >= least - 1e-9, name


def _at_full_precision(seed: int, shift: float, gap: float) -> ScoredStudies:
    """Studies of 20 patients of each class, with scores as serving has them: not rounded."""
    random = np.random.default_rng(seed)
    made = []
    for number in range(60):
        label = int(number % 3 == 0)
        bare = study_of(number, label, random.normal(shift + gap * label, 2.0, 12), f"{number % 40}")
        one = replace(bare, extents_mm=random.uniform(1.0, 8.0, 12), r=random.random(12) * random.integers(0, 2))
        made.append(replace(one, score=one.score_by(SERVED)))
    return ScoredStudies(tuple(made))


def test_points_count_each_patient_once() -> None:
    one = site_studies(40, 40, gap=2.0)
    often = ScoredStudies(
        tuple(
            [
                replace(study, study=f"{study.study}-{n}")
                for study in one.studies
                for n in range(1 + 9 * (study.score < 0.5))
            ]
        )
    )
    once, many = (fit_site_decision(studies, CARD, SERVED).thresholds for studies in (one, often))
    assert many == pytest.approx(once, abs=1e-4)


def test_the_rule_of_all_studies_is_chosen_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counted(studies: ScoredStudies, served: VolumeRule) -> VolumeRule:
        asked.append(len(studies))
        return MAXIMUM

    monkeypatch.setattr(site_calibration, "best_rule", counted)
    calibrate_site(site_studies(30, 30), CARD)
    assert asked.count(60) == 1
    assert len(asked) == 1 + FOLDS


def test_a_report_gives_the_served_score_and_the_slices_behind_it() -> None:
    study = NORMALS_TOO_HIGH.studies[70]
    read = scored_study([report_of(study)], study.study, study.patient, 1, CARD, "2026-01")
    assert isinstance(read, ScoredStudy)
    assert read.score_by(SERVED) == pytest.approx(read.score, abs=1e-5)
    assert read.score_by(MAXIMUM) == pytest.approx(study.score_by(MAXIMUM), abs=1e-5)


def test_an_older_report_has_a_score_but_no_other_rule() -> None:
    report = report_of(NORMALS_TOO_HIGH.studies[0])
    for one in report["evidence"]["slices"]:
        del one["extent_mm"]
    read = scored_study([report], "a", "b", 0, CARD)
    assert isinstance(read, ScoredStudy)
    assert not ScoredStudies((read,)).other_rules_known(SERVED)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"coverage": {"complete": False}}, LeftOut.NOT_COVERED),
        ({"coverage": {"complete": False}, "error": {"code": "lungs_cut_off", "detail": ""}}, LeftOut.NOT_COVERED),
        ({"error": {"code": "no_lung", "detail": ""}}, LeftOut.FAILED),
        ({"provenance": {"file_hashes": {}}}, LeftOut.OTHER_NETWORKS),
    ],
)
def test_a_study_that_cannot_be_calibrated_on_says_why(changed: dict[str, Any], why: LeftOut) -> None:
    report = report_of(NORMALS_TOO_HIGH.studies[0], **changed)
    assert scored_study([report], "a", "b", 0, CARD) is why
    assert scored_study([report, report], "a", "b", 0, CARD) is LeftOut.SEVERAL_STUDIES


OTHER_RULE = ModelCard.from_json(shipped_card(version="site-1", volume_rule=MAXIMUM.to_json()))


def test_a_score_by_another_volume_rule_is_made_anew() -> None:
    study = NORMALS_TOO_HIGH.studies[70]
    report = report_of(study, OTHER_RULE)
    read = scored_study([report], "a", "b", 1, CARD)
    assert isinstance(read, ScoredStudy)
    assert report["score"] > study.score > read.score == pytest.approx(study.score, abs=1e-5)


def test_a_score_by_another_rule_without_its_slices_is_left_out() -> None:
    report = report_of(NORMALS_TOO_HIGH.studies[0], OTHER_RULE)
    for one in report["evidence"]["slices"]:
        del one["extent_mm"]
    assert scored_study([report], "a", "b", 0, CARD) is LeftOut.OTHER_RULE
    unexplained = report_of(NORMALS_TOO_HIGH.studies[0], OTHER_RULE)
    unexplained["evidence"]["classifier_p"] = 0.999
    assert scored_study([unexplained], "a", "b", 0, CARD) is LeftOut.OTHER_RULE


@pytest.mark.parametrize(
    "changed",
    [
        {"test_time_slices": 0},
        {"view_spacing_mm": 5.0},
        {"error_range": {"r_min": 0.1, "r_max": 1.0}},
        {"error_rule": {"clip": 0.5, "min_lung_share": 0.05}},
    ],
)
def test_a_score_that_other_numbers_of_the_card_made_is_left_out(changed: dict[str, Any]) -> None:
    card = ModelCard.from_json(shipped_card(version="trained-again", **changed))
    assert scored_study([report_of(NORMALS_TOO_HIGH.studies[0], card)], "a", "b", 0, CARD) is LeftOut.OTHER_RULE


def test_an_export_with_other_points_alone_keeps_the_scores() -> None:
    card = ModelCard.from_json(shipped_card(version="trained-again", calibration={"a": 9.0, "b": -5.0}))
    assert isinstance(scored_study([report_of(NORMALS_TOO_HIGH.studies[0], card)], "a", "b", 0, CARD), ScoredStudy)


def test_an_older_report_is_known_by_its_card() -> None:
    report = report_of(NORMALS_TOO_HIGH.studies[0])
    for name in ("score_fingerprint", "volume_rule"):
        del report["provenance"][name]
    assert isinstance(scored_study([report], "a", "b", 0, CARD), ScoredStudy)
    assert scored_study([report], "a", "b", 0, OTHER_RULE) is LeftOut.OTHER_RULE


def test_a_study_that_the_expert_was_not_asked_about_is_left_out_where_the_card_asks() -> None:
    zone = {"slope": 1.0, "shift": 0.0, "grey_zone": [0.0, 1.0], "every_study": False, "farthest_mm": 6.5}
    card = ModelCard.from_json(shipped_card(expert3d=zone, file_hashes={"expert3d/1/model.onnx": "0" * 64}))
    report = report_of(NORMALS_TOO_HIGH.studies[0], card)
    assert scored_study([report], "a", "b", 0, card) is LeftOut.OTHER_RULE
    report["evidence"]["expert3d"] = {"p": 0.999}
    read = scored_study([report], "a", "b", 0, card)
    assert isinstance(read, ScoredStudy)
    assert read.score == 0.999


def test_the_opinion_of_an_expert_whom_the_card_does_not_ask_is_not_in_the_score() -> None:
    zone = {"slope": 1.0, "shift": 0.0, "grey_zone": [0.0, 1e-6], "every_study": False, "farthest_mm": 6.5}
    card = ModelCard.from_json(shipped_card(expert3d=zone, file_hashes={"expert3d/1/model.onnx": "0" * 64}))
    report = report_of(next(one for one in NORMALS_TOO_HIGH.studies if one.score > 0.6), card)
    alone, report["score"] = report["score"], 0.999
    report["evidence"]["expert3d"] = {"p": 0.999}
    read = scored_study([report], "a", "b", 0, card)
    assert isinstance(read, ScoredStudy)
    assert read.score == alone


def test_more_patients_narrow_the_interval_of_their_class() -> None:
    point = point_of(Decision(0.95, 0.8, 0.5, 0.5, 0.5), 0.5, (40, 40))
    specificity = [one.interval for one in narrowed(point, (40, 40)) if one.figure == "specificity"]
    widths = [interval.high - interval.low for interval in (point.specificity, *specificity)]
    assert widths == sorted(widths, reverse=True)


def test_so_many_patients_prove_a_sensitivity() -> None:
    assert patients_needed(1.0, 0.9) == 36
    assert patients_needed(0.9, 0.9) is None
    needed = patients_needed(0.95, 0.9)
    assert needed is not None
    assert exact_interval(0.95, needed).low >= 0.9 > exact_interval(0.95, needed - 1).low
