"""Reports as text for a terminal."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gateway.mass_runs.journal import JournalEntry

STYLES = {"normal": "bold green", "pathology": "bold red", "not_analysed": "bold yellow"}
MAX_SENTENCES = 10  # a mass run may have thousands of failures; the report file has the sentence of each


def print_report(report: Mapping[str, Any], console: Console) -> None:
    """Print a full report: the verdict, its evidence and the notices."""
    console.print(_panel(report))


def print_beside(reports: Mapping[str, Mapping[str, Any]], console: Console) -> None:
    """Print full reports under their titles, side by side where the terminal is wide enough."""
    panels = [Group(Text(title, "bold"), _panel(report)) for title, report in reports.items()]
    console.print(Columns(panels, padding=(0, 2)))


def print_passed_over(paths: Iterable[Path | str], console: Console) -> None:
    """Print the files that are no upload."""
    for path in paths:
        console.print(
            f"passed over, neither DICOM, zip nor NIfTI: {path}", style="yellow", highlight=False, markup=False
        )


def print_summary(entries: Iterable[JournalEntry], report_file: Path | None, console: Console) -> None:
    """Print the number of studies by verdict, the reasons of failures in words, and the path of the report file."""
    verdicts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    sentences: Counter[tuple[str, str]] = Counter()
    for report in (report for entry in entries for report in entry.reports):
        verdicts[report["verdict"]] += 1
        if report["error"]:
            reasons[report["error"]["code"]] += 1
            sentences[report["error"]["code"], report["error"]["detail"]] += 1
    table = Table("verdict", "studies", show_edge=False)
    for verdict, count in sorted(verdicts.items()):
        table.add_row(Text(verdict.replace("_", " "), STYLES[verdict]), str(count))
    for code, count in reasons.most_common():
        table.add_row(f"  {code}", str(count), style="dim")
    console.print(table)
    for (code, detail), count in sentences.most_common(MAX_SENTENCES):
        console.print(f"{code} ({count}): {detail}", style="dim", highlight=False, markup=False)
    if report_file is not None:
        console.print(f"report: {report_file}", highlight=False, markup=False)


def _panel(report: Mapping[str, Any]) -> Panel:
    verdict = report["verdict"]
    title = Text(f"verdict: {verdict.replace('_', ' ')}", STYLES[verdict])
    lines: list[RenderableType] = [_properties(report)]
    if report["error"] is None:
        lines.append(_findings(report["findings"]))
    lines += [Text(notice, "dim") for notice in report["notices"]]
    return Panel(Group(*lines), title=title, title_align="left", border_style=STYLES[verdict], expand=False)


def _properties(report: Mapping[str, Any]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    row = report["row"]
    table.add_row("study", Text(row["path_to_study"]))
    if report["error"]:
        table.add_row("reason", f"{report['error']['code']}: {report['error']['detail']}")
    else:
        point = report["operating_point"]
        table.add_row(
            "probability", f"{report['probability']:.3f}, operating point {point['threshold']:.2f} ({point['name']})"
        )
        if report["verdict"] == "pathology":
            table.add_row("finding", row["most_dangerous_pathology_type"])
        table.add_row("key slice", str(report["evidence"]["key_slice"]["slice"]))
        table.add_row("localisation", row["pathology_localization"] or "none")
        table.add_row("series", next(one["explanation"] for one in report["series"] if one["chosen"]))
        table.add_row("weights", report["provenance"]["model_card"])
    table.add_row("time", f"{row['time_of_processing']:.2f} s")
    return table


def _findings(findings: Sequence[dict[str, Any]]) -> RenderableType:
    assessed = [finding for finding in findings if finding.get("score") is not None]  # an older gateway's have none
    silent = f"{len(findings) - len(assessed)} of {len(findings)} findings are not assessed by these weights"
    if not assessed:
        return Text(silent, "dim")
    table = Table("finding", "", "score", "threshold", box=None, padding=(0, 2, 0, 0))
    for finding in assessed:
        style = "bold" if finding["status"] == "present" else "dim"
        score, threshold = f"{finding['score']:.3f}", f"{finding['threshold']:.3f}"
        table.add_row(finding["name"], finding["status"], score, threshold, style=style)
    return Group(table, Text(silent, "dim"))
