"""The English texts of the PDF report."""

from types import MappingProxyType
from typing import Final

from gateway.reports.pdf.texts import PdfTexts

ENGLISH: Final = PdfTexts(
    title="Chest CT screening",
    patient="Patient",
    pseudonym="Pseudonym",
    file="File",
    study="Study",
    scan="Scan",
    reported="Reported",
    verdicts=MappingProxyType(
        {
            "normal": "Normal: below the operating point",
            "pathology": "Pathology: for the radiologist first",
            "not_analysed": "Not analysed: no verdict was made",
        }
    ),
    probability="Probability of pathology",
    operating_point="Operating point",
    sensitivity="sensitivity",
    specificity="specificity",
    not_measured="its sensitivity was not measured",
    interval="95 % CI {low}-{high} %",
    interval_unknown="interval not known",
    measured_on="Measured on",
    composed="{studies} studies composed of published slices of {sets}; patients: {pathological} with pathology, "
    "{normal} normal",
    site="this site's own",
    volumes="{studies} whole studies of {sets}; patients: {pathological} with pathology, {normal} normal",
    coverage="Coverage of the lungs",
    lungs=MappingProxyType({"right": "right lung", "left": "left lung"}),
    lung_line="{height} mm high, {volume} ml; {first} to {last} mm above the lowest slice",
    no_lung="not found with air",
    unseen="widest stretch of lung without a view: {mm} mm",
    complete="complete",
    incomplete="not complete",
    reason="Reason",
    errors=MappingProxyType({}),
    key_slice="Key slice; right, its heatmap",
    key_slice_of_expert="Key slice, of the 3D expert",
    expert="3D expert",
    expert_place="score {p}, nearest slice {slice}; LPS {x}, {y}, {z} mm",
    no_picture="No picture of the key slice is at hand.",
    location="Box (x, y, z in voxels, first to last)",
    findings="Findings",
    findings_help="score of the study and its threshold",
    finding_names=MappingProxyType({}),
    finding_statuses=MappingProxyType({"present": "present", "absent": "absent"}),
    not_determined="Finding not determined",
    also_present="Also present: {names}",
    also_absent="Also absent: {names}",
    not_assessed="Not assessed by these weights: {names}",
    older_findings="This report was made before findings were assessed. Its numbers were guesses and are not shown.",
    series="Series",
    slices="slices",
    reasons=MappingProxyType({}),
    warnings="Warnings",
    model="Model card",
    analysis="Analysis",
    notices=MappingProxyType({}),
)
