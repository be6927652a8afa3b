"""One table for each question, from the rows of a record. What could not be measured has its reason in its place."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.gpu.comparison import flips, floor_s
from benchmarks.gpu.providers import PROVIDERS, SERVED
from benchmarks.gpu.record import Record
from benchmarks.gpu.rows import Row

Cells = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A question, its table, and the part that answers it."""

    title: str
    part: str
    head: Cells
    rows: tuple[Cells, ...]

    def markdown(self, record: Record) -> str:
        """Title and table; then a line for each provider that has not all of it."""
        lines = [self.head, tuple("---" for _ in self.head), *self.rows] if self.rows else []
        body = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        missing = [f"- {_words(one)}: **{state}**: {reason}" for one, state, reason in _incomplete(record, self.part)]
        return "\n\n".join(part for part in (f"## {self.title}", body, "\n".join(missing)) if part)


def tables_of(record: Record) -> Iterator[Table]:
    """All tables, those without a row too."""
    yield Table("Build", "build", ("provider", "network", "build s", "open s", "first run s", "MB"), _build(record))
    head: Cells = ("provider", "network", "output", "rows", "largest", "mean", "largest value")
    yield Table("Parity: differences from ONNX Runtime on the CPU in FP32", "parity", head, _parity(record))
    head = ("provider", "3D expert asked", "studies", "verdicts that flip", "key slices that differ")
    head = (*head, "largest difference of the probability")
    yield Table(f"Verdict flips beside what is served: {SERVED.words}", "verdicts", head, _verdicts(record))
    by_batch = ("network", "rows of a call", *_providers(record, "throughput"))
    yield Table("Rows a second (slices; blocks of expert3d)", "throughput", by_batch, _rates(record))
    head = ("provider", "copies, GB/s", "products, 10^12 multiply-adds/s", "side of the matrices")
    yield Table("Rates of the device in the same library", "floor", head, _floors(record))
    yield Table("Share of the copy-and-GEMM floor: floor / measured", "floor", by_batch, _shares(record))
    head = ("provider", "cores", "studies at once", "studies", "studies a second", "p50 s", "p95 s")
    yield Table("Studies a second, decoding on all cores, in one process", "end_to_end", head, _ends(record))
    yield Table("Studies a second over HTTP through `up`", "service", (*head, "Triton"), _services(record))


def _build(record: Record) -> tuple[Cells, ...]:
    return tuple(
        (_words(one), row["network"], *_figures(row, "build_s", "open_s", "first_run_s"), f"{row['bytes'] / 1e6:.1f}")
        for one, row in record.rows("build")
    )


def _parity(record: Record) -> tuple[Cells, ...]:
    return tuple(
        (
            _words(one),
            row["network"],
            row["output"],
            str(row["rows"]),
            *_figures(row, "largest", "mean", "largest_value"),
        )
        for one, row in record.rows("parity")
    )


def _verdicts(record: Record) -> tuple[Cells, ...]:
    return tuple(
        (
            _words(one.provider),
            one.expert,
            str(one.studies),
            str(one.verdicts),
            str(one.key_slices),
            f"{one.probability:.2g}",
        )
        for one in flips(record)
    )


def _rates(record: Record) -> tuple[Cells, ...]:
    return _by_batch(record, lambda _, row: f"{row['batch'] / row['call_s']:,.0f}")


def _shares(record: Record) -> tuple[Cells, ...]:
    def share(provider: str, row: Row) -> str:
        least_s = floor_s(record, provider, row)
        return "" if least_s is None else f"{least_s / row['call_s']:.3f}"

    return _by_batch(record, share)


def _floors(record: Record) -> tuple[Cells, ...]:
    cells = []
    for one in _providers(record, "floor", words=False):
        rates = {row["rate"]: row for provider, row in record.rows("floor") if provider == one}
        copy, gemm = (rates.get(name, {}) for name in ("copy", "gemm"))
        figures = _scaled(copy.get("bytes_per_s"), 1e9), _scaled(gemm.get("multiply_adds_per_s"), 1e12)
        cells.append((_words(one), *figures, str(gemm.get("side", ""))))
    return tuple(cells)


def _ends(record: Record) -> tuple[Cells, ...]:
    return tuple(_loaded(one, row) for one, row in record.rows("end_to_end"))


def _services(record: Record) -> tuple[Cells, ...]:
    return tuple((*_loaded(one, row), row["triton"]) for one, row in record.rows("service"))


def _loaded(provider: str, row: Row) -> Cells:
    counts = (str(row[name]) for name in ("cores", "at_once", "studies"))
    return (_words(provider), *counts, *_figures(row, "per_s", "p50_s", "p95_s"))


def _by_batch(record: Record, cell: Callable[[str, Row], str]) -> tuple[Cells, ...]:
    """A row for each network and batch, a column for each provider."""
    providers = _providers(record, "throughput", words=False)
    found = {(row["network"], row["batch"], one): cell(one, row) for one, row in record.rows("throughput")}
    keys = dict.fromkeys((network, batch) for network, batch, _ in found)
    return tuple(
        (network, str(batch), *(found.get((network, batch, one), "") for one in providers)) for network, batch in keys
    )


def _providers(record: Record, part: str, *, words: bool = True) -> Cells:
    named = dict.fromkeys(one for one, _ in record.rows(part))
    return tuple(_words(one) if words else one for one in named)


def _incomplete(record: Record, part: str) -> Iterable[tuple[str, str, str]]:
    return (
        (one.provider, one.state, one.reason) for one in record.outcomes if one.part == part and one.state != "done"
    )


def _words(provider: str) -> str:
    return SERVED.words if provider == SERVED.name else PROVIDERS[provider].words


def _figures(row: Row, *names: str) -> Sequence[str]:
    return [f"{row[name]:.3g}" for name in names]


def _scaled(value: float | None, unit: float) -> str:
    return "not told" if value is None else f"{value / unit:.3g}"
