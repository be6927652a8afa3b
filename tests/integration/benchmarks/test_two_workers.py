"""What the two workers are measured with: a real PostgreSQL's counts, and the CPU seconds of real processes."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import psutil
import pytest

from benchmarks.two_workers import database_counters
from benchmarks.two_workers.__main__ import poisson
from benchmarks.two_workers.cpu_usage import CpuSeconds, role_of
from gateway.audit import audit_log
from gateway.auth.local_admin import local_admin
from gateway.database.connection import Database
from gateway.principal import RequestContext

BURN = "import time\nwhile time.process_time() < 0.3: pass\nprint('burnt', flush=True)\ninput()"


@pytest.fixture(autouse=True)
def told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_counters, "FLUSH_S", 0.0)


@pytest.fixture
def burning() -> Iterator[psutil.Process]:
    """A child that has computed for 0.3 s, and waits."""
    with subprocess.Popen([sys.executable, "-c", BURN], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        yield psutil.Process(child.pid)
        child.communicate(b"\n")


def test_commits_are_timed_and_what_they_leave_is_counted(database_url: str) -> None:
    asyncio.run(one_event(database_url))
    before = database_counters.counts(database_url)
    insert_s, audit_s = database_counters.commit_times_s(database_url)
    after = database_counters.counts(database_url)
    assert min(insert_s, audit_s) > 0
    assert after.audit_events - before.audit_events == database_counters.COMMITS


def test_a_scan_without_a_report_is_no_measurement(database_url: str) -> None:
    assert database_counters.unfinished(database_url) == 0
    with pytest.raises(RuntimeError, match="1 of 1 analyses have no report"):
        database_counters.analysis_times(database_url, [str(uuid4())])


def test_cpu_seconds_are_counted_by_who_spent_them(burning: psutil.Process) -> None:
    spent = CpuSeconds.read_so_far({"gateway": [burning], "client": [psutil.Process()]})
    assert spent.by_role["gateway"] > 0.25  # the clock counts in hundredths
    assert "decoding" not in spent.by_role  # the client's own children are no part of it
    assert role_of(burning) == "decoding"
    later = CpuSeconds.read_so_far({"gateway": [burning], "client": [psutil.Process()]}) - spent
    assert later.by_role["gateway"] < 0.3
    assert later.machine_s >= 0
    assert later.other_programs_s >= 0


def test_what_a_child_spent_stays_its_parents_when_it_is_gone() -> None:
    """PostgreSQL's sessions end, and their seconds would be missing."""
    before = CpuSeconds.read_so_far({"gateway": [psutil.Process()]})
    subprocess.run([sys.executable, "-c", BURN], input=b"\n", stdout=subprocess.DEVNULL, check=True)
    spent = CpuSeconds.read_so_far({"gateway": [psutil.Process()]}) - before
    assert spent.by_role["gateway"] > 0.25


def test_moments_at_random_are_as_many_as_asked_for_and_the_same_each_time() -> None:
    moments_s = poisson(20.0, 500.0, seed=3)
    assert moments_s == poisson(20.0, 500.0, seed=3) != poisson(20.0, 500.0, seed=4)
    assert len(moments_s) == pytest.approx(10_000, rel=0.05)
    assert moments_s == sorted(moments_s)
    assert 0 < moments_s[0] < moments_s[-1] < 500.0


async def one_event(database_url: str) -> None:
    """Put the first event of the chain there."""
    database = Database(database_url)
    context = RequestContext("203.0.113.9", "trace-4711")
    async with database.transaction() as session:
        await audit_log.record(session, local_admin("home"), audit_log.Action.CREATE, "patient", None, context)
    await database.close()
