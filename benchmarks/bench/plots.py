"""The plots as SVG with text elements, for embedding in the page."""

import io
from collections.abc import Callable, Mapping
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.bench.parts.overload import SLOWER
from benchmarks.bench.record import Record

BLUE, ORANGE, GREEN, RED, PURPLE, GREY = "#2563a8", "#d9822b", "#2f8f5b", "#b83232", "#7c5cbf", "#6b7280"
ROLES: Final = {"gateway": BLUE, "triton": ORANGE, "decode workers": GREEN, "database": PURPLE}
STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#9aa3af",
    "axes.labelcolor": "#374151",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e5e7eb",
    "xtick.color": "#374151",
    "ytick.color": "#374151",
    "legend.frameon": False,
}


def rendered_plot(name: str, record: Record) -> str:
    """The plot of this name as an <svg> element."""
    with mpl.rc_context({**STYLE, "svg.hashsalt": name}):
        figure = PLOTS[name](record)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _stages(record: Record) -> Figure:
    stages, limit = record.results.stages, record.results.best_limit
    assert stages is not None  # noqa: S101 - the section is there because its result is
    callers = [level.callers for level in stages.levels]
    figure, (upper, lower) = _two()
    upper.plot(callers, [level.studies_per_minute for level in stages.levels], "o-", color=BLUE)
    if limit:
        upper.axhline(limit.studies_per_minute, color=GREY, linestyle="--", linewidth=1)
        upper.annotate(
            "ONNX Runtime alone", (callers[-1], limit.studies_per_minute), ha="right", va="bottom", color=GREY
        )
    upper.set_ylim(0, None)
    upper.margins(y=0.15)
    upper.set_ylabel("studies a minute")
    for share, colour in (("p50_s", GREEN), ("p95_s", ORANGE), ("p99_s", RED)):
        lower.plot(callers, [getattr(level, share) for level in stages.levels], "o-", color=colour, label=share[:3])
    lower.set_ylim(0, None)
    lower.set_ylabel("seconds a study")
    lower.set_xlabel("callers at once")
    _legend(lower)
    lower.set_xscale("log", base=2)
    lower.set_xticks(callers, [str(count) for count in callers])
    for axes in (upper, lower):
        axes.axvline(stages.knee.callers, color=BLUE, alpha=0.25, linewidth=8)
    upper.annotate(" the knee", (stages.knee.callers, 0), va="bottom", color=BLUE)
    return figure


def _overload(record: Record) -> Figure:
    overload = record.results.overload
    assert overload is not None  # noqa: S101
    figure, (upper, lower) = _two()
    at_s = [second.at_s for second in overload.timeline]
    kinds = {"accepted": GREEN, "refused (429)": ORANGE, "anything else": RED}
    rates = ([getattr(second, kind) for second in overload.timeline] for kind in ("accepted", "refused", "other"))
    upper.stackplot(at_s, *rates, labels=list(kinds), colors=list(kinds.values()), alpha=0.8, step="post")
    upper.set_ylabel("answers a second")
    _legend(upper)
    lower.plot(at_s, [second.p95_s for second in overload.timeline], color=BLUE, label="p95 of the accepted")
    lower.axhline(SLOWER * overload.knee_p95_s, color=RED, linestyle="--", linewidth=1, label="twice the knee's p95")
    lower.set_ylim(0, None)
    lower.set_ylabel("seconds a study")
    lower.set_xlabel("seconds since the flood began")
    _legend(lower)
    for axes in (upper, lower):
        axes.axvline(overload.seconds, color=GREY, linewidth=1)
        axes.axvline(overload.seconds + overload.back_s, color=GREY, linewidth=1, linestyle=":")
    lower.annotate(" flood ends", (overload.seconds, 0), va="bottom", color=GREY, rotation=90, ha="right")
    lower.annotate(
        f" {overload.back_s:.0f} s later", (overload.seconds + overload.back_s, 0), va="bottom", color=GREY, rotation=90
    )
    return figure


def _memory(record: Record) -> Figure:
    soak = record.results.soak
    assert soak is not None  # noqa: S101
    figure, axes = _one()
    minutes = [moment.at_s / 60 for moment in soak.memory]
    for role, colour in ROLES.items():
        axes.plot(minutes, [moment.mib.get(role, 0.0) for moment in soak.memory], color=colour, label=role)
    axes.set_ylim(0, None)
    axes.set_ylabel("MiB (PSS)")
    axes.set_xlabel("minutes since the soak began")
    _legend(axes)
    return figure


def _pace(record: Record) -> Figure:
    soak = record.results.soak
    assert soak is not None  # noqa: S101
    figure, (upper, lower) = _two()
    minutes = [second.at_s / 60 for second in soak.pace]
    upper.plot(minutes, [60 * second.accepted for second in soak.pace], color=GREEN)
    upper.set_ylim(0, None)
    upper.set_ylabel("studies a minute")
    lower.plot(minutes, [second.p95_s for second in soak.pace], color=ORANGE)
    lower.set_ylim(0, None)
    lower.set_ylabel("p95, seconds a study")
    lower.set_xlabel("minutes since the soak began")
    return figure


def _grpc(record: Record) -> Figure:
    grpc, limit = record.results.grpc, record.results.best_limit
    assert grpc is not None  # noqa: S101
    figure, axes = _one()
    at_once = sorted({cell.concurrency for cell in grpc.cells})
    for batch, colour in zip(sorted({cell.batch for cell in grpc.cells}), (GREY, GREEN, ORANGE, BLUE), strict=True):
        rates = [cell.slices_per_s for cell in grpc.cells if cell.batch == batch]
        axes.plot(at_once, rates, "o-", color=colour, label=f"{batch} a request")
    if limit:
        axes.axhline(limit.slices_per_s, color=GREY, linestyle="--", linewidth=1)
        axes.annotate("ONNX Runtime alone", (at_once[0], limit.slices_per_s), va="bottom", color=GREY)
    axes.set_xscale("log", base=2)
    axes.set_xticks(at_once, [str(count) for count in at_once])
    axes.set_ylim(0, None)
    axes.margins(y=0.15)
    axes.set_ylabel("slices a second")
    axes.set_xlabel("requests at once")
    _legend(axes)
    return figure


def _legend(axes: Any) -> None:
    """A legend above the plot, where no line crosses it."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, borderaxespad=0.2)


def _one() -> tuple[Figure, Any]:
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    return figure, figure.subplots()


def _two() -> tuple[Figure, Any]:
    figure = Figure(figsize=(9, 5), layout="constrained")
    return figure, figure.subplots(2, 1, sharex=True)


PLOTS: Final[Mapping[str, Callable[[Record], Figure]]] = {
    "stages": _stages,
    "overload": _overload,
    "memory": _memory,
    "pace": _pace,
    "grpc": _grpc,
}
