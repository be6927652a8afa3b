"""`turnstile train STAGE`: from data sets to weights and a model card, one command a stage."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final, cast

import typer

from training.networks.encoder import Depth
from training.prepared_data import Workbench, open_workbench, read_entries
from training.slice_cache import Settings
from training.training_run import write_json
from training.training_schedule import Schedule

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)

ENCODER: Final = "encoder.pt"
CLASSIFIER: Final = "classifier.pt"
AUTOENCODER: Final = "autoencoder.pt"
FINDINGS: Final = "findings.pt"

Steps = Annotated[int, typer.Option(help="Steps of training; a run that was stopped goes on from its last save.")]
Batch = Annotated[int, typer.Option(help="Slices a step.")]
TrainSize = Annotated[int, typer.Option(help="Side in px that is trained at; the views of --size are made smaller.")]
Rate = Annotated[float, typer.Option(help="Highest learning rate.")]
Only = Annotated[list[str] | None, typer.Option(help="Train on these data sets alone.")]
DepthOption = Annotated[int, typer.Option(help="Layers of the ResNet: 18 or 34.")]
Name = Annotated[str, typer.Option(help="Folder of the run below --runs.")]


@dataclass(frozen=True)
class Common:
    """What all stages share."""

    data: list[str]
    runs: Path
    settings: Settings
    held_out: list[str]
    seed: int
    threads: int
    workers: int
    choose: str

    def workbench(self) -> Workbench:
        entries = read_entries(self.data)
        if self.choose != "all":
            from training.entry_selection import CHOICES

            entries = CHOICES[self.choose](entries)
        return open_workbench(entries, self.settings, self.runs, self.seed, self.held_out, self.workers)

    def schedule(self, steps: int, batch: int, size: int, rate: float) -> Schedule:
        return Schedule(steps, batch, size, rate, self.seed, self.threads)


@app.callback()
def common(
    context: typer.Context,
    data: Annotated[list[str], typer.Option(help="ADAPTER=FOLDER; may be given several times.")],
    runs: Annotated[Path, typer.Option(help="Caches, checkpoints and logs.")] = Path("runs"),
    size: Annotated[int, typer.Option(help="Side of the views in px, as served.")] = 192,
    slices: Annotated[int, typer.Option(help="Most slices that are taken of a study.")] = 64,
    held_out: Annotated[list[str] | None, typer.Option(help="Data sets to judge with and never to train on.")] = None,
    choose: Annotated[str, typer.Option(help="all, balanced (by class) or one-finding.")] = "all",
    seed: Annotated[int, typer.Option(help="Of the split and of training.")] = 7,
    threads: Annotated[int, typer.Option(help="Of torch; 0 leaves it to torch.")] = 0,
    workers: Annotated[int, typer.Option(help="Processes that prepare views.")] = 1,
) -> None:
    """Every stage reads the same data; views are prepared once and kept."""
    settings = Settings(size, slices)
    context.obj = Common(data, runs, settings, held_out or [], seed, threads, workers, choose)


@app.command()
def prepare(context: typer.Context) -> None:
    """Make the views and say what there is."""
    bench = _common(context).workbench()
    typer.echo(f"{len(bench.cache)} slices in {bench.cache.folder}; what was left out: excluded.csv")


@app.command()
def simclr(
    context: typer.Context,
    steps: Steps = 2000,
    batch: Batch = 128,
    train_size: TrainSize = 128,
    rate: Rate = 1e-3,
    depth: DepthOption = 18,
    name: Name = "simclr",
) -> None:
    """Stage 1: the encoder learns from all slices without labels; probes tell what it learned."""
    from training.simclr import pretrain
    from training.simclr_probe import probe

    chosen, bench = _opened(context)
    schedule = chosen.schedule(steps, batch, train_size, rate)
    encoder = pretrain(bench.cache, bench.training(), schedule, chosen.runs / name, _depth(depth))
    labelled = [place for place in bench.training() if bench.cache.rows[place].label is not None]
    found = probe(encoder.cpu(), bench.cache, labelled, bench.judging("validation"), train_size)
    write_json(chosen.runs / name / "probe.json", {"linear_auc": found.linear, "nearest_auc": found.nearest})
    typer.echo(f"ROC-AUC of the linear probe {found.linear:.3f}, of nearest neighbours {found.nearest:.3f}")


@app.command()
def autoencoder(
    context: typer.Context,
    steps: Steps = 2000,
    batch: Batch = 64,
    rate: Rate = 2e-3,
    latent: Annotated[int, typer.Option(help="Channels that a 32 x 32 px patch is squeezed to.")] = 32,
    only: Only = None,
    name: Name = "autoencoder",
) -> None:
    """Stage 2: the autoencoder learns to turn painted lesions back into normal lungs, at the size served."""
    from training.autoencoder import train_autoencoder

    chosen, bench = _opened(context)
    schedule = chosen.schedule(steps, batch, bench.cache.size, rate)
    train_autoencoder(bench.cache, bench.training(only or (), label=0), schedule, chosen.runs / name, latent)


@app.command()
def finetune(
    context: typer.Context,
    steps: Steps = 1500,
    batch: Batch = 48,
    train_size: TrainSize = 192,
    rate: Rate = 5e-4,
    depth: DepthOption = 18,
    encoder: Annotated[Path | None, typer.Option(help="encoder.pt of simclr; without it, the baseline.")] = None,
    classifier: Annotated[Path | None, typer.Option(help="classifier.pt to go on from, at another size, say.")] = None,
    weight: Annotated[list[str] | None, typer.Option(help="DATASET=WEIGHT: how often it is drawn.")] = None,
    painted: Annotated[float, typer.Option(help="Share of a batch that is pairs without and with a lesion.")] = 0.5,
    only: Only = None,
    name: Name = "finetune",
) -> None:
    """Stage 3: the classifier, from an encoder, from a classifier, or as a baseline from nothing."""
    from training.finetune import Start
    from training.finetune import finetune as train
    from training.simclr import load_encoder

    chosen, bench = _opened(context)
    start = Start(load_encoder(encoder) if encoder else None, classifier, _depth(depth))
    weights = {key: float(value) for key, _, value in (item.partition("=") for item in weight or ())}
    schedule = chosen.schedule(steps, batch, train_size, rate)
    folder = chosen.runs / name
    told = {"encoder": str(encoder or ""), "classifier": str(classifier or ""), "only": only or [], "weights": weights}
    train(bench.cache, bench.training(only or ()), schedule, folder, start, weights, painted)
    write_json(
        folder / "settings.json",
        {**asdict(schedule), **told, "depth": depth, "painted": painted, "held_out": sorted(bench.held_out)},
    )


@app.command()
def judge(context: typer.Context, train_size: TrainSize = 192, name: Name = "finetune") -> None:
    """Judge a run of finetune by data set, for the table of runs in the model card."""
    from training.run_evaluation import judge_run

    chosen, bench = _opened(context)
    for line in judge_run(bench, chosen.runs / name, train_size):
        typer.echo(f"{line.dataset}, {line.side}: {line.auc:.3f} ({line.low:.3f}-{line.high:.3f})")


@app.command()
def findings(
    context: typer.Context,
    steps: Steps = 1500,
    batch: Batch = 64,
    train_size: TrainSize = 192,
    rate: Rate = 1e-3,
    name: Name = "findings",
) -> None:
    """Stage 4: the 16 findings."""
    from training.findings import train_findings

    chosen, bench = _opened(context)
    schedule = chosen.schedule(steps, batch, train_size, rate)
    train_findings(bench.cache, bench.training(), schedule, chosen.runs / name)


@app.command()
def evaluate(
    context: typer.Context,
    classifier: Annotated[Path, typer.Option(help="Checkpoint.")] = Path("runs/finetune") / CLASSIFIER,
    autoencoder: Annotated[Path, typer.Option(help="Checkpoint.")] = Path("runs/autoencoder") / AUTOENCODER,
    findings: Annotated[Path, typer.Option(help="Checkpoint.")] = Path("runs/findings") / FINDINGS,
    repository: Annotated[Path | None, typer.Option(help="Judge exported files instead of checkpoints.")] = None,
    compare: Annotated[list[str] | None, typer.Option(help="Runs that were judged, for the table of runs.")] = None,
    report: Annotated[Path, typer.Option(help="The page that is written; its figures go beside it.")] = Path(
        "docs/model-card.md"
    ),
    name: Name = "evaluation",
) -> None:
    """Stage 5: figures, thresholds and calibration -> model card, and the judgement that export takes."""
    from training.evaluation import Candidates, evaluate_networks

    chosen, bench = _opened(context)
    compared = tuple(chosen.runs / run for run in compare or ())
    candidates = Candidates(classifier, autoencoder, findings, repository, compared)
    evaluate_networks(bench, candidates, chosen.runs / name, report)


@app.command()
def views(
    context: typer.Context,
    count: Annotated[int, typer.Option(help="Slices, as many of each data set.")] = 480,
    path: Annotated[Path, typer.Option(help="The file.")] = Path("runs/views.npz"),
) -> None:
    """Write training slices for `turnstile export --calibration`: INT8 ranges and parity come from them."""
    from training.quantisation_views import write_views

    _, bench = _opened(context)
    typer.echo(f"{write_views(bench.cache, bench.training(), count, path)} slices in {path}")


def main() -> None:
    """Entry of `python -m training`."""
    app()


def _common(context: typer.Context) -> Common:
    return cast("Common", context.obj)


def _opened(context: typer.Context) -> tuple[Common, Workbench]:
    chosen = _common(context)
    return chosen, chosen.workbench()


def _depth(layers: int) -> Depth:
    if layers not in (18, 34):
        raise typer.BadParameter("a ResNet of 18 or 34 layers")
    return cast("Depth", layers)
