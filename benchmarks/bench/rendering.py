"""The result as one HTML page, and as Markdown."""

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from benchmarks.bench.plots import rendered_plot
from benchmarks.bench.record import Record
from benchmarks.bench.results import ORIGINAL_STUDY_S
from benchmarks.bench.sections import Table, aim_row, of_limit, of_original, people, seconds, sections_of

LOCUST = ("stages", "overload", "recovery", "soak", "ward", "browsing")
AIMS = ("aim", "seen", "wanted", "")


def write_page(record: Record, folder: Path) -> Path:
    """Write index.html and results.md; returns the page."""
    templates = Environment(
        loader=PackageLoader("benchmarks.bench", "templates"),
        autoescape=select_autoescape(("html.jinja",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"markdown": markdown, "aim_table": aim_table}
    words = {
        "record": record,
        "results": record.results,
        "sections": sections_of(record),
        "tiles": tiles(record),
        "aims": record.results.aims,
        "aim_row": aim_row,
        "reports": [name for name in LOCUST if (folder / f"{name}.html").exists()],
        "minutes": sum(part.seconds for part in record.results.parts.values()) / 60,
        "draw": lambda name: rendered_plot(name, record),
    }
    page = folder / "index.html"
    page.write_text(templates.get_template("index.html.jinja").render(words), "utf-8")
    (folder / "results.md").write_text(templates.get_template("results.md.jinja").render(words), "utf-8")
    return page


def tiles(record: Record) -> list[tuple[str, str, str]]:
    """The main figures: figure, unit, text."""
    results, limit = record.results, record.results.best_limit
    made: list[tuple[str, str, str]] = []
    if results.stages:
        knee = results.stages.knee
        made += [
            (f"{knee.studies_per_minute:.0f}", "studies a minute", f"at the knee, {people(knee.callers, 'caller')}"),
            (seconds(knee.p95_s), "s", "p95 of a study at the knee"),
            (of_limit(knee.studies_per_minute, limit), "of the limit", "ONNX Runtime alone is 1"),
            (of_original(knee.studies_per_minute), "times", f"the original's {ORIGINAL_STUDY_S} s a study"),
        ]
    if aims := results.aims:
        made.append((f"{sum(aim.held for _, aim in aims)} of {len(aims)}", "aims", "held"))
    return made


def aim_table(aims: list[tuple[str, object]]) -> Table:
    """The aims as a table."""
    return Table(("part", *AIMS), tuple((part, *aim_row(aim)) for part, aim in aims))  # type: ignore[arg-type]


def markdown(table: Table) -> str:
    """A Markdown table: text left-aligned, figures right-aligned."""
    rules = [":--", *["--:"] * (len(table.head) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (table.head, rules, *table.rows))
