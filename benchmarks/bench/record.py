"""results.json: rewritten after each part, so that an interrupted run can continue."""

from datetime import datetime
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from benchmarks.bench.machine import Machine
from benchmarks.bench.plan import Plan
from benchmarks.bench.results import Frozen, Results

NAME = "results.json"


class PlanMismatch(Exception):
    """The folder has a run with another plan or machine."""


class Record(Frozen):
    """A whole run."""

    began: datetime
    machine: Machine
    plan: Plan
    command: str
    results: Results = Results()

    @classmethod
    def opened(cls, folder: Path, new: Self) -> Self:
        """The record of the folder; `new` when there is none. Raises PlanMismatch."""
        path = folder / NAME
        if not path.exists():
            return new
        try:
            old = cls.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise PlanMismatch(f"{path} was written by another version; name another folder with --output") from error
        if differ := _differences(old, new):
            raise PlanMismatch(f"{folder} holds a run with another {differ}; name another folder with --output")
        return old.model_copy(update={"plan": new.plan})

    def with_results(self, results: Results) -> Self:
        return self.model_copy(update={"results": results})

    def save(self, folder: Path) -> None:
        """Write the file atomically."""
        draft = folder / f"{NAME}.draft"
        draft.write_text(self.model_dump_json(indent=2) + "\n", "utf-8")
        draft.replace(folder / NAME)


def _differences(old: Record, new: Record) -> str:
    """The names of differing fields that prevent combining two runs; other parts may be added."""
    plans = [record.plan.model_dump(exclude={"parts"}) for record in (old, new)]
    differ = [name.replace("_", " ") for name in plans[0] if plans[0][name] != plans[1][name]]
    if (old.machine.cpu, old.machine.cores) != (new.machine.cpu, new.machine.cores):
        differ.append("machine")
    return ", ".join(differ)
