"""The simulation against the last measured run, and what is made of that run: demands, extrapolation, the page."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.simulation.__main__ import PAGE, filled, places
from benchmarks.simulation.demand import PHANTOM, REPOSITORY, multiply_adds, thin_slices
from benchmarks.simulation.one_machine import Machine
from benchmarks.simulation.regional_scenario import machine_of
from benchmarks.simulation.tables import TABLES
from benchmarks.simulation.validation import Compared, Figures, compared
from benchmarks.two_workers.measurement import Record
from benchmarks.two_workers.result_tables import print_results
from screening.results.model_card import ModelCard

# How far a foretold figure may be off. Shared cores keep a study s / (1 - load), so what is off by e in its CPU time s
# is off by e / (1 - load) in turnaround. A burst's turnaround and rate go with s itself; twice that for its two ends.
SERVICE_OFF = 0.15


@pytest.fixture(scope="module")
def record() -> Record:
    """The last measured run that was saved."""
    return Record.newest()


def test_what_was_foretold_came(record: Record) -> None:
    if not record.is_still:
        pytest.skip(f"others took {record.foreign_cores:.2f} cores while it was measured: no claim is made of it")
    off = {one.run.name: (worst(one), allowed(one)) for one in compared(record)}
    assert all(found <= limit for found, limit in off.values()), off


def test_the_simulation_never_saw_what_it_foretells(record: Record) -> None:
    """Other times of the runs change nothing of what is foretold: the moments of coming and the CPU time are theirs."""
    slower = [replace(run, finished_s=tuple(end + 9 for end in run.finished_s)) for run in record.runs]
    again = compared(replace(record, runs=tuple(slower)))
    assert [one.foretold for one in again] == [one.foretold for one in compared(record)]
    for one, true in zip(again, compared(record), strict=True):
        assert one.measured.mean_s == pytest.approx(true.measured.mean_s + 9)


def test_every_analysis_was_asked_for_then_begun_then_ended(record: Record) -> None:
    for run in record.runs:
        assert all(a <= b <= c for a, b, c in zip(run.asked_s, run.started_s, run.finished_s, strict=True))
        assert len(run.due_s) in (0, len(run.asked_s))


def test_a_record_reads_as_it_was_written(record: Record, tmp_path: Path) -> None:
    record.save(tmp_path / "record.json")
    assert Record.load(tmp_path / "record.json") == record


def test_a_record_is_told_as_a_page(record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loud = replace(record, runs=(replace(record.runs[0], foreign_cores=0.5), *record.runs[1:]))
    print_results(loud, tmp_path / "page.md")
    page = (tmp_path / "page.md").read_text()
    assert record.machine in capsys.readouterr().out
    assert "NOT STILL" in page
    assert all(run.name in page for run in record.runs)


def test_a_larger_machine_is_the_measured_one_times_its_cores(record: Record) -> None:
    """As many of each part a core; its cores are whole, for nobody else is on it."""
    assert machine_of(record.cores) == replace(Machine.measured(record, 0.0), cores=record.cores)
    twice = machine_of(2 * record.cores)
    assert (twice.slots, twice.decoders) == (2 * machine_of(record.cores).slots, 2 * machine_of(record.cores).decoders)


def test_without_real_studies_nothing_is_told_of_thin_slices(record: Record) -> None:
    with pytest.raises(ValueError, match="no real study"):
        thin_slices(replace(record, alone=record.alone[:1]))


def test_bytes_and_arithmetic_are_those_of_the_shipped_networks() -> None:
    """A row is a view and its mask, a byte a pixel; FP32 comes back: a logit, 16 findings, an error, two maps.

    Some slices have four more views, of which the classifier alone gives a logit and a map.
    """
    card = ModelCard.load(REPOSITORY / "model_card.json")
    views, augmented = card.slices_of_a_study, card.test_time_slices * 4
    logit_and_map = 1 + card.activation_size**2
    assert PHANTOM.to_triton_bytes == (views + augmented) * 2 * card.image_size**2
    assert PHANTOM.from_triton_bytes == 4 * (
        views * (logit_and_map + 16 + 1 + card.error_map_size**2) + augmented * logit_and_map
    )
    adds = multiply_adds()
    assert PHANTOM.multiply_adds == views * sum(adds.values()) + augmented * adds["classifier"]


def test_the_page_has_a_place_for_every_table() -> None:
    assert sorted(places(PAGE.read_text("utf-8"))) == sorted(TABLES)


@pytest.mark.parametrize("name", ["study", "needs", "scaling", "beside"])
def test_the_page_tells_of_the_last_measured_run(name: str) -> None:
    """Else `python -m benchmarks.simulation` writes it anew. The other tables take minutes to make."""
    assert f"<!-- table: {name} -->\n{TABLES[name]()}<!-- end -->" in PAGE.read_text("utf-8")


def test_a_table_is_put_in_its_place() -> None:
    page = "a\n<!-- table: needs -->\nold\n<!-- end -->\nb\n"
    assert filled(page, {"needs": "| new |\n"}) == "a\n<!-- table: needs -->\n| new |\n<!-- end -->\nb\n"
    with pytest.raises(KeyError, match="unknown tables"):
        places(page.replace("needs", "nothing"))


def worst(one: Compared) -> float:
    """The largest of the ratios between foretold and measured, either way, less 1."""
    return max(math.exp(abs(math.log(a / b))) - 1 for a, b in zip(told(one.foretold), told(one.measured), strict=True))


def allowed(one: Compared) -> float:
    """How large it may be."""
    return SERVICE_OFF / (1 - one.load) if one.run.due_s else 2 * SERVICE_OFF


def told(of: Figures) -> tuple[float, ...]:
    """All that is compared."""
    return of.mean_s, of.p50_s, of.p95_s, of.studies_per_s
