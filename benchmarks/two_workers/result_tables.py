"""A record as tables, printed and saved to benchmarks/results."""

import os
import platform
from pathlib import Path
from statistics import median

import psutil
from rich.table import Table

from benchmarks.result_page import result_console
from benchmarks.simulation.validation import Compared, Figures, compared
from benchmarks.two_workers.measurement import Alone, Record


def machine_words() -> str:
    """Architecture, processor, cores, and the load of other programs before the run."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    named = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    load = f"load {os.getloadavg()[0]:.1f} before"
    return f"{platform.machine()}, {named}, {psutil.cpu_count()} cores, {load}"


def print_results(record: Record, save: Path) -> None:
    """Print the tables and save them as Markdown."""
    with result_console(save) as console:
        console.print(f"{record.command}\n{record.machine}; model card {record.model_card}")
        words = f"{record.workers} workers, {record.at_once} analyses at once and {record.decoders} decode workers each"
        console.print(f"{words}; gateway, Triton, PostgreSQL and client on the same cores")
        for table in (alone(record), spent(record), stages(record), beside(compared(record))):
            console.print(table)
        if not record.is_still:
            words = f"NOT STILL: others took up to {record.foreign_cores:.2f} cores; conclude nothing, measure again"
            console.print(words, style="bold red")
        kept = record.database
        console.print(
            f"a study: {kept.transactions:.1f} transactions, {kept.audit_events:.1f} audit events, "
            f"{kept.kept_bytes / 1e6:.2f} MB kept besides the upload; a commit {1000 * kept.commit_s:.2f} ms, an audit "
            f"event {1000 * kept.audit_s:.2f} ms; idle: {sum(record.idle.cores.values()):.3f} cores, "
            f"{record.idle.transactions_per_s:.1f} transactions a second"
        )


def alone(record: Record) -> Table:
    """Studies sent one at a time."""
    columns = ("study", "MB", "upload s", "wait s", "run s", "lowest", "highest", "CPU s")
    table = Table(*columns, title="One at a time, medians")
    for one in record.alone:
        medians = (median(one.upload_s), median(one.wait_s), median(one.run_s), min(one.run_s), max(one.run_s))
        table.add_row(
            one.name, f"{one.upload_bytes / 1e6:.1f}", *(f"{value:.3f}" for value in medians), f"{one.cpu_s:.3f}"
        )
    return table


def spent(record: Record) -> Table:
    """CPU time by kind of process."""
    both = [(one.name, _both(one)) for one in record.alone] + [(run.name, run.cpu_s) for run in record.runs]
    roles = sorted({role for _, by_role in both for role in by_role})
    table = Table("CPU ms of one study", *roles, "sum", title="By kind of process")
    for name, by_role in both:
        values = [1000 * by_role.get(role, 0.0) for role in roles]
        table.add_row(name, *(f"{value:.0f}" for value in (*values, sum(values))))
    return table


def stages(record: Record) -> Table:
    """The stage times in the reports."""
    both = [(one.name, one.stages_s) for one in record.alone] + [(run.name, run.stages_s) for run in record.runs]
    table = Table("median ms", *both[0][1], title="Stages by the reports; survey to handover are a decode worker's")
    for name, stages_s in both:
        table.add_row(name, *(f"{1000 * stages_s[stage]:.0f}" for stage in both[0][1]))
    return table


def beside(found: list[Compared]) -> Table:
    """Simulated, measured, and their ratio; cores busy, used by other programs, and idle for the disk."""
    columns = ("run", "studies", "a second", "busy", "others", "disk", "", "mean s", "p50 s", "p95 s", "studies/s")
    table = Table(
        *columns, title="Turnaround from asked to report: simulated from studies that came alone, and measured"
    )
    for one in found:
        rate = f"{one.run.rate_per_s:.2f}" if one.run.rate_per_s else "at once"
        cores = (one.run.busy_cores, one.run.foreign_cores, one.run.disk_cores)
        head = (one.run.name, str(len(one.run.asked_s)), rate, *(f"{value:.2f}" for value in cores))
        foretold, measured = _values(one.foretold), _values(one.measured)
        table.add_row(*head, "simulated", *(f"{value:.2f}" for value in foretold))
        table.add_row(*[""] * 6, "measured", *(f"{value:.2f}" for value in measured))
        ratios = [first / second for first, second in zip(foretold, measured, strict=True)]
        table.add_row(*[""] * 6, "ratio", *(f"{ratio:.2f}" for ratio in ratios))
    return table


def _values(figures: Figures) -> tuple[float, ...]:
    return figures.mean_s, figures.p50_s, figures.p95_s, figures.studies_per_s


def _both(one: Alone) -> dict[str, float]:
    roles = {*one.upload_cpu_s, *one.analysis_cpu_s}
    return {role: one.upload_cpu_s.get(role, 0.0) + one.analysis_cpu_s.get(role, 0.0) for role in roles}
