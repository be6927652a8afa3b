"""What the running stack is asked: each check raises CheckFailed, or returns a line for the report."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.containers.client import PATIENT, Client
from deploy.containers.compose_file import lasting
from deploy.containers.errors import CheckFailed
from deploy.containers.stack import Stack

ANALYSIS_S = 300.0
READY_S = 180.0
NAMES = (*PATIENT, "Phantom^Synthetic")  # the second: PatientName of the synthetic study
COMPARED = ("verdict", "probability", "finding")


@dataclass(frozen=True)
class Running:
    """The stack, a client with a token, and the study that goes through it."""

    stack: Stack
    client: Client
    study: Path


Check = Callable[[Running], str]


def screened(run: Running) -> str:
    """At once by the gateway and through the queue by the worker: the same verdict, and one that says something."""
    at_once = run.client.screen(run.study)
    queued = _through_the_queue(run)
    if at_once["verdict"] != queued["verdict"] or at_once["verdict"] == "not_analysed":
        raise CheckFailed(f"{run.study.name}: at once {at_once['verdict']}, by the worker {queued['verdict']}")
    return f"{at_once['verdict']}, probability {at_once['probability_of_pathology']}, at once and by the worker"


def page_is_served(run: Running) -> str:
    """The page, its script and the description of the API come out of the image."""
    scripts = re.findall(r'src="(/[^"]+\.js)"', run.client.page("/"))
    if not scripts or not all(run.client.page(script) for script in scripts):
        raise CheckFailed(f"the page has no script that can be read: {scripts}")
    calls = json.loads(run.client.page("/openapi.json"))["paths"]
    return f"page with {scripts[0]}, {len(calls)} paths of the API"


def no_root(run: Running) -> str:
    """Every lasting service: no process of root, no capability, no new privileges, a root that cannot be written."""
    for service in lasting(run.stack.services):
        said = run.stack.inside(service, "sh", "-c", _LOOK)
        if found := findings(said):
            raise CheckFailed(f"{service}: {'; '.join(found)}")
    return ", ".join(lasting(run.stack.services))


def killed_in_an_analysis(run: Running) -> str:
    """The worker is killed while it screens: another attempt brings the report that was brought before."""
    before, scan = _through_the_queue(run), _stored(run)
    run.client.queue(scan)
    run.client.running(scan, ANALYSIS_S)
    run.stack.kill("worker")
    after = run.client.report(scan, ANALYSIS_S)
    _same(before, after, "worker")
    return f"attempt {run.client.analysis(scan)['attempt']} brought the same report"


def killed_one_by_one(run: Running) -> str:
    """Triton, PostgreSQL, the gateway: all scans are there afterwards, and a study is screened as before."""
    before = _through_the_queue(run)
    for service in ("triton", "db", "gateway"):
        stored = run.client.stored()
        run.stack.kill(service)
        run.client.wait_until_ready(READY_S)
        _nothing_lost(run, stored, service)
        _same(before, _through_the_queue(run), service)
    return "triton, db, gateway: nothing lost, the same report"


def restarted(run: Running) -> str:
    """SIGTERM to every lasting service: each ends by itself, and all scans are there afterwards."""
    before, stored = _through_the_queue(run), run.client.stored()
    run.stack.restart(*lasting(run.stack.services))
    run.client.wait_until_ready(READY_S)
    _nothing_lost(run, stored, "all")
    _same(before, _through_the_queue(run), "all")
    return f"{stored} scans are there, the same report"


def logs_are_readable(run: Running) -> str:
    """Gateway and worker write a JSON object on each line, without a patient's name; the others write something."""
    lines = {service: run.stack.logs(service).splitlines() for service in lasting(run.stack.services)}
    for service, written in lines.items():
        if not written:
            raise CheckFailed(f"{service} has written no log")
        if named := [word for word in NAMES if any(word in line for line in written)]:
            raise CheckFailed(f"{service} writes {', '.join(named)} into its log")
    for service in ("gateway", "worker"):
        if odd := [line for line in lines[service] if not _is_object(line)]:
            raise CheckFailed(f"{service} writes {len(odd)} lines that are no JSON object, as {odd[0][:200]!r}")
    return ", ".join(f"{service} {len(written)} lines" for service, written in lines.items())


ALL: tuple[Check, ...] = (
    screened,
    page_is_served,
    no_root,
    killed_in_an_analysis,
    killed_one_by_one,
    restarted,
    logs_are_readable,
)


def findings(looked: str) -> list[str]:
    """What is wrong in the output of `_LOOK`: a process of root, a capability, new privileges, a root to write to."""
    found = [f"process {line}" for line in looked.splitlines() if re.match(r"Uid:.*\b0\b", line)]
    found += [line for line in looked.splitlines() if re.match(r"Cap(Eff|Prm|Bnd):\s*0*[1-9a-f]", line)]
    found += [line for line in looked.splitlines() if re.match(r"NoNewPrivs:\s*0", line)]
    if "root: read-only" not in looked.splitlines():
        found.append("its root can be written")
    if "NoNewPrivs:" not in looked:
        found.append("its processes cannot be read")
    return found


_LOOK = """for status in /proc/[0-9]*/status; do
    while read -r line; do
        case $line in Uid:*|CapEff:*|CapPrm:*|CapBnd:*|NoNewPrivs:*) echo "$line";; esac
    done < "$status"
done 2>/dev/null
while read -r device place kind options rest; do
    case "$place $options" in "/ ro"|"/ ro,"*) echo "root: read-only";; esac
done < /proc/mounts
"""


def _stored(run: Running) -> str:
    return run.client.store(run.client.patient(), run.study)


def _through_the_queue(run: Running) -> dict[str, Any]:
    scan = _stored(run)
    run.client.queue(scan)
    return run.client.report(scan, ANALYSIS_S)


def _same(before: dict[str, Any], after: dict[str, Any], killed: str) -> None:
    changed = [name for name in COMPARED if before[name] != after[name]]
    if changed:
        raise CheckFailed(f"after the end of {killed} the report has another {', '.join(changed)}")


def _nothing_lost(run: Running, stored: int, killed: str) -> None:
    if (now := run.client.stored()) != stored:
        raise CheckFailed(f"{stored} scans before the end of {killed}, {now} after it")


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
