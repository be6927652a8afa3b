"""The page of a run: machine, releases, how each part ended, and one table for each question."""

from collections.abc import Iterator

from benchmarks.gpu.record import Record
from benchmarks.gpu.tables import tables_of

SHORT = "**A short run: it shows that everything works. Do not quote its figures.**"
ON_A_CPU = "**No GPU was measured in this run.**"


def page(record: Record) -> str:
    """Markdown."""
    return "\n\n".join((*_head(record), *(table.markdown(record) for table in tables_of(record)), "")).rstrip() + "\n"


def _head(record: Record) -> Iterator[str]:
    yield f"# Networks on a GPU, {record.began:%Y-%m-%d %H:%M} UTC"
    if record.short:
        yield SHORT
    if not any(one.rows for one in record.outcomes if "cuda" in one.provider or one.provider == "tensorrt"):
        yield ON_A_CPU
    versions = ", ".join(f"{name} {release}" for name, release in record.device.versions.items())
    lines = (
        f"- command: `{record.command}`",
        f"- machine: {record.machine.words}; {record.machine.system}, Python {record.machine.python}",
        f"- GPU: {record.device.gpu}",
        f"- packages: {versions}",
        f"- networks: {record.repository}; served on a CPU: {record.served}",
        f"- studies: {'; '.join(record.studies)}",
    )
    yield "\n".join(lines)
    ended = [
        f"| {one.part} | {one.provider} | {one.state} | {one.seconds:.0f} | {one.reason.replace('|', '/')} |"
        for one in record.outcomes
    ]
    yield "\n".join(("| part | provider | ended | s | why |", "| --- | --- | --- | --- | --- |", *ended))
