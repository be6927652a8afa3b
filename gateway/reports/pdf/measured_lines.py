"""Lines of the PDF report on measurements: the figures of the operating point, and the coverage of the lungs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.reports.pdf.texts import PdfTexts
from screening.results.site_version import DATA_SET as SITE


def point_figures(point: Mapping[str, Any], texts: PdfTexts) -> Iterator[tuple[str, str]]:
    """Label and value of each figure: sensitivity and specificity with their intervals, and the test studies."""
    named = (("sensitivity", texts.sensitivity), ("specificity", texts.specificity))
    measured = [(name, label) for name, label in named if point.get(name) is not None]
    if not measured:
        yield texts.operating_point, texts.not_measured
    studies = point.get("measured_on")
    for name, label in measured:
        interval = point.get(f"{name}_ci") if studies else None
        yield label, f"{100 * point[name]:.1f} % ({_interval(interval, texts)})"
    if measured and studies:
        words = texts.composed if studies["composed"] else texts.volumes
        yield (
            texts.measured_on,
            words.format(
                studies=studies["studies"],
                sets=", ".join(texts.site if name == SITE else name for name in studies["data_sets"]),
                pathological=studies["patients_pathological"],
                normal=studies["patients_normal"],
            ),
        )


def _interval(interval: Sequence[float] | None, texts: PdfTexts) -> str:
    """Reports made before patients were counted may hold an interval without width; it is not shown."""
    if interval is None or not interval[0] < interval[1]:
        return texts.interval_unknown
    return texts.interval.format(low=f"{100 * interval[0]:.0f}", high=f"{100 * interval[1]:.0f}")


def coverage_lines(coverage: Mapping[str, Any], told: str | None, texts: PdfTexts) -> Iterator[str]:
    """Whether the coverage is complete, each lung, the widest stretch without a view, and what is missing.

    `told`: a fault's code that the page has said already.
    """
    yield texts.complete if coverage["complete"] else texts.incomplete
    for side, name in texts.lungs.items():
        yield f"{name}: {_lung(coverage[side], texts)}"
    if coverage["first_mm"] is not None:
        yield texts.unseen.format(mm=f"{coverage['widest_unseen_mm']:.1f}")
    faults = [(fault["code"], texts.fault(fault["code"], fault["detail"])) for fault in coverage["faults"]]
    yield from dict.fromkeys(text for code, text in faults if code != told)


def _lung(lung: Mapping[str, Any], texts: PdfTexts) -> str:
    if lung["first_mm"] is None:
        return texts.no_lung
    return texts.lung_line.format(
        height=f"{lung['height_mm']:.0f}",
        volume=f"{lung['volume_ml']:.0f}",
        first=f"{lung['first_mm']:.0f}",
        last=f"{lung['last_mm']:.0f}",
    )
