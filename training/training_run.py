"""A training run: steps with learning rate, a saved state to resume from, a CSV log and its plot."""

import csv
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import monotonic
from typing import Any, Final

import torch
from rich.progress import Progress
from torch import nn
from torch.optim import Optimizer

from training.training_schedule import Schedule

SAVE_EVERY_S: Final = 120.0
MAX_GRADIENT_NORM: Final = 5.0
LOG_EVERY: Final = 20


class TrainingRun:
    """A run in `folder`: `state.pt`, `log.csv` and `log.png`; it resumes from the state of an earlier run."""

    def __init__(
        self, folder: Path, schedule: Schedule, modules: Mapping[str, nn.Module], optimizer: Optimizer
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._schedule, self._modules, self._optimizer = folder, schedule, modules, optimizer
        self._state = folder / "state.pt"
        self._saved = monotonic()
        self._window: list[float] = []
        self.step = self._resume()

    def steps(self, title: str) -> Iterator[int]:
        """The remaining steps, with a progress bar; sets the learning rate and saves every `SAVE_EVERY_S` seconds."""
        with Progress(disable=not os.isatty(2)) as progress:
            task = progress.add_task(title, total=self._schedule.steps, completed=self.step)
            while self.step < self._schedule.steps:
                for group in self._optimizer.param_groups:
                    group["lr"] = self._schedule.rate_at(self.step) * group.get("rate_factor", 1.0)
                yield self.step
                self.step += 1
                progress.update(task, completed=self.step)
                if monotonic() - self._saved > SAVE_EVERY_S:
                    self.save()
        self.save()
        plot_log(self._folder / "log.csv")

    def optimizer_step(self, loss: torch.Tensor) -> None:
        """One step of the optimizer for this loss; logs the loss."""
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's stub
        torch.nn.utils.clip_grad_norm_(self._weights(), MAX_GRADIENT_NORM)
        self._optimizer.step()
        self._window.append(float(loss.detach()))
        if (self.step + 1) % LOG_EVERY == 0 or self.step + 1 == self._schedule.steps:
            self.log({"loss": sum(self._window) / len(self._window)})
            self._window.clear()

    def _weights(self) -> list[torch.Tensor]:
        return [weight for group in self._optimizer.param_groups for weight in group["params"]]

    def log(self, figures: Mapping[str, float]) -> None:
        """Append figures to the log, one row (step, name, value) each."""
        path = self._folder / "log.csv"
        new = not path.exists()
        with path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(("step", "name", "value"))
            writer.writerows((self.step + 1, name, f"{value:.6g}") for name, value in figures.items())

    def save(self) -> None:
        """Write the state atomically."""
        part = self._state.with_suffix(".part")
        weights = {name: module.state_dict() for name, module in self._modules.items()}
        torch.save({"step": self.step, "optimizer": self._optimizer.state_dict(), **weights}, part)
        part.replace(self._state)
        self._saved = monotonic()

    def _resume(self) -> int:
        if not self._state.is_file():
            return 0
        state: dict[str, Any] = torch.load(self._state, weights_only=True)
        for name, module in self._modules.items():
            module.load_state_dict(state[name])
        self._optimizer.load_state_dict(state["optimizer"])
        return int(state["step"])


def plot_log(path: Path) -> None:
    """Plot each figure of a log over the steps, as a PNG beside it."""
    from training.model_card_plots import curves

    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lines: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        lines.setdefault(row["name"], []).append((float(row["step"]), float(row["value"])))
    curves(lines, path.with_suffix(".png"))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON with sorted keys and indentation, so that files of two runs can be compared."""
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", "utf-8")
