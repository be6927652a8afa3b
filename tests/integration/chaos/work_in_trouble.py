"""People of two institutions at work while one trouble comes after another, and what must be true at the end."""

import random
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from gateway.permissions import Role
from tests.integration.chaos import invariants
from tests.integration.chaos.promises import Outcome, Promises, ScreenedFile
from tests.integration.chaos.radiologist import Radiologist
from tests.integration.chaos.restores import Restores
from tests.integration.chaos.troubles import FOR_S, Trouble, last
from tests.integration.faults.service_programs import PATIENCE_S, ServicePrograms
from tests.integration.gateway.auth.api_calls import bearer, make_token
from tests.integration.polling import until

INSTITUTIONS: Final = ("alpha", "beta")
EACH: Final = 2  # principals of an institution
OFTEN: Final = 0.7  # the next trouble waits until the service is ready again, and so long:
CALM_S: Final = 3.0


@dataclass(frozen=True)
class TroubledService:
    """The service, what can go wrong with it, the folders that it writes to, and its backups."""

    service: ServicePrograms
    troubles: Mapping[str, Trouble]
    folders: tuple[Path, ...]
    restores: Restores

    def tokens(self) -> dict[str, str]:
        """A token of each institution."""
        return {one: make_token(self.service.database_url, Role.ADMIN, one) for one in INSTITUTIONS}


def work_in_trouble(
    troubled: TroubledService, tokens: Mapping[str, str], files: Sequence[ScreenedFile], minutes: float, seed: str
) -> list[Promises]:
    """Let things go wrong while people work; what was promised to them, once every analysis has ended."""
    over = threading.Event()
    at_work = [
        Radiologist(troubled.service.url, tokens[one], Promises(one), files, over, f"{seed} {one} {number}")
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
    _until_calm(troubled.service)
    return promises


def assert_kept(troubled: TroubledService, tokens: Mapping[str, str], promises: Sequence[Promises]) -> None:
    """Everything that was promised is true."""
    service = troubled.service
    assert not [broken for one in promises for broken in one.broken]
    for promised in promises:
        invariants.every_accepted_scan_is_there(service, tokens[promised.institution], promised)
        invariants.every_analysis_has_one_outcome(service, promised)
    invariants.no_upload_was_executed_twice(service)
    invariants.the_audit_chain_is_whole(service)
    invariants.no_blob_is_without_a_row(service)
    deleted = {name for one in promises for name in one.deleted}
    invariants.nothing_is_left_of(deleted, service, troubled.folders)
    invariants.a_backup_restores_everything(service, troubled.restores)
    invariants.no_file_is_readable_by_others((*troubled.folders, troubled.restores.archive, troubled.restores.folder))


def screened(service: ServicePrograms, token: str, paths: Sequence[Path]) -> list[Outcome]:
    """What the service says of these files when nothing is wrong."""
    found = []
    with httpx.Client(base_url=service.url, headers=bearer(token), timeout=PATIENCE_S, trust_env=False) as client:
        patient = client.post("/api/patients", json={"first_name": "F", "last_name": "Files", "description": ""}).json()
        for path in paths:
            files = {"file": (path.name, path.read_bytes())}
            scan = client.post("/api/scans", data={"patient_id": patient["id"]}, files=files).json()["id"]
            found.append(_analysed(service, client, scan))
        assert client.delete(f"/api/patients/{patient['id']}").status_code == 204
    return found


def _analysed(service: ServicePrograms, client: httpx.Client, scan: str) -> Outcome:
    """The outcome of a new analysis; on a machine that is too busy for the leases it is repeated."""
    while True:
        client.post(f"/api/scans/{scan}/analyze", params={"wait": 0}).raise_for_status()
        until(lambda: not service.unfinished(), PATIENCE_S)
        row = service.rows(
            "SELECT reports.model_card, verdict, probability, error FROM analyses"
            " JOIN reports ON analysis_id = analyses.id WHERE analyses.scan_id = %s ORDER BY queued_at",
            scan,
        )[-1]
        if row["error"] not in invariants.ALLOWED_ERRORS:
            return Outcome(**row)


def _of_others(me: Radiologist, at_work: Sequence[Radiologist]) -> Sequence[str]:
    others = (one.promises for one in at_work if one.promises.institution != me.promises.institution)
    return [scan for promises in others for scan in list(promises.accepted)[-2:]]


def _trouble(troubled: TroubledService, chance: random.Random, minutes: float) -> list[str]:
    """One round of all troubles, and more until the minutes are over; their names."""
    names: list[str] = []
    order: list[str] = []
    end_s = time.monotonic() + 60 * minutes
    while len(names) < len(troubled.troubles) or time.monotonic() < end_s:
        if not order:
            order = list(troubled.troubles)
            chance.shuffle(order)
        names.append(order.pop())
        last(troubled.troubles[names[-1]], chance.uniform(0.5, FOR_S))
        if chance.random() < OFTEN:
            until_ready(troubled.service)
            time.sleep(chance.uniform(0, CALM_S))
    return names


def until_ready(service: ServicePrograms) -> None:
    """Ready; a process that could not start is started again, as an orchestrator does."""

    def ready() -> bool:
        for program in service.programs:
            program.start_if_ended()
        return service.is_ready()

    until(ready, PATIENCE_S)


def _until_calm(service: ServicePrograms) -> None:
    """The service is ready and every analysis has ended."""
    until_ready(service)
    until(lambda: not service.unfinished(), PATIENCE_S)


def _print_figures(names: Sequence[str], promises: Sequence[Promises]) -> None:
    """Print the figures of docs/operations.md."""
    scans, analysed = sum(len(one.accepted) for one in promises), sum(len(one.analysed) for one in promises)
    deleted, unsure = sum(len(one.deleted) for one in promises), sum(len(one.unsure) for one in promises)
    answers: Counter[int] = Counter()
    for one in promises:
        answers.update(one.answers)
    print(f"\n{len(names)} troubles: {', '.join(sorted(set(names)))}")  # noqa: T201 - figures
    print(f"{scans} scans there, {analysed} analysed, {deleted} deleted, {unsure} never answered")  # noqa: T201
    print(f"answers: {dict(sorted(answers.items()))}")  # noqa: T201
