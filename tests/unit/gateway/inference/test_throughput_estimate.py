"""The throughput estimate: seconds a slice, averaged over the last uploads."""

import pytest

from gateway.inference.throughput_estimate import ThroughputEstimate


def test_there_is_no_estimate_before_the_first_upload() -> None:
    assert ThroughputEstimate().seconds_for(12) is None


def test_it_is_the_time_over_the_slices_in_flight() -> None:
    throughput = ThroughputEstimate()
    throughput.record(admitted=48, held_s=1.2)
    assert throughput.seconds_for(24) == pytest.approx(0.6)


def test_it_follows_a_service_that_slows_down() -> None:
    throughput = ThroughputEstimate()
    for held_s in (0.3, *(3.0,) * 20):
        throughput.record(12, held_s)
    assert throughput.seconds_for(12) == pytest.approx(3.0, rel=0.05)


def test_refused_files_do_not_raise_the_estimate() -> None:
    """Every second upload is refused: the others still take 1.2 s, so a queue of both takes half of that each."""
    throughput = ThroughputEstimate()
    for held_s in (1.2, 0.01) * 20:
        throughput.record(48, held_s)
    assert throughput.seconds_for(48) == pytest.approx(0.6, rel=0.15)


def test_an_upload_that_came_alone_to_a_cold_service_says_nothing_of_a_full_one() -> None:
    throughput = ThroughputEstimate()
    throughput.record(12, 30.0, full=False)
    assert throughput.seconds_for(12) is None
    throughput.record(12, 1.2)
    throughput.record(12, 30.0, full=False)
    assert throughput.seconds_for(12) == pytest.approx(1.2)
    throughput.record(12, 0.6, full=False)
    assert (throughput.seconds_for(12) or 0.0) < 1.2
