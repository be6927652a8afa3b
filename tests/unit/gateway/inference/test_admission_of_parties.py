"""Admission with several institutions and principals: a crowd of one is refused before it takes the others' places."""

import asyncio
from contextlib import ExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.fairness.party import Party
from gateway.inference.admission import OVERRUN, Admission
from screening.errors import EngineOverloaded

CROWD, COLLEAGUE, OTHER = Party("alpha", "one"), Party("alpha", "two"), Party("beta", "one")
SLICES = 10


def admission_at(seconds_per_upload: float, **options: float) -> Admission:
    """Room for one upload in flight and 299 that wait, with a known throughput."""
    admission = Admission(SLICES, 299 * SLICES, **options)  # type: ignore[arg-type]
    admission._throughput.record(SLICES, seconds_per_upload)
    return admission


def fill(admission: Admission, party: Party, arriving: ExitStack) -> int:
    """Reserve until the party is refused; the number of its reservations."""
    for number in range(10_000):
        try:
            arriving.enter_context(admission.reserve(SLICES, party))
        except EngineOverloaded:
            return number
    raise AssertionError("never refused")


async def test_the_expected_wait_of_others_is_their_own_turn() -> None:
    admission = admission_at(1.0, busy_after_s=20.0)
    with ExitStack() as arriving:
        assert fill(admission, CROWD, arriving) == 20
        assert fill(admission, OTHER, arriving) == 10  # two turns for each of its own
        assert (
            fill(admission, COLLEAGUE, arriving) == 5
        )  # four: its own, one of the crowd, two of the other institution


async def test_one_principal_takes_a_third_of_the_places_and_one_institution_half() -> None:
    admission = Admission(SLICES, 299 * SLICES)
    with ExitStack() as arriving:
        assert fill(admission, CROWD, arriving) == 100
        colleagues = sum(fill(admission, Party("alpha", f"colleague {number}"), arriving) for number in range(9))
        assert colleagues == 50
        assert fill(admission, OTHER, arriving) == 50


@settings(max_examples=25)
@given(crowds=st.lists(st.sampled_from([Party(i, p) for i in "ab" for p in "12345"]), max_size=12))
def test_whoever_comes_next_finds_a_place_however_many_fill_theirs_before(crowds: list[Party]) -> None:
    """Before a throughput is measured only places count: each takes all it gets, and a new institution gets some."""

    async def all_fill() -> None:
        admission = Admission(SLICES, 299 * SLICES)
        with ExitStack() as arriving:
            for party in crowds:
                fill(admission, party, arriving)
                assert admission.arriving < 300 * SLICES
            assert fill(admission, Party("c", "1"), arriving) >= 1

    asyncio.run(all_fill())


async def test_one_upload_of_an_absent_institution_is_accepted_however_slow_the_service_is() -> None:
    admission = admission_at(60.0, busy_after_s=20.0)
    async with admission.hold(SLICES, CROWD):
        with pytest.raises(EngineOverloaded), admission.reserve(SLICES, COLLEAGUE):
            pass
        with admission.reserve(SLICES, OTHER), pytest.raises(EngineOverloaded), admission.reserve(SLICES, OTHER):
            pass


async def test_a_slow_upload_that_came_alone_has_no_crowd_refused() -> None:
    admission = Admission(2 * SLICES, 298 * SLICES, busy_after_s=0.001)
    async with admission.hold(SLICES, CROWD) as admitted:
        await asyncio.sleep(0.05)
        admitted.screened = True
    with ExitStack() as arriving:
        assert fill(admission, CROWD, arriving) == 100


async def test_retry_after_is_when_an_upload_will_be_accepted() -> None:
    admission = admission_at(1.0, busy_after_s=20.0)
    with ExitStack() as arriving:
        for number in range(24):
            arriving.enter_context(admission.reserve(SLICES, Party(f"institution {number}", "one")))
        with pytest.raises(EngineOverloaded) as refused:
            arriving.enter_context(admission.reserve(SLICES, Party("institution 0", "one")))
    assert refused.value.headers["Retry-After"] == "5"  # 24 before it, its own, and 20 s are allowed
    with admission.reserve(SLICES, CROWD):
        pass


async def test_turns_go_round_while_uploads_wait() -> None:
    admission, order, all_wait = Admission(SLICES, 100 * SLICES), [], asyncio.Event()

    async def upload(name: str, party: Party, *, urgent: bool = False) -> None:
        async with admission.hold(SLICES, party, urgent=urgent):
            order.append(name)
            await all_wait.wait()

    crowd = [asyncio.create_task(upload(f"crowd {number}", CROWD)) for number in range(4)]
    await asyncio.sleep(0)
    others = [
        asyncio.create_task(upload("colleague", COLLEAGUE)),
        asyncio.create_task(upload("other", OTHER)),
        asyncio.create_task(upload("urgent", OTHER, urgent=True)),
    ]
    await asyncio.sleep(0)
    all_wait.set()
    await asyncio.gather(*crowd, *others)
    assert order == ["crowd 0", "urgent", "other", "colleague", "crowd 1", "crowd 2", "crowd 3"]


async def test_a_wait_that_the_estimate_did_not_foresee_ends_with_a_refusal_unless_it_is_patient() -> None:
    admission = Admission(SLICES, 100 * SLICES, busy_after_s=0.01 / OVERRUN)
    async with admission.hold(SLICES):
        patient = asyncio.create_task(_hold(admission, patient=True))
        with pytest.raises(EngineOverloaded):
            await _hold(admission, patient=False)
        assert not patient.done()
    await patient
    assert (admission.in_flight, admission.waiting) == (0, 0)


async def test_a_crowd_is_told_as_soon_as_it_is_known_that_its_last_ones_will_wait_too_long() -> None:
    """All came before anything was measured; then an upload takes 95 s: in 1.5 times 800 s twelve are done."""
    admission, leave = Admission(SLICES, 99 * SLICES, busy_after_s=800.0, min_uploads=2), asyncio.Event()

    async def upload(party: Party) -> None:
        async with admission.hold(SLICES, party):
            await leave.wait()

    crowd = [asyncio.create_task(upload(CROWD)) for _ in range(24)]
    await asyncio.sleep(0)
    other = asyncio.create_task(upload(OTHER))
    await asyncio.sleep(0)
    admission._throughput.record(SLICES, 95.0)
    leave.set()
    ended = await asyncio.gather(*crowd, other, return_exceptions=True)
    refused = [isinstance(one, EngineOverloaded) for one in ended]
    assert refused == [False] * 12 + [True] * 12 + [False], "those that came last, and only of the crowd"
    assert (admission.in_flight, admission.waiting, admission.arriving) == (0, 0, 0)
    assert not admission._uploads


async def test_as_many_as_are_always_admitted_are_never_told_to_come_again() -> None:
    admission, leave = Admission(SLICES, 99 * SLICES, busy_after_s=1.0, min_uploads=8), asyncio.Event()

    async def upload() -> None:
        async with admission.hold(SLICES, CROWD):
            await leave.wait()

    crowd = [asyncio.create_task(upload()) for _ in range(8)]
    await asyncio.sleep(0)
    admission._throughput.record(SLICES, 100.0)
    leave.set()
    await asyncio.gather(*crowd)


async def test_files_that_are_refused_for_what_they_hold_do_not_make_the_service_look_fast() -> None:
    admission = admission_at(1.0, busy_after_s=20.0)
    for _ in range(100):
        async with admission.hold(SLICES, CROWD):
            pass
    with ExitStack() as arriving:
        assert fill(admission, CROWD, arriving) == 20


async def test_an_analysis_of_the_job_queue_is_never_refused() -> None:
    admission = Admission(SLICES, 0)
    async with admission.hold(SLICES):
        patient = asyncio.create_task(_hold(admission, patient=True))
        await asyncio.sleep(0)
        assert admission.waiting == SLICES
    await patient


async def _hold(admission: Admission, *, patient: bool) -> None:
    async with admission.hold(SLICES, patient=patient):
        pass
