"""The model card's part on whole studies, written from the results, and its plot of detection."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from training.marked_text import replace_between
from training.served.detection_curves import DetectionLine, chance_level, detected, pointed_at, shown_in_a_view
from training.served.painted_studies import PaintedStudy
from training.served.study_results import StudyResults
from training.synthesis.volume_lesions import Density

BEGIN: Final = "<!-- studies: begin; written by `turnstile train evaluate-studies`, edits below are lost -->"
END: Final = "<!-- studies: end -->"
PLOT: Final = "model-card/detection.png"


def write_section(results: StudyResults, page: Path) -> None:
    """Replace the part between `BEGIN` and `END`, and draw its plot beside the page."""
    replace_between(page, BEGIN, END, _sections(results))
    draw_detection(list(_by_density(results)), page.parent / PLOT)


def draw_detection(lines: Sequence[DetectionLine], path: Path) -> None:
    """The share of painted lesions found over their size, a curve for each density, with intervals."""
    drawing = Figure(figsize=(6, 4), dpi=110, layout="constrained")
    FigureCanvasAgg(drawing)
    panel = drawing.subplots()
    for number, name in enumerate(sorted({line.name for line in lines})):
        own = [line for line in lines if line.name == name]
        sizes = [line.size_mm * (1 + 0.02 * number) for line in own]
        shares = [line.found.value for line in own]
        errors = [
            [max(0.0, line.found.value - line.found.low) for line in own],
            [max(0.0, line.found.high - line.found.value) for line in own],
        ]
        panel.errorbar(sizes, shares, yerr=errors, marker="o", capsize=3, label=_words(name))
    panel.set(xscale="log", xlabel="diameter, mm", ylabel="share found at the operating point", ylim=(-0.03, 1.03))
    ticks = sorted({line.size_mm for line in lines})
    panel.set_xticks(ticks, [f"{size:g}" for size in ticks], minor=False)
    panel.minorticks_off()
    if lines:
        panel.legend(fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    drawing.savefig(path)


def _sections(results: StudyResults) -> Iterator[str]:
    yield from _section("Whole studies as served", _volumes(results))
    yield from _section("Painted lesions found", _detection(results))
    yield from _section("Does the heatmap point at the lesion", _pointing(results))
    yield from _section("Stability of the verdict", _stability(results))
    yield from _section("Volume rules side by side", _rules(results))
    yield from _section("Calibration as served, composed studies", _calibration(results))
    if any(line.side == "left out" for run in results.runs for line in run.lines):
        yield from _section("Data sets that training never saw", _left_out(results))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"## {title}\n"
    yield from lines
    yield ""


def _volumes(results: StudyResults) -> Iterator[str]:
    looks = results.looks
    yield f"Networks `{results.networks}`, operating point {results.operating_point} (a logit of"
    yield f"{results.threshold:.2f}), volume rule {results.volume_rule}. Exported files, serving's survey, views and"
    yield f"fusion. These studies were looked at by this evaluation {looks.runs} times, with {looks.networks} different"
    yield "networks; what was chosen with them in sight stands in docs/adr. So few patients prove little:"
    yield "no error among three of them allows 63 % of errors.\n"
    columns = ("study", "label", "verdict", "probability", "logit", "lowest and highest logit under all changes")
    rows = (
        (
            line.study,
            ("normal", "pathology")[line.label],
            line.verdict,
            f"{line.probability:.3f}",
            f"{line.logit:.2f}",
            f"{line.lowest_logit:.2f} to {line.highest_logit:.2f}",
        )
        for line in results.volumes
    )
    yield from _table(columns, rows)


def _detection(results: StudyResults) -> Iterator[str]:
    normal = sorted(_normal(results))
    yield "One lesion is painted into a normal volume, in HU and in three dimensions, and the study is screened as any"
    yield f"other. Found: the verdict is pathology. Volumes: {', '.join(normal) or 'none is normal without a lesion'}."
    yield "Exact intervals as of independent lesions; they are of few patients, so they are too narrow.\n"
    if not normal:
        return
    yield f"![Detection]({PLOT})\n"
    densities = [density.value for density in Density]
    yield from _grid("diameter", densities, list(_by_density(results)))
    yield ""
    yield "Solid lesions by place:\n"
    solid = [one for one in results.painted if one.lesion.density is Density.SOLID]
    by_place = list(detected(solid, lambda one: one.lesion.place.value, normal))
    yield from _grid("diameter", sorted({line.name for line in by_place}), by_place)


def _pointing(results: StudyResults) -> Iterator[str]:
    yield "Pointing game: the highest cell of the activation map shows a part of the lesion. Painted lesions, all"
    yield "densities, the highest cell of the whole study:\n"
    shown = {line.size_mm: line for line in shown_in_a_view(results.painted)}
    rows = (
        (
            f"{line.size_mm:g} mm",
            str(shown[line.size_mm].lesions),
            f"{shown[line.size_mm].found.value:.2f}",
            _share(line),
            f"{chance_level(results.painted, line.size_mm):.4f}",
        )
        for line in pointed_at(results.painted)
    )
    yield from _table(("diameter", "lesions", "in a view", "highest cell on it, of those in a view", "chance"), rows)
    if results.marked:
        yield ""
        yield "Marked tumours of patients, the highest cell of each view that shows one. A patient that was trained on"
        yield "proves nothing:\n"
        columns = ("patient", "trained on", "views", "hits", "chance", "highest of the study", "ROC-AUC of its slices")
        marked = (
            (
                line.study,
                "yes" if line.trained else "**no**",
                str(line.views),
                str(line.hits),
                f"{line.chance:.3f}",
                "hit" if line.study_hit else "miss",
                _number(line.slices_auc),
            )
            for line in results.marked
        )
        yield from _table(columns, marked)


def _stability(results: StudyResults) -> Iterator[str]:
    yield "Pairs of a study and a change that means nothing; studies: the volumes above, and the first normal one with"
    yield "painted lesions. A flip is from normal to pathology or back; not analysed after the change is no flip, for a"
    yield "radiologist then reads the study. Intervals as of independent pairs.\n"
    columns = ("change", "studies", "pairs", "flips", "no longer analysed", "largest change of the logit", "rms")
    rows = (
        (
            line.kind,
            str(line.studies),
            str(line.pairs),
            f"{line.flips.value:.3f} ({line.flips.low:.3f}-{line.flips.high:.3f})",
            str(line.lost),
            f"{line.logit_change:.2f}",
            f"{line.logit_deviation:.2f}",
        )
        for line in results.stability
    )
    yield from _table(columns, rows)


def _rules(results: StudyResults) -> Iterator[str]:
    yield "The same slice logits by every rule that serving can apply; the deck's is the maximum. Volumes: over all"
    yield "changes. Painted: solid lesions above every change of the same volume without one. A run of neighbours"
    yield "means nothing on composed studies.\n"
    sides = list(results.rules[0].composed_auc) if results.rules else []
    sizes = list(results.rules[0].painted) if results.rules else []
    columns = (
        "rule",
        *(f"composed, {side}" for side in sides),
        "highest normal",
        "lowest ill",
        "gap",
        *(f"painted {size}" for size in sizes),
    )
    rows = (
        (
            f"**{line.rule}**" if line.rule == results.volume_rule else line.rule,
            *(_number(line.composed_auc[side]) for side in sides),
            _number(line.highest_normal, 2),
            _number(line.lowest_ill, 2),
            _number(line.gap, 2),
            *(_number(line.painted[size], 2) for size in sizes),
        )
        for line in results.rules
    )
    yield from _table(columns, rows)


def _calibration(results: StudyResults) -> Iterator[str]:
    yield "A slope of 1 means that odds are right, below 1 that probabilities are too extreme. Intervals are over"
    yield "patients.\n"
    columns = ("studies of", "number", "patients (normal, ill)", "ECE", "Brier", "slope", "lowest", "highest")
    rows = (
        (
            line.side,
            str(line.studies),
            f"{line.patients[0]}, {line.patients[1]}",
            str(line.ece),
            str(line.brier),
            str(line.slope),
            f"{line.lowest:.4f}",
            f"{line.highest:.4f}",
        )
        for line in results.calibration
    )
    yield from _table(columns, rows)


def _left_out(results: StudyResults) -> Iterator[str]:
    yield "Each run was trained without the set; single slices, plain view.\n"
    rows = (
        (line.dataset, run.name, str(line.slices), f"{line.auc:.3f} ({line.low:.3f}-{line.high:.3f})")
        for run in results.runs
        for line in run.lines
        if line.side == "left out"
    )
    yield from _table(("set", "run", "slices", "ROC-AUC (95 % CI)"), sorted(set(rows)))


def _normal(results: StudyResults) -> set[str]:
    return {line.study for line in results.volumes if line.label == 0 and line.verdict == "normal"}


def _by_density(results: StudyResults) -> Iterator[DetectionLine]:
    return detected(results.painted, _density, _normal(results))


def _density(one: PaintedStudy) -> str:
    return one.lesion.density.value


def _grid(corner: str, names: Sequence[str], lines: Sequence[DetectionLine]) -> Iterator[str]:
    """A row for each size, a column for each name."""
    cells = {(line.name, line.size_mm): _share(line) for line in lines}
    rows = (
        (f"{size:g} mm", *(cells.get((name, size), "-") for name in names))
        for size in sorted({line.size_mm for line in lines})
    )
    yield from _table((corner, *(_words(name) for name in names)), rows)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _share(line: DetectionLine) -> str:
    return f"{line.found.value:.2f} ({line.found.low:.2f}-{line.found.high:.2f}), {line.lesions}"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _number(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
