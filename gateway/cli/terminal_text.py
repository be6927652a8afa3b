"""Reports in words, for a terminal."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gateway.mass_runs.journal import Entry

STYLES = {"normal": "bold green", "pathology": "bold red", "not_analysed": "bold yellow"}
TOP_FINDINGS = 3


def tell(whole: Mapping[str, Any], console: Console) -> None:
    """Print a whole report in words: the verdict, what it rests on, and what to bear in mind."""
    verdict = whole["verdict"]
    title = Text(f"verdict: {verdict.replace('_', ' ')}", STYLES[verdict])
    lines: list[RenderableType] = [_facts(whole)]
    if whole["error"] is None:
        lines.append(_findings(whole["findings"]))
    lines += [Text(notice, "dim") for notice in whole["notices"]]
    console.print(Panel(Group(*lines), title=title, title_align="left", border_style=STYLES[verdict], expand=False))


def summarise(entries: Iterable[Entry], report: Path | None, console: Console) -> None:
    """Print how many studies read what, why the failed ones failed, and where the report is, if there is one."""
    verdicts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for whole in (whole for entry in entries for whole in entry.reports):
        verdicts[whole["verdict"]] += 1
        if whole["error"]:
            reasons[whole["error"]["code"]] += 1
    table = Table("verdict", "studies", show_edge=False)
    for verdict, count in sorted(verdicts.items()):
        table.add_row(Text(verdict.replace("_", " "), STYLES[verdict]), str(count))
    for code, count in reasons.most_common():
        table.add_row(f"  {code}", str(count), style="dim")
    console.print(table)
    if report is not None:
        console.print(f"report: {report}", highlight=False, markup=False)


def _facts(whole: Mapping[str, Any]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    row = whole["row"]
    table.add_row("study", Text(row["path_to_study"]))
    if whole["error"]:
        table.add_row("reason", f"{whole['error']['code']}: {whole['error']['detail']}")
    else:
        point = whole["operating_point"]
        table.add_row(
            "probability", f"{whole['probability']:.3f}, operating point {point['threshold']:.2f} ({point['name']})"
        )
        table.add_row("key slice", str(whole["evidence"]["key_slice"]["slice"]))
        table.add_row("localisation", row["pathology_localization"] or "none")
        table.add_row("series", next(one["explanation"] for one in whole["series"] if one["chosen"]))
        table.add_row("weights", whole["provenance"]["model_card"])
    table.add_row("time", f"{row['time_of_processing']:.2f} s")
    return table


def _findings(findings: Sequence[dict[str, Any]]) -> RenderableType:
    table = Table("highest findings", "mean", "slices that put it first", box=None, padding=(0, 2, 0, 0))
    for finding in findings[:TOP_FINDINGS]:
        table.add_row(finding["name"], f"{finding['mean']:.3f}", str(finding["top_slices"]))
    return table
