"""The report of one study: immutable, made by `Report.analysed` or `Report.failed` only.

Equal input gives an equal report except for times: floats are rounded to six digits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, Final, Self

from screening.errors import StudyError
from screening.lungs.coverage_faults import CoverageFault
from screening.preparation import PreparedStudy
from screening.results.calibration import probability
from screening.results.findings import assess_findings, named_finding
from screening.results.fusion import Fusion, SliceOutputs
from screening.results.localisation import Localisation, localise
from screening.results.model_card import ModelCard
from screening.results.verdict import Verdict, verdict_of

COLUMNS: Final = (
    "path_to_study",
    "study_uid",
    "series_uid",
    "probability_of_pathology",
    "pathology",
    "processing_status",
    "time_of_processing",
    "most_dangerous_pathology_type",
    "pathology_localization",
)


class Notice(StrEnum):
    """A notice on every report; its code, the name in lower case, is stable."""

    NO_MEDICAL_DEVICE = "Turnstile is no medical device; a radiologist decides."
    UNTRAINED = "The weights are untrained: the verdict means nothing."

    @property
    def code(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class Report:
    """`row` has the contest's columns in order, None for an absent value; `body` holds the other parts of `to_json`.

    The verdict is `not_analysed` if and only if there is an `error`.
    """

    row: Mapping[str, Any]
    verdict: Verdict
    error: StudyError | None
    notices: tuple[Notice, ...]
    body: Mapping[str, Any]

    def __post_init__(self) -> None:
        if tuple(self.row) != COLUMNS:
            raise ValueError("a report's row has the contest's columns, in order")
        if (self.error is None) == (self.verdict is Verdict.NOT_ANALYSED):
            raise ValueError("a study is either analysed or has an error")

    @classmethod
    def analysed(
        cls,
        path_to_study: str,
        prepared: PreparedStudy,
        outputs: SliceOutputs,
        fusion: Fusion,
        card: ModelCard,
        seconds: float,
        timings_s: Mapping[str, float],
    ) -> Self:
        """The report of a study that the networks saw; raises EngineFault when its score is not a finite number.

        Below the operating point an incomplete coverage is an error: the study is not analysed and has no probability.
        """
        calibrated = probability(fusion.score, card.calibration)
        verdict = verdict_of(calibrated, card.operating_point, prepared.coverage)
        if verdict is Verdict.NOT_ANALYSED:
            return cls._not_covered(path_to_study, prepared, card, seconds, timings_s)
        findings = assess_findings(outputs.findings, prepared.slice_indices, prepared.extents_mm, card.findings)
        found = verdict is Verdict.PATHOLOGY
        box = localise(prepared, outputs, fusion, card) if found and not fusion.by_expert else None
        row = _row(
            path_to_study=path_to_study,
            study_uid=prepared.study_uid,
            series_uid=prepared.series_uid,
            probability_of_pathology=round(calibrated, 6),
            pathology=int(found),
            processing_status="Success",
            time_of_processing=round(seconds, 3),
            most_dangerous_pathology_type=named_finding(findings) if found else None,
            pathology_localization=box.row if box else None,
        )
        body = {
            "probability": calibrated,
            "score": fusion.score,
            "operating_point": asdict(card.operating_point),
            "findings": [asdict(finding) for finding in findings],
            "evidence": _evidence(prepared, fusion, box),
            **_seen(prepared, card, timings_s, prepared.coverage.faults, _without_expert(fusion)),
        }
        return cls(row, verdict, None, _notices(card), MappingProxyType(body))

    @classmethod
    def _not_covered(
        cls,
        path_to_study: str,
        prepared: PreparedStudy,
        card: ModelCard,
        seconds: float,
        timings_s: Mapping[str, float],
    ) -> Self:
        """The report of a study in which nothing suspicious was found and not all of the lungs was seen."""
        row = _row(
            path_to_study=path_to_study,
            study_uid=prepared.study_uid,
            series_uid=prepared.series_uid,
            processing_status="Failure",
            time_of_processing=round(seconds, 3),
        )
        first, *others = prepared.coverage.faults
        body = _seen(prepared, card, timings_s, others)
        error = first.error(prepared.study_uid)
        return cls(row, Verdict.NOT_ANALYSED, error, _notices(card), MappingProxyType(body))

    @classmethod
    def failed(cls, path_to_study: str, error: StudyError, seconds: float) -> Self:
        """The report of a study, or of a whole upload, that was not analysed, with the reason."""
        row = _row(
            path_to_study=path_to_study,
            study_uid=error.study_uid,
            processing_status="Failure",
            time_of_processing=round(seconds, 3),
        )
        return cls(row, Verdict.NOT_ANALYSED, error, (Notice.NO_MEDICAL_DEVICE,), MappingProxyType({}))

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "row": dict(self.row),
            "verdict": self.verdict.value,
            "error": self.error and {"code": self.error.code, "detail": self.error.detail},
            **{name: part if name == "timings_s" else _rounded(part) for name, part in self.body.items()},
            "notices": [notice.value for notice in self.notices],
            "notice_codes": [notice.code for notice in self.notices],
        }


def _row(**values: Any) -> Mapping[str, Any]:
    return MappingProxyType({column: values.get(column) for column in COLUMNS})


def _seen(
    prepared: PreparedStudy,
    card: ModelCard,
    timings_s: Mapping[str, float],
    faults: Sequence[CoverageFault],
    first_warnings: Sequence[str] = (),
) -> dict[str, Any]:
    """The parts of every report of a study whose slices were read; `faults` of the coverage become warnings."""
    return {
        "coverage": prepared.coverage.to_json(),
        "series": [asdict(candidate) for candidate in prepared.candidates],
        "warnings": [*first_warnings, *prepared.warnings, *(fault.detail for fault in faults)],
        "provenance": _provenance(card),
        "timings_s": dict(timings_s),
    }


def _notices(card: ModelCard) -> tuple[Notice, ...]:
    return (Notice.NO_MEDICAL_DEVICE,) if card.trained else (Notice.NO_MEDICAL_DEVICE, Notice.UNTRAINED)


def _evidence(prepared: PreparedStudy, fusion: Fusion, box: Localisation | None) -> dict[str, Any]:
    slices = [
        {"slice": index, "sop_uid": sop_uid, "extent_mm": mm, "score": score, "classifier_p": p, "reconstruction_r": r}
        for index, sop_uid, mm, score, p, r in zip(
            prepared.slice_indices,
            prepared.sop_uids,
            prepared.extents_mm,
            fusion.slice_scores.tolist(),
            fusion.slice_p.tolist(),
            fusion.slice_r.tolist(),
            strict=True,
        )
    ]
    for number, one in enumerate(slices):
        one["test_time_views"] = number in fusion.test_time
    return {
        "classifier_p": fusion.classifier_p,
        "reconstruction_r": fusion.reconstruction_r,
        **_expert(fusion),
        "key_slice": slices[fusion.key],
        "slices": slices,
        "slice_distance_mm": prepared.geometry.spacing_mm[0],
        "crop": asdict(prepared.crop),
        "localisation": box and asdict(box),
    }


def _expert(fusion: Fusion) -> dict[str, Any]:
    """Nothing where the 3D expert was not asked."""
    if fusion.expert is not None:
        return {"expert3d": asdict(fusion.expert)}
    return {} if fusion.expert_error is None else {"expert3d_error": fusion.expert_error}


def _without_expert(fusion: Fusion) -> tuple[str, ...]:
    if fusion.expert_error is None:
        return ()
    return (f"The 3D expert gave no opinion ({fusion.expert_error}); the other networks alone call this pathology.",)


def _provenance(card: ModelCard) -> dict[str, Any]:
    return {
        "turnstile": version("turnstile"),
        "model_card": card.version,
        "trained": card.trained,
        "file_hashes": dict(card.file_hashes),
        "score_fingerprint": card.score_fingerprint,
        "volume_rule": card.fusion.volume_rule.to_json(),
    }


def _rounded(value: Any) -> Any:
    """The value with every float rounded to six digits, and tuples as lists."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return [_rounded(part) for part in value] if isinstance(value, list | tuple) else value
