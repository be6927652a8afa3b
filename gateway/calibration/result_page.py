"""The result of a calibration as Markdown: figures before and after, what was left out, what more would narrow."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from gateway.calibration.collected_studies import CollectedStudies
from screening.evaluation.bootstrap import Interval
from screening.evaluation.evaluated_studies import Point
from screening.evaluation.more_studies import narrowed, patients_needed
from screening.evaluation.scored_studies import LeftOut
from screening.evaluation.site_calibration import SAFE_SENSITIVITY, SiteCalibration, SiteFigures
from screening.results.model_card import ModelCard
from screening.results.report import Notice

REASONS: Final[Mapping[LeftOut, str]] = MappingProxyType(
    {
        LeftOut.NO_LABEL: "no label",
        LeftOut.CONTRADICTED: "radiologists contradict each other",
        LeftOut.SEVERAL_STUDIES: "the upload holds several studies, or none",
        LeftOut.FAILED: "not analysed; the report says why",
        LeftOut.NOT_COVERED: "the lungs were not seen whole: never called normal, whatever the threshold",
        LeftOut.OTHER_NETWORKS: "not screened with these networks: analyse the scan again",
        LeftOut.OTHER_RULE: "scored by other rules than the shipped card's: analyse the study again",
    }
)
MANY_CHOSEN: Final = 0.8  # of the analysed scans; with fewer, the page says that the choice may flatter


def studies_page(collected: CollectedStudies) -> str:
    """What was collected, as Markdown."""
    return "\n".join(_studies(collected)) + "\n"


def shipped_page(figures: SiteFigures, shipped: ModelCard) -> str:
    """The figures of the shipped card alone, where no card of the site can be made."""
    return "\n".join(["", f"## {shipped.version} on these studies", "", *_points(figures.points)]) + "\n"


def result_page(version: str, collected: CollectedStudies, found: SiteCalibration, shipped: ModelCard) -> str:
    """The whole page."""
    sections = (
        [f"# {version}: {shipped.version} calibrated on this site's studies", "", Notice.NO_MEDICAL_DEVICE.value, ""],
        _studies(collected),
        _before_and_after(found, shipped),
        _decided(found, shipped),
        ["", "## Operating points of the site's card, cross-validated", "", *_points(found.after.points)],
        _more(found),
        _limits(found),
    )
    return "\n".join(line for section in sections for line in section) + "\n"


def _studies(collected: CollectedStudies) -> Iterator[str]:
    normal, pathological = collected.studies.patient_counts
    yield f"{len(collected.studies)} studies: {normal} patients with normal and {pathological} with pathological ones."
    if collected.studies.months:
        yield "From {} to {}.".format(*collected.studies.months)
    for reason, count in sorted(collected.left_out.items()):
        if count:
            yield f"- left out: {count}, {REASONS[reason]}"
    if collected.analysed and len(collected.studies) < MANY_CHOSEN * collected.analysed:
        yield (
            f"\n**Feedback exists for {len(collected.studies)} of {collected.analysed} analysed scans.** If"
            " radiologists chose them for their errors or for their ease, the figures are too low or too high: give"
            " feedback on all studies of some weeks."
        )


def _before_and_after(found: SiteCalibration, shipped: ModelCard) -> Iterator[str]:
    before, after = found.before, found.after
    points = before.points[found.before_point], after.points[found.default_point]
    yield from ("", "## Before and after", "")
    yield f"Before: the card {shipped.version} at {found.before_point}."
    yield "After: each patient is judged by a fit on the other patients. 95 % CI."
    yield from ("", "| figure | before | after |", "|---|---|---|")
    yield f"| operating point | {found.before_point} | {found.default_point} |"
    yield _row("threshold", *[f"{point.threshold:.4f}" for point in points])
    yield _row("sensitivity", *[point.sensitivity for point in points])
    yield _row("specificity", *[point.specificity for point in points])
    yield _row("rule-out rate", *[point.rule_out_rate for point in points])
    yield _row("ROC-AUC", before.auc, after.auc)
    yield _row("calibration error (ECE)", before.calibration_error, after.calibration_error)
    yield _row("Brier score", before.brier, after.brier)


def _decided(found: SiteCalibration, shipped: ModelCard) -> Iterator[str]:
    rule, calibration = found.decision.rule, found.decision.calibration
    chosen = "as shipped" if rule == shipped.fusion.volume_rule else "by a gain that is more than chance"
    yield ""
    yield f"Volume rule: {rule} ({chosen})."
    yield f"Platt, of the {calibration.of}: a = {calibration.a:.3f}, b = {calibration.b:.3f}."
    if found.kept:
        yield from _kept(found.after.points[found.wanted_point])


def _kept(wanted: Point) -> Iterator[str]:
    needed = patients_needed(wanted.sensitivity.value, SAFE_SENSITIVITY)
    yield (
        f"\n**The operating point stays where it was.** The fitted one finds {_text(wanted.sensitivity)} of the"
        " pathology, fewer than before. That is accepted only where it lets more normal studies through, and is proved"
        f" to find at least {SAFE_SENSITIVITY:.2f}"
        + (f": so many are {needed} patients with pathology at this share." if needed else ".")
    )


def _points(points: Mapping[str, Point]) -> Iterator[str]:
    yield "| point | threshold | sensitivity | specificity | rule-out rate |"
    yield "|---|---|---|---|---|"
    for name, point in sorted(points.items(), key=lambda named: named[1].threshold):
        figures = (point.sensitivity, point.specificity, point.rule_out_rate)
        yield _row(name, f"{point.threshold:.4f}", *figures)


def _more(found: SiteCalibration) -> Iterator[str]:
    point = found.after.points[found.default_point]
    yield from ("", "## What more patients would narrow", "")
    yield f"The interval of {found.default_point} with so many more patients, if the share stayed as it is."
    yield from ("", "| figure | now | more patients | then |", "|---|---|---|---|")
    for one in narrowed(point, found.studies.patient_counts):
        now = point.specificity if one.figure == "specificity" else point.sensitivity
        kind = "normal" if one.figure == "specificity" else "pathological"
        yield f"| {one.figure} | {_text(now)} | {one.more} {kind} | {_text(one.interval)} |"


def _limits(found: SiteCalibration) -> Iterator[str]:
    normal, pathological = found.studies.patient_counts
    share = pathological / (normal + pathological)
    yield from ("", "## What this does not say", "")
    yield f"- A probability is the one of a site where {share:.0%} of patients have pathology, as here."
    yield "- The figures hold for scanners, protocols and patients like these. A new scanner needs studies of its own."
    yield "- A pathology that no study here has was not tried."


def _row(name: str, *cells: Interval | str) -> str:
    return f"| {name} | {' | '.join(cell if isinstance(cell, str) else _text(cell) for cell in cells)} |"


def _text(figure: Interval) -> str:
    return str(figure) if figure.value == figure.value else "-"
