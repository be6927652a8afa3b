"""Two institutions at work while everything that can go wrong goes wrong, one trouble after another.

`python3 do.py chaos` does the same for longer, in an order of its own (`--chaos-minutes`, `--chaos-seed`).
"""

import random
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import httpx
import pytest

from gateway.permissions import Role
from tests.integration.chaos import invariants
from tests.integration.chaos.conftest import TroubledService
from tests.integration.chaos.promises import Promises, ScreenedFile
from tests.integration.chaos.radiologist import Radiologist
from tests.integration.chaos.troubles import FOR_S, last
from tests.integration.faults.fault_service import PATIENCE_S, ServiceUnderFaults
from tests.integration.gateway.auth.api_calls import bearer, make_token
from tests.integration.polling import until
from tests.postgres import RunningPostgres

INSTITUTIONS: Final = ("alpha", "beta")
EACH: Final = 2  # principals of an institution
OFTEN: Final = 0.7  # the next trouble waits until the service is ready again, and so long:
CALM_S: Final = 3.0
ROUND_S: Final = 45.0  # about one round of all troubles


def test_every_promise_is_kept(
    troubled: TroubledService,
    paths: list[Path],
    postgres: RunningPostgres,
    tmp_path: Path,
    pytestconfig: pytest.Config,
) -> None:
    minutes, seed = pytestconfig.getoption("chaos_minutes"), pytestconfig.getoption("chaos_seed")
    service, over = troubled.service, threading.Event()
    tokens = {one: make_token(service.database_url, Role.ADMIN, one) for one in INSTITUTIONS}
    files = _screened(service, tokens["alpha"], paths)
    at_work = [
        Radiologist(service.url, tokens[one], Promises(one), files, over, f"{seed} {one} {number}")
        for one in INSTITUTIONS
        for number in range(EACH)
    ]
    for one in at_work:
        one.other_scans = lambda me=one: _of_others(me, at_work)  # type: ignore[misc]  # a lambda's default has no type
    threads = [threading.Thread(target=one.work, name="radiologist") for one in at_work]
    for thread in threads:
        thread.start()
    try:
        names = _trouble(troubled, random.Random(seed), minutes)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    promises = [one.promises for one in at_work]
    _print_figures(names, promises)
    _until_calm(service)
    assert not [broken for one in promises for broken in one.broken]
    for promised in promises:
        invariants.every_accepted_scan_is_there(service, tokens[promised.institution], promised)
        invariants.every_analysis_has_one_outcome(service, promised)
    invariants.no_upload_was_executed_twice(service)
    invariants.the_audit_chain_is_whole(service)
    invariants.no_blob_is_without_a_row(service)
    deleted = {name for one in promises for name in one.deleted}
    invariants.nothing_is_left_of(deleted, service, troubled.folders)
    invariants.no_file_is_readable_by_others((*troubled.folders, troubled.archive))
    invariants.a_backup_restores_everything(
        service, troubled.archive, postgres.new_database("template1"), tmp_path / "restored"
    )


def _screened(service: ServiceUnderFaults, token: str, paths: Sequence[Path]) -> list[ScreenedFile]:
    """The files with what the service says of them when nothing is wrong."""
    found = []
    with httpx.Client(base_url=service.url, headers=bearer(token), timeout=PATIENCE_S, trust_env=False) as client:
        patient = client.post("/api/patients", json={"first_name": "F", "last_name": "Files", "description": ""}).json()
        for path in paths:
            files = {"file": (path.name, path.read_bytes())}
            scan = client.post("/api/scans", data={"patient_id": patient["id"]}, files=files).json()["id"]
            client.post(f"/api/scans/{scan}/analyze", params={"wait": 0}).raise_for_status()
            until(lambda scan=scan: service.state(scan) in ("done", "failed"), PATIENCE_S)  # type: ignore[misc]  # as above
            (row,) = service.rows(
                "SELECT verdict, error FROM analyses JOIN reports ON analysis_id = analyses.id"
                " WHERE analyses.scan_id = %s",
                scan,
            )
            found.append(ScreenedFile(path, row["verdict"], row["error"]))
        assert client.delete(f"/api/patients/{patient['id']}").status_code == 204
    return found


def _of_others(me: Radiologist, at_work: Sequence[Radiologist]) -> Sequence[str]:
    others = (one.promises for one in at_work if one.promises.institution != me.promises.institution)
    return [scan for promises in others for scan in list(promises.accepted)[-2:]]


def _trouble(troubled: TroubledService, chance: random.Random, minutes: float) -> list[str]:
    """One round of all troubles, and more as long as the minutes last; their names."""
    names: list[str] = []
    for _ in range(max(1, round(minutes * 60 / ROUND_S))):
        order = list(troubled.troubles)
        chance.shuffle(order)
        for name in order:
            last(troubled.troubles[name], chance.uniform(0.5, FOR_S))
            names.append(name)
            if chance.random() < OFTEN:
                _until_ready(troubled.service)
                time.sleep(chance.uniform(0, CALM_S))
    return names


def _until_ready(service: ServiceUnderFaults) -> None:
    """Ready; a process that could not start is started again, as an orchestrator does."""

    def ready() -> bool:
        for program in (service.gateway, service.worker):
            program.start_if_ended()
        return service.is_ready()

    until(ready, PATIENCE_S)


def _until_calm(service: ServiceUnderFaults) -> None:
    """The service is ready and every analysis has ended."""
    unfinished = "SELECT count(*) AS n FROM analyses WHERE state IN ('queued', 'running')"
    _until_ready(service)
    until(lambda: not service.rows(unfinished)[0]["n"], PATIENCE_S)


def _print_figures(names: Sequence[str], promises: Sequence[Promises]) -> None:
    """Print the figures of docs/operations.md."""
    scans, analysed = sum(len(one.accepted) for one in promises), sum(len(one.analysed) for one in promises)
    deleted, unsure = sum(len(one.deleted) for one in promises), sum(len(one.unsure) for one in promises)
    answers: dict[int, int] = {}
    for one in promises:
        for status, count in one.answers.items():
            answers[status] = answers.get(status, 0) + count
    print(f"\n{len(names)} troubles: {', '.join(sorted(set(names)))}")  # noqa: T201 - figures
    print(f"{scans} scans there, {analysed} analysed, {deleted} deleted, {unsure} never answered")  # noqa: T201
    print(f"answers: {dict(sorted(answers.items()))}")  # noqa: T201
