"""`python -m benchmarks.simulation`: the tables of docs/scaling.md, as Markdown."""

import sys
from collections.abc import Iterable

from benchmarks.simulation.capacity import Load, need
from benchmarks.simulation.demand import L4, PHANTOM, T4, THIN_SLICES
from benchmarks.simulation.site import Site, a_day

CITY = Load(studies_per_day=5_000, peak=2.0)
COUNTRY = Load(studies_per_day=1_000_000, peak=2.0)
CPU_S = PHANTOM.networks_s + PHANTOM.triton_s
GPU_S = T4.study_s(THIN_SLICES)

# The smallest site by the arithmetic, then one part less or more of what it has too little of.
CITY_SITES = {
    "1 core for the networks": Site(1, workers=1, at_once=2, decoders=2, engines=1, engine_s=CPU_S),
    "2 cores": Site(1, workers=1, at_once=4, decoders=2, engines=2, engine_s=CPU_S),
    "2 cores, two machines": Site(2, workers=2, at_once=4, decoders=2, engines=4, engine_s=CPU_S),
}
COUNTRY_SITES = {
    "cores": Site(4, workers=8, at_once=4, decoders=2, engines=17, engine_s=CPU_S),
    "cores, a third less": Site(4, workers=8, at_once=4, decoders=2, engines=11, engine_s=CPU_S),
    "2 GPUs": Site(4, workers=8, at_once=4, decoders=2, engines=2, engine_s=GPU_S),
    "2 GPUs, half the workers": Site(4, workers=2, at_once=4, decoders=2, engines=2, engine_s=GPU_S),
}
PEAK = range(8, 11)


def main() -> None:
    """Print both tables."""
    print_needs()
    print_site("5,000 a day, the whole day", CITY_SITES, CITY, range(24))
    print_site("1,000,000 a day, 08 to 11 o'clock", COUNTRY_SITES, COUNTRY, PEAK)


def print_needs() -> None:
    """What the peak hour asks for, by size and study."""
    rows = []
    for name, demand in (("64 slices, 18 MB", PHANTOM), ("300 slices, 80 MB", THIN_SLICES)):
        for load in (CITY, COUNTRY):
            asked = need(load, demand, T4)
            rows.append(
                [
                    f"{load.studies_per_day:,}",
                    name,
                    f"{asked.studies_per_s:.2f}",
                    asked.gateways,
                    asked.worker_cores,
                    asked.network_cores,
                    f"{asked.gpus} / {need(load, demand, L4).gpus}",
                    f"{asked.ingress_mbit_s:,.0f}",
                    f"{asked.transactions_per_s:.0f}",
                    f"{asked.audit_busy:.0%}",
                    f"{asked.stored_tb_per_day:.1f}",
                    asked.bottleneck,
                ]
            )
    head = "studies a day,study,a second at the peak,gateway processes,decoding cores,network cores,or GPUs T4 / L4"
    _table([*head.split(","), "Mbit/s in", "transactions/s", "audit busy", "TB a day", "largest part"], rows)


def print_site(title: str, sites: dict[str, Site], load: Load, hours: range) -> None:
    """Turnaround and how busy each part is, from the simulation."""
    rows = []
    for name, site in sites.items():
        outcome = a_day(site, THIN_SLICES, load.studies_per_day, hours=hours)
        servers = {
            "gateway": site.gateways,
            "decoder": site.workers * site.decoders,
            "engine": site.engines,
            "audit": 1,
        }
        busy = [f"{outcome.busy_s[part] / outcome.until_s / count:.0%}" for part, count in servers.items()]
        quantiles = [f"{outcome.quantile_s(share):.2f}" for share in (0.5, 0.95, 0.99)]
        rows.append([name, len(outcome.turnaround_s), *quantiles, *busy])
    _table([title, "studies", "p50 s", "p95 s", "p99 s", "gateways", "decoding", "networks", "audit"], rows)


def _table(head: list[str], rows: Iterable[list[object]]) -> None:
    every: list[list[object]] = [[*head], ["---"] * len(head), *rows]
    lines = ["| " + " | ".join(str(cell) for cell in row) + " |" for row in every]
    sys.stdout.write("\n".join(lines) + "\n\n")


if __name__ == "__main__":
    main()
