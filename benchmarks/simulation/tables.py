"""Every table of docs/scaling.md as Markdown, computed from the last measured run."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import numpy as np

from benchmarks.simulation.capacity import Load, need
from benchmarks.simulation.closed_forms import load_where_waits_are
from benchmarks.simulation.demand import (
    L4,
    MANY_THIN_SLICES,
    MEASURED,
    PHANTOM,
    PHANTOMS,
    T4,
    THIN_SLICES,
    Demand,
    thin_slices,
)
from benchmarks.simulation.regional_scenario import (
    CORES,
    TURNAROUND_LIMIT_S,
    alone_and_burst,
    burst_within_limit,
    kinds,
    machine_of,
    simulated_days,
)
from benchmarks.simulation.site import Site, a_day
from benchmarks.simulation.validation import Figures, compared
from benchmarks.two_workers.measurement import Alone

CITY: Final = Load(studies_per_day=5_000, peak=2.0)
COUNTRY: Final = Load(studies_per_day=1_000_000, peak=2.0)
PEAK: Final = range(8, 10)
MS: Final = 1000.0

CPU_S: Final = MANY_THIN_SLICES.networks_s + MANY_THIN_SLICES.triton_s
GPU_S: Final = T4.study_s(THIN_SLICES)
NEEDED: Final = need(COUNTRY, MANY_THIN_SLICES, T4)
PODS: Final = NEEDED.worker_cores // 2 + 1  # a worker of the chart has two decode workers
# The smallest site by the arithmetic, then one with less of one thing.
COUNTRY_SITES: Final = {
    "as the arithmetic says": Site(NEEDED.gateways, PODS, 2, 2, NEEDED.network_cores, CPU_S),
    "two thirds of the networks' cores": Site(NEEDED.gateways, PODS, 2, 2, NEEDED.network_cores * 2 // 3, CPU_S),
    "two thirds of the workers": Site(NEEDED.gateways, PODS * 2 // 3, 2, 2, NEEDED.network_cores, CPU_S),
    "2 GPUs (T4, assumed)": Site(NEEDED.gateways, PODS, 2, 2, 2, GPU_S),
}


def study() -> str:
    """The cost of one study."""
    real = Demand.of(MEASURED.alone[1], MEASURED)
    columns = (PHANTOM, real, THIN_SLICES)
    values: Mapping[str, Callable[[Demand], str]] = {
        "upload, MB": lambda one: f"{one.upload_bytes / 1e6:.0f}",
        "client, CPU ms": lambda one: f"{MS * one.client_s:.0f}",
        "gateway, CPU ms": lambda one: f"{MS * one.gateway_s:.0f}",
        "reading and preparing, CPU ms": lambda one: f"{MS * one.decode_s:.0f}",
        "worker's own process, CPU ms": lambda one: f"{MS * one.worker_s:.0f}",
        "networks, CPU ms": lambda one: f"{MS * one.networks_s:.0f}",
        "Triton itself, CPU ms": lambda one: f"{MS * one.triton_s:.0f}",
        "PostgreSQL, CPU ms": lambda one: f"{MS * one.database_s:.0f}",
        "all without the client, CPU ms": lambda one: f"{MS * one.cpu_s:.0f}",
        "studies a minute of one core": lambda one: f"{60 / one.cpu_s:.0f}",
        "networks, multiply-adds": lambda one: f"{one.multiply_adds / 1e9:.1f} G",
        "networks, ms of a T4 or L4 (**assumed**)": lambda one: (
            f"{MS * T4.study_s(one):.0f} or {MS * L4.study_s(one):.0f}"
        ),
        "gateway to Triton, MB": lambda one: f"{one.to_triton_bytes / 1e6:.2f}",
        "Triton to gateway, kB": lambda one: f"{one.from_triton_bytes / 1e3:.0f}",
        "kept besides the upload, kB": lambda one: f"{one.kept_bytes / 1e3:.0f}",
        "transactions; audit events": lambda one: f"{one.transactions:.0f}; {one.audit_events:.0f}",
    }
    head = ["a study", *(f"{one.slices} slices, {kind}" for one, kind in zip(_three(), _KINDS, strict=True))]
    return _table(head, [[name, *map(value_of, columns)] for name, value_of in values.items()])


def needs() -> str:
    """The demand of the peak hour, by studies a day and kind of study."""
    rows = []
    for load in (CITY, COUNTRY):
        for name, demand in (("64 slices", PHANTOMS), ("300 slices", MANY_THIN_SLICES)):
            asked = need(load, demand, T4)
            servers = (asked.gateways, asked.worker_cores, asked.network_cores, asked.database_cores)
            rows.append(
                [
                    f"{load.studies_per_day:,}",
                    name,
                    f"{asked.studies_per_s:.2f}",
                    *map(str, servers),
                    f"{asked.gpus} / {need(load, demand, L4).gpus}",
                    f"{asked.ingress_mbit_s:,.0f}",
                    f"{asked.triton_mbit_s:,.0f}",
                    f"{asked.transactions_per_s:.0f}",
                    f"{asked.audit_busy:.1%}",
                    f"{asked.stored_tb_per_day:.1f}",
                    asked.bottleneck,
                ]
            )
    head = "studies a day,study,a second,gateway processes,worker cores,network cores,database cores,or GPUs T4 / L4"
    tail = "Mbit/s in,Mbit/s to Triton,transactions/s,audit busy,TB a day,largest part"
    return _table([*head.split(","), *tail.split(",")], rows)


def beside() -> str:
    """Simulated and measured, and their ratio."""
    rows = []
    for one in compared(MEASURED):
        rate = f"{one.run.rate_per_s:.2f} a second" if one.run.rate_per_s else "at once"
        foretold, measured = _values(one.foretold), _values(one.measured)
        cells = [f"{a:.2f} / {b:.2f} = **{a / b:.2f}**" for a, b in zip(foretold, measured, strict=True)]
        rows.append(
            [f"{one.run.name}: {len(one.run.asked_s)} {rate}", f"{one.load:.0%}", *cells, f"{one.beside_others:.2f}"]
        )
    head = "run,cores busy (simulated),mean s,p50 s,p95 s,studies a second,CPU s a study beside one alone"
    return _table(head.split(","), rows)


def regional_day() -> str:
    """5,000 a day on one machine, by its number of cores."""
    rows = []
    for day, cores, walk in simulated_days(thin_slices(MEASURED)):
        since_sent_s = np.subtract(walk.finished_s, day.due_s)
        p50_s, p95_s, longest_s = np.quantile(since_sent_s, (0.5, 0.95, 1.0))
        late, busy = float(np.mean(since_sent_s > TURNAROUND_LIMIT_S)), walk.busy_s / max(walk.finished_s) / cores
        times = (_clock(p50_s), _clock(p95_s), _clock(longest_s))
        shares = (f"{TURNAROUND_LIMIT_S / longest_s:.1f}", f"{late:.0%}", f"{busy:.0%}")
        rows.append([day.name, str(cores), *times, *shares])
    head = "5,000 thin-slice studies;cores;p50;p95;longest;15 minutes / longest;later than that;cores busy"
    return _table(head.split(";"), rows)


def instances() -> str:
    """How fast one study and a burst are, by the number of cores and of each network's instances."""
    rows = []
    for cores in (1, 2, 4, 8, 16):
        for count in sorted({max(1, cores // 2), cores, 2 * cores}):
            alone_s, rate = alone_and_burst(MEASURED.alone[1], machine_of(cores, count))
            rows.append([str(cores), str(count), f"{alone_s:.2f} s", f"{60 * rate:.0f}"])
    return _table(["cores", "instances of each network, one thread each", "one study alone", "studies a minute"], rows)


def bursts() -> str:
    """How many studies at once all have their reports in 15 minutes."""
    rows = [[kind.name, *(f"{burst_within_limit(kind, cores):,}" for cores in CORES)] for kind in kinds()]
    return _table(["at once, all within 15 minutes", *(f"{cores} cores" for cores in CORES)], rows)


def national_day() -> str:
    """Turnaround and utilisation at a million a day, simulated."""
    rows = []
    for name, site in COUNTRY_SITES.items():
        outcome = a_day(site, MANY_THIN_SLICES, COUNTRY.studies_per_day, hours=PEAK)
        decoders = site.workers * site.decoders
        servers = {"gateway": site.gateways, "decoder": decoders, "engine": site.engines, "audit": 1}
        busy = [f"{outcome.busy_s[part] / outcome.until_s / count:.0%}" for part, count in servers.items()]
        quantiles = [_clock(outcome.quantile_s(share)) for share in (0.5, 0.95, 0.99)]
        sizes = f"{site.gateways}, {site.workers}, {site.engines}"
        rows.append([name, sizes, *quantiles, *busy])
    head = (
        "1,000,000 a day, 8 to 10 o'clock;gateways, workers, engines;p50;p95;p99;gateways busy;decoding;networks;audit"
    )
    return _table(head.split(";"), rows)


def scaling() -> str:
    """Utilisation of Triton's classifiers when waiting takes as long as computing, or half as long."""
    rows = []
    for pods in (1, 2, 4, 8):
        instances = 2 * pods
        loads = [load_where_waits_are(share, instances) / instances for share in (0.5, 1.0)]
        rows.append([str(pods), str(instances), *(f"{busy:.0%}" for busy in loads)])
    return _table(["Triton pods", "classifiers", "busy when waiting is 0.5 of computing", "when it is 1.0"], rows)


TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "study": study,
    "needs": needs,
    "beside": beside,
    "regional": regional_day,
    "bursts": bursts,
    "instances": instances,
    "national": national_day,
    "scaling": scaling,
}
_KINDS: Final = ("synthetic", "real", "real")


def _three() -> tuple[Alone, ...]:
    return (MEASURED.alone[0], MEASURED.alone[1], thin_slices(MEASURED))


def _values(figures: Figures) -> tuple[float, ...]:
    return figures.mean_s, figures.p50_s, figures.p95_s, figures.studies_per_s


def _clock(seconds: float) -> str:
    """Seconds, or minutes from 60 s on."""
    return f"{seconds:.2f} s" if seconds < 60 else f"{seconds / 60:.1f} min"


def _table(head: list[str], rows: Iterable[Iterable[str]]) -> str:
    every = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(row) + " |\n" for row in every)
