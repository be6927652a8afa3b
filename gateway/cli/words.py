"""A report in words, for a terminal."""

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from screening.report import Report
from screening.verdict import Verdict

STYLES = {Verdict.NORMAL: "bold green", Verdict.PATHOLOGY: "bold red", Verdict.NOT_ANALYSED: "bold yellow"}
TOP_FINDINGS = 3


def tell(report: Report, console: Console) -> None:
    """Print the verdict, what it rests on, and what to bear in mind."""
    style = STYLES[report.verdict]
    title = Text(f"verdict: {report.verdict.value.replace('_', ' ')}", style)
    console.print(Panel(Group(*_lines(report)), title=title, title_align="left", border_style=style, expand=False))


def _lines(report: Report) -> list[RenderableType]:
    whole = report.to_json()
    lines: list[RenderableType] = [_facts(whole)]
    if report.error is None:
        lines += [Text("\nhighest findings", "bold"), _findings(whole)]
    lines += [Text(f"\n{notice}", "dim") for notice in whole["notices"]]
    return lines
