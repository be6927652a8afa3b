"""The profile of a study: what the profilers write is read, waiting is left out, and each stack has its part."""

from collections import Counter
from pathlib import Path

import cv2
import pytest

from benchmarks.study_profile import samples
from benchmarks.study_profile.flame_graph import draw
from benchmarks.study_profile.parts import OTHER, largest, parts_of

PY_SPY = """\
run (asyncio/runners.py);read (asyncio/selector_events.py);on_body (uvicorn/protocols/http/httptools_impl.py) 3
run (asyncio/runners.py);into (gateway/storage/hashing_stream.py) 5
run (threading.py);_worker (concurrent/futures/thread.py) 40
run (asyncio/runners.py);select (selectors.py) 7
run (asyncio/runners.py);EpollSelector.select (selectors.py:468) 9
"""
PERF = """\
 4711
\t    7f0000000001 memcpy (/usr/lib/x86_64-linux-gnu/libc.so.6)
\t    7f0000000002 inference::Server::Run() (/opt/tritonserver/libtriton.so)

 4711
\t    7f0000000001 memcpy (/usr/lib/x86_64-linux-gnu/libc.so.6)

"""


def test_stacks_of_py_spy_without_those_that_wait() -> None:
    seen = samples.Samples()
    samples._read_py_spy(12, PY_SPY, seen)
    assert seen.of([12]).total() == 8
    assert parts_of("gateway", seen.of([12])) == {"hash and write": 5 / 8, "HTTP parser and server": 3 / 8}


def test_the_innermost_function_that_is_known_decides() -> None:
    stacks = Counter(
        {
            ("main (gateway/http/server/server.py)", "into (gateway/storage/hashing_stream.py)", "update (x.py)"): 1,
            ("main (elsewhere.py)",): 1,
        }
    )
    assert parts_of("gateway", stacks) == {"hash and write": 0.5, OTHER: 0.5}


def test_stacks_of_perf_begin_with_the_outermost() -> None:
    seen = samples.Samples()
    samples._read_perf(PERF, seen)
    assert seen.of([4711]) == {
        ("inference::Server::Run() (libtriton.so)", "memcpy (libc.so.6)"): 1,
        ("memcpy (libc.so.6)",): 1,
    }
    assert largest(seen.of([4711])) == {"memcpy (libc.so.6)": 1.0}


@pytest.mark.parametrize("stacks", [Counter(), Counter({("a", "b", "c"): 3, ("a", "b", "d", "e"): 1})])
def test_a_flame_graph_is_a_picture(tmp_path: Path, stacks: Counter[samples.Stack]) -> None:
    draw(stacks, "a study: gateway", tmp_path / "graph.png")
    assert cv2.imread(str(tmp_path / "graph.png")) is not None
