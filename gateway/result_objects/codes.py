"""The codes of a result. docs/dicom-results.md has the same table with the source of each; a test compares them.

SNOMED CT (SCT) and DICOM (DCM, PS3.16) where they have the concept; else our own scheme, whose code is the name that
the report uses.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pydicom.sr.coding import Code

from screening.contract import FINDINGS
from screening.results.findings import FindingStatus
from screening.results.verdict import Verdict

OWN_SCHEME: Final = "99TURNSTILE"  # PS3.16 8.2: designators of private schemes begin with 99


def own(value: str, meaning: str) -> Code:
    """A code of our own scheme; a meaning has at most 64 characters (PS3.5 6.2, LO)."""
    return Code(value, OWN_SCHEME, meaning[:64])


CT_OF_CHEST: Final = Code("169069000", "SCT", "CT of chest")
LUNG: Final = Code("39607008", "SCT", "Lung")
THORAX: Final = Code("816094009", "SCT", "Thorax")
ANATOMICAL_STRUCTURE: Final = Code("123037004", "SCT", "Anatomical Structure")
ABNORMAL_STRUCTURE: Final = Code("49755003", "SCT", "Morphologically Abnormal Structure")
LESION: Final = Code("52988006", "SCT", "Lesion")
ARTIFICIAL_INTELLIGENCE: Final = Code("123110", "DCM", "Artificial Intelligence")
COMMENT: Final = Code("121106", "DCM", "Comment")
CLASS_ACTIVATION: Final = Code("130402", "DCM", "Class activation")
OF_INTEREST: Final = Code("113000", "DCM", "Of Interest")
CT_CHEST_REPORT: Final = Code("24627-2", "LN", "CT Chest Report")
NO_UNITS: Final = Code("1", "UCUM", "no units")
MILLIMETRE: Final = Code("mm", "UCUM", "millimeter")
MILLILITRE: Final = Code("mL", "UCUM", "milliliter")
VOLUME: Final = Code("118565006", "SCT", "Volume")
HEIGHT: Final = Code("121207", "DCM", "Height")

VERDICT: Final = own("verdict", "Screening verdict")
VERDICTS: Final[Mapping[Verdict, Code]] = MappingProxyType(
    {
        Verdict.NORMAL: Code("17621005", "SCT", "Normal"),
        Verdict.PATHOLOGY: Code("263654008", "SCT", "Abnormal"),
        Verdict.NOT_ANALYSED: own("not_analysed", "Not analysed"),
    }
)
SUMMARY: Final = Code("111017", "DCM", "CAD Processing and Findings Summary")
SUMMARIES: Final[Mapping[Verdict, Code]] = MappingProxyType(
    {
        Verdict.NORMAL: Code("111241", "DCM", "All algorithms succeeded; without findings"),
        Verdict.PATHOLOGY: Code("111242", "DCM", "All algorithms succeeded; with findings"),
        Verdict.NOT_ANALYSED: Code("111245", "DCM", "No algorithms succeeded; without findings"),
    }
)
REASON: Final = own("reason", "Reason why the study was not analysed")
PROBABILITY: Final = own("probability_of_pathology", "Probability of pathology")
THRESHOLD: Final = own("operating_point", "Threshold of the operating point")
SENSITIVITY: Final = own("sensitivity", "Sensitivity at the operating point")
SPECIFICITY: Final = own("specificity", "Specificity at the operating point")
FINDING_SCORE: Final = own("finding_score", "Score of the finding, no probability")
FINDING_THRESHOLD: Final = own("finding_threshold", "Threshold of the finding")
REGION: Final = own("suspicious_region", "Suspicious region")
COVERAGE: Final = own("coverage", "Coverage of both lungs")
COVERAGES: Final[Mapping[bool, Code]] = MappingProxyType(
    {True: own("complete", "Complete"), False: own("incomplete", "Incomplete")}
)
WIDEST_UNSEEN: Final = own("widest_unseen", "Widest stretch of lung without a view")

STATUSES: Final[Mapping[FindingStatus, Code]] = MappingProxyType(
    {
        FindingStatus.PRESENT: Code("52101004", "SCT", "Present"),
        FindingStatus.ABSENT: Code("272519000", "SCT", "Absent"),
        FindingStatus.NOT_ASSESSED: Code("111225", "DCM", "Not Attempted"),
    }
)
_FINDINGS: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {
        "Arterial wall calcification": ("237897009", "SCT", "Vascular calcification"),
        "Atelectasis": ("46621007", "SCT", "Atelectasis"),
        "Bronchiectasis": ("12295008", "SCT", "Bronchiectasis"),
        "Cardiomegaly": ("8186001", "SCT", "Cardiomegaly"),
        "Consolidation": ("95436008", "SCT", "Lung consolidation"),
        "Coronary artery wall calcification": ("445512009", "SCT", "Calcification of coronary artery"),
        "Emphysema": ("87433001", "SCT", "Pulmonary emphysema"),
        "Hiatal hernia": ("84089009", "SCT", "Hiatal hernia"),
        "Lung nodule": ("786838002", "SCT", "Nodule of lung"),
        "Lung opacity": ("112001", "DCM", "Opacity"),
        "Lymphadenopathy": ("30746006", "SCT", "Lymphadenopathy"),
        "Mosaic attenuation pattern": ("112130", "DCM", "Mosaic pattern"),
        "Peribronchial thickening": ("peribronchial_thickening", OWN_SCHEME, "Peribronchial thickening"),
        "Pericardial effusion": ("373945007", "SCT", "Pericardial effusion"),
        "Pleural effusion": ("60046008", "SCT", "Pleural effusion"),
        "Pulmonary fibrotic sequela": ("51615001", "SCT", "Fibrosis of lung"),
    }
)
FINDING_CODES: Final[Mapping[str, Code]] = MappingProxyType({name: Code(*_FINDINGS[name]) for name in FINDINGS})


def finding_code(name: str) -> Code:
    """The code of a finding; of a name that this program does not know, a code of our own."""
    return FINDING_CODES.get(name) or own(name.lower().replace(" ", "_"), name)
