"""Options of `turnstile train` that several stages share, each defined once."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer

from training.datasets import Entry
from training.networks.encoder import Depth
from training.networks.expert import Backbone
from training.prepared_data import PreparedData, open_prepared_data, read_entries
from training.slice_cache import PreparationSettings
from training.training_schedule import Schedule

Steps = Annotated[int, typer.Option(help="Training steps; a stopped run resumes from its last saved state.")]
Batch = Annotated[int, typer.Option(help="Slices per step.")]
TrainSize = Annotated[int, typer.Option(help="Side in px of training; the views of --size are downsampled to it.")]
Rate = Annotated[float, typer.Option(help="Highest learning rate.")]
Only = Annotated[list[str] | None, typer.Option(help="Train on these data sets only.")]
DepthOption = Annotated[int, typer.Option(help="Layers of the ResNet: 18 or 34.")]
TeacherFolder = Annotated[str, typer.Option(help="Folder below --runs of the teacher's features.")]
Validation = Annotated[list[str] | None, typer.Option(help="Patients kept for validation of the 3D expert.")]
Name = Annotated[str, typer.Option(help="Folder of the run below --runs.")]


@dataclass(frozen=True)
class DataOptions:
    """The options before the stage's name: data sets, preparation and split."""

    sources: list[str]
    runs: Path
    settings: PreparationSettings
    held_out: list[str]
    seed: int
    split_seed: int
    threads: int
    workers: int
    choose: str

    def entries(self) -> Sequence[Entry]:
        """The entries of the data sets, as chosen."""
        from training.entry_selection import SELECTIONS

        return SELECTIONS[self.choose](read_entries(self.sources))

    def open(self) -> PreparedData:
        """Prepare the data, or open it if it is prepared already."""
        return open_prepared_data(
            self.entries(), self.settings, self.runs, self.split_seed, self.held_out, self.workers
        )


@dataclass(frozen=True)
class StageRun:
    """One run of a stage: its data, schedule and folder."""

    data: PreparedData
    schedule: Schedule
    folder: Path


def training_stage(
    app: typer.Typer, *, steps: int, batch: int, rate: float, train_size: int | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the function as a command of its name, with the options of every stage and these defaults for them.

    The function takes a `StageRun` and its own options. Without `train_size`, the stage has no such option and trains
    at the size of the prepared views.
    """
    shared: dict[str, tuple[Any, Any]] = {"steps": (Steps, steps), "batch": (Batch, batch), "rate": (Rate, rate)}
    if train_size is not None:
        shared["train_size"] = (TrainSize, train_size)

    def register(function: Callable[..., None]) -> Callable[..., None]:
        options = shared | {"name": (Name, function.__name__)}

        def command(context: typer.Context, **values: Any) -> None:
            own = {name: value for name, value in values.items() if name not in options}
            run_values: dict[str, Any] = {name: values.get(name) for name in _RUN_OPTIONS}
            function(_open_run(data_options(context), **run_values), **own)

        command.__name__, command.__doc__ = function.__name__, function.__doc__
        _set_signature(command, function, options)
        app.command()(command)
        return function

    return register


def data_options(context: typer.Context) -> DataOptions:
    """The options before the stage's name."""
    return cast("DataOptions", context.obj)


def depth_of(layers: int) -> Depth:
    """The number of layers; raises BadParameter unless it is 18 or 34."""
    if layers not in (18, 34):
        raise typer.BadParameter("the ResNet has 18 or 34 layers")
    return cast("Depth", layers)


def backbone_of(name: str) -> Backbone:
    """The backbone of this name; raises BadParameter for another one."""
    if name not in get_args(Backbone):
        raise typer.BadParameter(f"backbones: {', '.join(get_args(Backbone))}")
    return cast("Backbone", name)


def block_batch_of(blocks: int) -> int:
    """So many blocks per step; raises BadParameter unless they are a multiple of `BATCH_STEP`."""
    from training.volume.expert_training import BATCH_STEP

    if blocks < BATCH_STEP or blocks % BATCH_STEP:
        raise typer.BadParameter(f"--batch {blocks}: a batch of blocks is a multiple of {BATCH_STEP}")
    return blocks


_RUN_OPTIONS = ("steps", "batch", "rate", "train_size", "name")


def _open_run(options: DataOptions, steps: int, batch: int, rate: float, train_size: int | None, name: str) -> StageRun:
    data = options.open()
    schedule = Schedule(steps, batch, train_size or data.cache.size, rate, options.seed, options.threads)
    return StageRun(data, schedule, options.runs / name)


def _set_signature(
    command: Callable[..., None], function: Callable[..., None], options: dict[str, tuple[Any, Any]]
) -> None:
    """Give `command` the parameters that typer reads: context, shared options, the function's own options."""
    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context),
        *(inspect.Parameter(name, keyword, default=value, annotation=kind) for name, (kind, value) in options.items()),
        *(parameter.replace(kind=keyword) for parameter in own),
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read by inspect.signature
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
