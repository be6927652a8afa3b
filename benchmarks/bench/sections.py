"""The result as sections with text, tables and plots, for the page and the Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.bench.record import Record
from benchmarks.bench.results import (
    ORIGINAL_STUDY_S,
    Aim,
    Cell,
    Growth,
    GrpcResult,
    LimitResult,
    OverloadResult,
    ScenarioResult,
    SoakResult,
    StagesResult,
)

KNEE = (
    "It is the smallest number of callers whose throughput no larger number exceeds by 10 %; beyond it studies wait, "
    "and no more are done."
)
POSTED = "Each caller posts one study after the other to /inference/predict; the first fifth of a stage is not counted."
GRPC = "No two requests are alike, so no cache answers."
ALONE = "The same tensors, networks and threads without any server"
TWICE = "Measured before and after everything else; the better one counts."


@dataclass(frozen=True)
class Table:
    """Cells as text; the first column is text, the others are figures."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """One part. `plots` are names of functions of `plots`."""

    name: str
    title: str
    words: tuple[str, ...]
    tables: tuple[Table, ...] = ()
    plots: tuple[str, ...] = ()
    aims: tuple[Aim, ...] = ()


def sections_of(record: Record) -> list[Section]:
    """The sections of all parts with a result, in the order of the page."""
    results, limit = record.results, record.results.best_limit
    made = [
        results.stages and _stages(results.stages, limit),
        results.overload and _overload(results.overload),
        results.soak and _soak(results.soak),
        results.grpc and _grpc(results.grpc, limit),
        results.ward and _people("ward", "A ward: upload, analysis, report, slices", results.ward),
        results.browsing and _people("browsing", "Readers who turn pages", results.browsing),
        limit and _limit(limit),
    ]
    return [section for section in made if section]


def of_limit(studies_per_minute: float, limit: LimitResult | None) -> str:
    """The throughput as a share of ONNX Runtime alone."""
    return f"{studies_per_minute / limit.studies_per_minute:.2f}" if limit else "-"


def of_original(studies_per_minute: float) -> str:
    """The throughput as a multiple of the original's."""
    return f"{studies_per_minute * ORIGINAL_STUDY_S / 60:.1f}"


def seconds(value: float | None) -> str:
    """The cell of a table; a dash when it was not measured."""
    return "-" if value is None else f"{value:.2f}"


def people(count: int, word: str) -> str:
    """`1 caller`, `2 callers`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def aim_row(aim: Aim) -> tuple[str, str, str, str]:
    """Name, figure, criterion, and whether it is met."""
    unit = f" {aim.unit}" if aim.unit else ""
    value = "not measured" if aim.value is None else f"{_figure(aim.value)}{unit}"
    return aim.name, value, f"{aim.sense} {_figure(aim.limit)}{unit}", "held" if aim.held else "missed"


def _stages(stages: StagesResult, limit: LimitResult | None) -> Section:
    head = ("callers", "studies/min", "p50 s", "p95 s", "p99 s", "screened", "429", "failed", "of ONNX", "x original")
    rows = tuple(
        (
            f"{level.callers}{' (knee)' if level == stages.knee else ''}",
            f"{level.studies_per_minute:.1f}",
            *(seconds(value) for value in (level.p50_s, level.p95_s, level.p99_s)),
            *(str(count) for count in (level.screened, level.refused, level.failed)),
            of_limit(level.studies_per_minute, limit),
            of_original(level.studies_per_minute),
        )
        for level in stages.levels
    )
    knee = stages.knee
    words = [
        f"The knee is at {people(knee.callers, 'caller')}: {knee.studies_per_minute:.0f} studies a minute. {KNEE}",
        f"{POSTED} {_callers_took(stages.client.cores)}",
        _reports(stages.distinct_reports),
    ]
    if not stages.levels_off:
        words.insert(1, "Throughput still grew at the last stage: the true knee lies higher; try more with --callers.")
    return Section("stages", "Throughput and latency over callers", tuple(words), (Table(head, rows),), ("stages",))


def _overload(overload: OverloadResult) -> Section:
    answers = ", ".join(f"{count} x {outcome}" for outcome, count in sorted(overload.outcomes.items()))
    offered, done = f"{overload.offered_per_minute:.0f} a minute", f"{overload.accepted_per_minute:.0f} a minute"
    came = f"For {overload.seconds:.0f} s studies came at {offered}, three times what is done at the knee"
    back = f"{overload.recovered_per_minute:.0f} studies a minute"
    words = [
        f"{came}, without regard to Retry-After. {done} were screened. Then the knee's callers started at once.",
        f"Answers: {answers}. Accepted: p50 {seconds(overload.p50_s)} s, p95 {seconds(overload.p95_s)} s.",
        f"Refused: p95 {seconds(overload.refusal_p95_s)} s. {_callers_took(overload.client.cores)}",
        f"From {overload.back_s:.0f} s after the flood on: {back}, p95 {seconds(overload.recovered_p95_s)} s.",
    ]
    if advice := overload.advice:
        words.append(
            f"Admission refuses an upload with an expected wait above {advice.busy_after_now_s:.2g} s. "
            f"To hold it set TURNSTILE_BUSY_AFTER_S={advice.busy_after_then_s:.2g}; "
            "eight uploads are always let in, and more decode workers than cores are in its way."
        )
    title = "Overload: three times the knee, and after"
    return Section("overload", title, tuple(words), (_growth(overload.growth),), ("overload",), overload.aims)


def _soak(soak: SoakResult) -> Section:
    head = ("", "studies/min", "p50 s", "p95 s", "p99 s")
    window = f"{soak.window_s:.0f} s"
    figures = (seconds(soak.p50_s), seconds(soak.p95_s), seconds(soak.p99_s))
    rows = (
        ("all of it", f"{soak.studies_per_minute:.1f}", *figures),
        (f"first {window}", f"{soak.first_per_minute:.1f}", "", "", ""),
        (f"last {window}", f"{soak.last_per_minute:.1f}", "", "", ""),
    )
    words = (
        f"{people(soak.callers, 'caller')} for {soak.seconds / 60:.1f} minutes. " + _callers_took(soak.client.cores),
        _reports(soak.distinct_reports),
    )
    tables = (Table(head, rows), _growth(soak.growth))
    return Section("soak", "Soak at the knee", words, tables, ("memory", "pace"), soak.aims)


def _grpc(grpc: GrpcResult, limit: LimitResult | None) -> Section:
    at_once = sorted({cell.concurrency for cell in grpc.cells})
    head = ("slices/s (p50 / p95 ms)", *(f"{count} at once" for count in at_once))
    rows = tuple(
        (f"{batch} a request", *(_cell(cell) for cell in grpc.cells if cell.batch == batch))
        for batch in sorted({cell.batch for cell in grpc.cells})
    )
    best = grpc.best
    where = f"{best.batch} a request, {best.concurrency} requests at once"
    share = f", {best.slices_per_s / limit.slices_per_s:.2f} of ONNX Runtime alone" if limit else ""
    words = (f"The ensemble alone makes at best {best.slices_per_s:.0f} slices a second ({where}){share}. {GRPC}",)
    return Section("grpc", "The ensemble over gRPC, without the gateway", words, (Table(head, rows),), ("grpc",))


def _people(name: str, title: str, result: ScenarioResult) -> Section:
    head = ("call", "calls", "failed", "p50 s", "p95 s", "p99 s")
    rows = tuple(
        (
            row.name,
            str(row.calls),
            str(row.failed),
            f"{row.p50_s or 0:.3f}",
            f"{row.p95_s or 0:.3f}",
            f"{row.p99_s or 0:.3f}",
        )
        for row in result.rows
    )
    words = (f"{result.callers} people for {result.seconds:.0f} s. " + _callers_took(result.client.cores),)
    return Section(name, title, words, (Table(head, rows),), (), result.aims)


def _limit(limit: LimitResult) -> Section:
    rows = tuple((model, f"{ms:.1f}") for model, ms in limit.ms_by_model.items())
    rate = f"{limit.studies_per_minute:.0f} studies a minute, {limit.slices_per_s:.0f} slices a second"
    words = (f"{ALONE}: {rate}. {TWICE}",)
    head = ("network, one instance", "ms a study")
    return Section("limit", "The limit: ONNX Runtime alone", words, (Table(head, rows),))


def _cell(cell: Cell) -> str:
    return f"{cell.slices_per_s:.1f} ({cell.p50_ms:.0f} / {cell.p95_ms:.0f})"


def _growth(growth: Sequence[Growth]) -> Table:
    rows = tuple(
        (one.role, f"{one.first_mib:.0f}", f"{one.last_mib:.0f}", f"{one.slope_mib_per_h:+.0f}") for one in growth
    )
    return Table(("memory (PSS)", "start MiB", "end MiB", "slope MiB/h"), rows)


def _reports(distinct: dict[str, int]) -> str:
    return "Distinct reports, times apart: " + ", ".join(
        f"{count} of study {study}" for study, count in distinct.items()
    )


def _callers_took(cores: float) -> str:
    return f"The callers themselves took {cores:.2f} of a core."


def _figure(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.2f}"
