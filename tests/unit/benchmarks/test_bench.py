"""A run of the bench without a service: what is done stays done, what fails is told, and calls are counted rightly."""

import csv
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.bench import run as running
from benchmarks.bench.calls import COLUMNS, Call, Calls, quantile_s
from benchmarks.bench.context import AdmissionLimits, Bench
from benchmarks.bench.machine import this_machine
from benchmarks.bench.parts.throughput_over_time import pace_of
from benchmarks.bench.plan import PARTS, Plan, chosen
from benchmarks.bench.record import PlanMismatch, Record
from benchmarks.bench.rendering import write_page
from benchmarks.bench.results import LimitResult, Results
from benchmarks.bench.service_under_test import Serving, must_be_loopback
from benchmarks.studies import names_of, uploads

QUIET = Console(quiet=True)
LIMIT = LimitResult(studies_per_minute=248.0, slices_per_s=49.6, ms_by_model={"classifier": 400.0})


def call(start_s: float, seconds: float, status: int = 200, error: str = "", report: str = "a") -> Call:
    return Call(start_s, seconds, "/inference/predict", status, error, "0", report)


def record_of(*parts: str, **changed: object) -> Record:
    plan = Plan.model_validate(
        {"parts": parts, "studies": ["one"], "model_card": "x", "where": "its own", "short": True, **changed}
    )
    return Record(began=datetime.now(UTC), machine=this_machine(), plan=plan, command="turnstile bench")


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    serving = Serving("http://127.0.0.1:9", tmp_path / "log")
    yield serving
    serving.close()


def bench_of(record: Record, folder: Path, serving: Serving) -> Bench:
    return Bench(record.plan, folder, folder, [], serving, AdmissionLimits(12, 96, 192, 1.2))


def test_calls_are_told_apart_by_what_became_of_them(tmp_path: Path) -> None:
    rows = [
        call(0, 2.0),
        call(1, 0.1, 429, "engine_overloaded", ""),
        call(2, 0.1, 429, "too_many_requests", ""),  # the rate of uploads refused, not the gate: no overload was seen
        call(3, 0.1, 500, "internal_error", ""),
        call(4, 0.1, 0, "ConnectionError", ""),
    ]
    path = tmp_path / "calls.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(
            [row.start_s, row.seconds, row.name, row.status, row.error, row.study, row.report] for row in rows
        )
    calls = Calls.read(path, 0.0, 10.0)
    assert calls.calls == tuple(rows)
    assert [len(kind) for kind in (calls.accepted, calls.refused, calls.failed)] == [1, 1, 3]
    assert calls.per_minute == 6.0
    assert set(calls.outcomes()) == {"200", "429", "429 too_many_requests", "500 internal_error", "ConnectionError"}


def test_a_time_has_what_ended_in_it() -> None:
    calls = Calls((call(0, 1.0), call(0, 6.0), call(5, 0.5)), 0.0, 10.0)
    assert len(calls.within(0, 5).calls) == 1
    assert len(calls.within(5, 10).calls) == 2
    assert quantile_s((), 0.95) is None
    assert [second.accepted for second in pace_of(calls, 5.0)] == [0.2, 0.4]


def test_a_study_with_two_reports_is_seen() -> None:
    calls = Calls((call(0, 1, report="a"), call(1, 1, report="b"), call(2, 1, report="a")), 0.0, 3.0)
    assert calls.reports() == {"0": 2}


def test_a_part_that_fails_costs_the_others_nothing_and_is_run_again(
    tmp_path: Path, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def limit(_bench: Bench, _known: Results) -> LimitResult:
        ran.append("limit")
        return LIMIT

    def fails(_bench: Bench, _known: Results) -> LimitResult:
        ran.append("grpc")
        raise RuntimeError("no Triton")

    monkeypatch.setattr(running, "MEASURES", {**running.MEASURES, "limit": limit, "grpc": fails, "limit_again": limit})
    record = record_of("limit", "grpc", "limit_again")
    bench = bench_of(record, tmp_path, serving)
    first = running.run(bench, record, QUIET, lambda record: record.save(tmp_path))
    assert {name: part.state for name, part in first.results.parts.items()} == {
        "limit": "done",
        "grpc": "failed",
        "limit_again": "done",
    }
    assert first.results.parts["grpc"].reason == "RuntimeError: no Triton"

    opened = Record.opened(tmp_path, record)
    assert opened.results == first.results
    running.run(bench, opened, QUIET, lambda _: None)
    assert ran == ["limit", "grpc", "limit", "grpc"]


def test_what_needs_the_knee_fails_in_words_when_there_is_none(tmp_path: Path, serving: Serving) -> None:
    record = record_of("overload", "soak")
    done = running.run(bench_of(record, tmp_path, serving), record, QUIET, lambda _: None)
    assert all("the knee is not known" in part.reason for part in done.results.parts.values())
    page = write_page(done, tmp_path)
    assert "the knee is not known" in page.read_text()


def test_a_folder_of_another_plan_is_not_gone_on_with(tmp_path: Path) -> None:
    record_of("limit").save(tmp_path)
    assert Record.opened(tmp_path, record_of("limit", "grpc")).plan.parts == ("limit", "grpc")
    with pytest.raises(PlanMismatch, match="another soak s"):
        Record.opened(tmp_path, record_of("limit", soak_s=60.0))


def test_a_part_that_does_not_end_is_ended() -> None:
    with pytest.raises(running.PartTimeout), running.bounded(0.05):
        time.sleep(10)


def test_parts_come_in_their_order_with_what_they_need() -> None:
    assert chosen([]) == PARTS
    assert chosen(["soak"]) == ("stages", "soak")
    assert chosen(["limit"]) == ("limit", "limit_again")
    with pytest.raises(ValueError, match="no such part: lunch"):
        chosen(["lunch"])


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"])
def test_this_machine_may_be_loaded(url: str) -> None:
    must_be_loopback(url)


@pytest.mark.parametrize("url", ["http://192.0.2.1", "https://127.0.0.1", "http://hospital", "127.0.0.1:8080"])
def test_another_machine_may_not(url: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        must_be_loopback(url)


def test_a_study_of_the_users_own_is_sent_and_told_without_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "Doe^Jane"
    folder.mkdir()
    (folder / "0.dcm").write_bytes(b"slice")
    file = tmp_path / "Doe.zip"
    file.write_bytes(b"PK")
    sent = uploads([folder, file], tmp_path)
    assert [path.name for path in sent] == ["study-0.zip", "study-1.zip"]
    assert sent[1].read_bytes() == b"PK"
    assert "Doe" not in "".join(names_of([folder, file]))
