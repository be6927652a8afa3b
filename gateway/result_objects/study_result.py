"""The result of one study, read from a stored report and its evidence: what every encoding says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from screening.results.evidence import Evidence
from screening.results.expert_opinion import ExpertOpinion
from screening.results.findings import Finding, FindingStatus
from screening.results.localisation import Localisation
from screening.results.verdict import Verdict


@dataclass(frozen=True)
class PointInForce:
    """The operating point that the probability was held against, with its measured figures where they are known."""

    name: str
    threshold: float
    sensitivity: float | None
    specificity: float | None


@dataclass(frozen=True)
class ReportOrigin:
    """Which analysis made the report, when, and by which program and networks."""

    analysis_id: str
    reported_at: datetime
    model_card: str
    program: str


@dataclass(frozen=True)
class StudyResult:
    """What is said of one study. `probability` and `operating_point` are None when it was not analysed.

    `reason` is the error's code and detail, and is there if and only if the verdict is `not_analysed`; `key_slice`
    and `box` count slices from the lowest of the series. Evidence is absent where no network saw the study, and for a
    report whose stored maps are lost.
    """

    origin: ReportOrigin
    study_uid: str | None
    series_uid: str | None
    verdict: Verdict
    reason: tuple[str, str] | None
    probability: float | None
    operating_point: PointInForce | None
    findings: tuple[Finding, ...]
    key_slice: int | None
    box: Localisation | None
    coverage: Mapping[str, Any] | None
    warnings: tuple[str, ...]
    notices: tuple[tuple[str, str], ...]
    expert: ExpertOpinion | None = None
    evidence: Evidence | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if (self.verdict is Verdict.NOT_ANALYSED) != (self.reason is not None):
            raise ValueError("a study is either analysed or has a reason")
        if (self.verdict is Verdict.NOT_ANALYSED) != (self.probability is None):
            raise ValueError("a study that was not analysed has no probability, every other one has")

    @property
    def remarks(self) -> tuple[str, ...]:
        """What has no code: notices, the reason, the place of the 3D expert, warnings."""
        notices = [text for _, text in self.notices]
        reason = [] if self.reason is None else [f"{self.reason[0]}: {self.reason[1]}"]
        expert = [] if self.expert is None else [_place(self.expert)]
        return (*notices, *reason, *expert, *(f"Warning: {one}" for one in self.warnings))

    @classmethod
    def of(cls, study: Mapping[str, Any], origin: ReportOrigin, evidence: Sequence[Evidence] = ()) -> Self:
        """The result in `study`, one of a stored report body's `studies`; `evidence` is that of the whole report."""
        row, error, point = study["row"], study["error"], study.get("operating_point")
        seen = study.get("evidence") or {}
        box = seen.get("localisation")
        analysed = error is None
        return cls(
            origin=origin,
            study_uid=row["study_uid"],
            series_uid=row["series_uid"],
            verdict=Verdict(study["verdict"]),
            reason=None if analysed else (error["code"], error["detail"]),
            probability=study["probability"] if analysed else None,
            operating_point=_point(point) if analysed and point else None,
            findings=tuple(_finding(one) for one in study.get("findings", ())) if analysed else (),
            key_slice=seen["key_slice"]["slice"] if analysed else None,
            box=_box(box) if analysed and box else None,
            coverage=study.get("coverage"),
            warnings=tuple(study.get("warnings", ())),
            notices=tuple(zip(study["notice_codes"], study["notices"], strict=True)),
            expert=_expert(seen.get("expert3d")),
            evidence=_evidence_of(row, evidence),
        )


def _evidence_of(row: Mapping[str, Any], evidence: Sequence[Evidence]) -> Evidence | None:
    named = (row["study_uid"], row["series_uid"])
    return next((one for one in evidence if (one.study_uid, one.series_uid) == named), None)


def _point(point: Mapping[str, Any]) -> PointInForce:
    return PointInForce(point["name"], point["threshold"], point.get("sensitivity"), point.get("specificity"))


def _expert(opinion: Mapping[str, Any] | None) -> ExpertOpinion | None:
    if opinion is None:
        return None
    x, y, z = opinion["position_lps_mm"]
    return ExpertOpinion(opinion["p"], opinion["slice"], (x, y, z))


def _place(expert: ExpertOpinion) -> str:
    x, y, z = expert.position_lps_mm
    place = f"{x:.1f}, {y:.1f}, {z:.1f} mm in the patient (LPS), slice {expert.slice} from the lowest"
    return f"3D expert: p {expert.p:.3f}; its highest place is {place}."


def _finding(one: Mapping[str, Any]) -> Finding:
    """Reports made before findings were assessed have the numbers of guesses, which are not repeated."""
    if one.get("status") is None or one.get("score") is None:
        return Finding(one["name"], FindingStatus.NOT_ASSESSED)
    return Finding(one["name"], FindingStatus(one["status"]), one["score"], one["threshold"], one["slice"])


def _box(box: Mapping[str, Any]) -> Localisation:
    (low, high), (x, y, z) = box["lps_mm"], (box["x"], box["y"], box["z"])
    corners = (low[0], low[1], low[2]), (high[0], high[1], high[2])
    return Localisation((x[0], x[1]), (y[0], y[1]), (z[0], z[1]), corners)
