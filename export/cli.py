"""`turnstile export`: write the model repository, measure parity through Triton, measure speed by view size."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from export.calibration_views import CalibrationViews
from export.errors import ExportError
from export.expert import ExportedExpert
from export.expert_exchange import exchange_expert
from export.manifest import add_to_manifest
from export.model_repository import MANIFEST, MODEL_CARD, ExportedRepository, ExportRequest, export_repository
from export.parity import Parity, enforce, measure
from export.runners import run_onnx, run_triton
from export.speed import SIZES, measure_speed, table
from export.targets import TARGETS, TargetName
from export.weights import Checkpoints
from screening.errors import StudyError
from screening.results.model_card import InvalidModelCard, ModelCard
from training.networks import Autoencoder, Classifier, Findings, InvalidCheckpoint
from training.networks import pack as pack_network

REPOSITORY: Final = Path("model_repository")
WEIGHTS: Final = Path("weights")
IMAGE_SIZE: Final = 224  # docs/adr: small nodules are lost at 160 px

Weights = Annotated[Path | None, typer.Option(help="Checkpoint; without it the network has untrained, seeded weights.")]
Calibration = Annotated[
    list[Path] | None, typer.Option(help="Studies (folder, zip, DICOM, NIfTI) or one .npz; phantoms if not given.")
]
ImageSize = Annotated[int, typer.Option(help="Side of a view in px, a multiple of 32; an .npz has its own.")]

Expert = Annotated[Path | None, typer.Option(help="Checkpoint of the 3D expert; without it there is none.")]
ExpertRulesFile = Annotated[
    Path | None, typer.Option(help="expert3d.json of `turnstile train evaluate-expert`: its scale and grey zone.")
]
ExpertCalibration = Annotated[
    list[Path] | None, typer.Option(help="Whole studies for the INT8 ranges of the 3D expert; phantoms if not given.")
]

app = typer.Typer(add_completion=False, rich_markup_mode="rich")


@app.callback(invoke_without_command=True)
def export(
    context: typer.Context,
    target: Annotated[TargetName, typer.Option(help="The kind of machine that will serve.")] = "cpu",
    classifier: Weights = None,
    autoencoder: Weights = None,
    findings: Weights = None,
    decision: Annotated[
        Path | None,
        typer.Option("--decision", "--judgement", help="decision.json of evaluation: thresholds, calibration."),
    ] = None,  # --judgement: the earlier name, for one release
    calibration: Calibration = None,
    image_size: ImageSize = IMAGE_SIZE,
    precision: Annotated[
        Literal["fp32", "int8"] | None, typer.Option(help="Precision of the classifier; by default the target's.")
    ] = None,
    instances: Annotated[
        int | None, typer.Option(min=1, help="Instances of the classifier; on a CPU one for each core that serves.")
    ] = None,
    expert3d: Expert = None,
    expert_rules: ExpertRulesFile = None,
    expert_calibration: ExpertCalibration = None,
    seed: Annotated[int, typer.Option(help="Seed of weights without a checkpoint.")] = 0,
    output: Annotated[Path, typer.Option(help="Folder of the model repository.")] = REPOSITORY,
) -> None:
    """Write the model repository of the networks for one kind of machine."""
    if context.invoked_subcommand is not None:
        return
    chosen = TARGETS[target] if precision is None else TARGETS[target].with_precision(precision)
    chosen = chosen if instances is None else chosen.with_instances(instances)
    with _exit_with_message():
        views = read_views(calibration or (), image_size)
        checkpoints, expert = (
            Checkpoints(classifier, autoencoder, findings),
            _expert(expert3d, expert_rules, expert_calibration or ()),
        )
        request = ExportRequest(chosen, views, checkpoints, decision, seed, expert)
        _print_result(export_repository(request, output))


@app.command()
def expert(
    output: Annotated[Path, typer.Option(help="Folder of the new repository; it may be the old one's.")],
    repository: Annotated[Path, typer.Option(help="An exported repository.")] = REPOSITORY,
    expert3d: Expert = None,
    expert_rules: ExpertRulesFile = None,
    expert_calibration: ExpertCalibration = None,
) -> None:
    """Copy a repository with another 3D expert, or without one; its networks for slices and their decision stay."""
    with _exit_with_message():
        card = exchange_expert(repository, _expert(expert3d, expert_rules, expert_calibration or ()), output)
        typer.echo(f"{output}: {card.version}, {'with' if card.contract.has_expert else 'without'} a 3D expert")


@app.command()
def pack(
    classifier: Annotated[Path, typer.Option(help="Checkpoint of training.")],
    autoencoder: Annotated[Path, typer.Option(help="Checkpoint of training.")],
    findings: Annotated[Path, typer.Option(help="Checkpoint of training.")],
    output: Annotated[Path, typer.Option(help="Folder of the packed checkpoints.")] = WEIGHTS,
) -> None:
    """Write checkpoints in half precision, half as large; export and evaluate accept them as any other."""
    with _exit_with_message():
        pack_network(Classifier, classifier, output / "classifier.pt")
        pack_network(Autoencoder, autoencoder, output / "autoencoder.pt")
        pack_network(Findings, findings, output / "findings.pt")


@app.command()
def parity(
    url: Annotated[str, typer.Argument(help="gRPC address of a Triton that serves the repository: 127.0.0.1:8001.")],
    repository: Annotated[Path, typer.Option(help="The repository that it serves.")] = REPOSITORY,
    calibration: Calibration = None,
) -> None:
    """Compare a running Triton with ONNX Runtime on the same files, and write the result into the manifest."""
    with _exit_with_message():
        figures = parity_through_triton(url, repository, calibration or ())
        add_to_manifest(repository / MANIFEST, "parity_through_triton", figures.to_json())
        _print_parity("triton", figures)


@app.command()
def speed(
    calibration: Calibration = None,
    sizes: Annotated[list[int] | None, typer.Option("--size", help="View sizes in px.")] = None,
) -> None:
    """Measure slices per second of every network by view size, precision and threads."""
    with _exit_with_message():
        views_by_size = [read_views(calibration or (), size) for size in sizes or SIZES]
        typer.echo(table([row for views in views_by_size for row in measure_speed(views)]))


def read_views(paths: Sequence[Path], image_size: int) -> CalibrationViews:
    """Views from one .npz, from studies, or from phantoms if no path is given."""
    if not paths:
        typer.echo("No calibration studies given: INT8 ranges and parity are from synthetic phantoms.", err=True)
        return CalibrationViews.synthetic(image_size)
    if [path.suffix for path in paths] == [".npz"]:
        return CalibrationViews.from_npz(paths[0])
    return CalibrationViews.from_studies(paths, image_size)


def _expert(checkpoint: Path | None, rules: Path | None, calibration: Sequence[Path]) -> ExportedExpert | None:
    if checkpoint is None and rules is None:
        return None
    if checkpoint is None or rules is None:
        raise InvalidModelCard("the 3D expert takes both --expert3d and --expert-rules: there is no default grey zone")
    return ExportedExpert(checkpoint, rules, tuple(calibration))


def parity_through_triton(url: str, repository: Path, calibration: Sequence[Path]) -> Parity:
    """Parity of the ensemble at `url` with the files of `repository`; raises `ParityBroken`."""
    card = ModelCard.load(repository / MODEL_CARD)
    views = read_views(calibration, card.image_size)
    files = {step.model: repository / step.model / "1" / "model.onnx" for step in card.contract.steps}
    direct = run_onnx(files, card.contract, views)
    figures = measure(direct, run_triton(url, card.contract, views), views, card)
    enforce(figures, "triton", card.trained)
    return figures


@contextmanager
def _exit_with_message() -> Iterator[None]:
    """Print an error of the input as one line and exit with status 1, without a traceback."""
    try:
        yield
    except (ExportError, InvalidCheckpoint, InvalidModelCard, StudyError) as error:
        typer.echo(f"Refused: {error}", err=True)
        raise typer.Exit(1) from error


def _print_result(exported: ExportedRepository) -> None:
    typer.echo(f"{exported.path}: {exported.card.version}")
    for form, figures in exported.parity.items():
        _print_parity(form, figures)
    for model, plan in exported.plans.items():
        if not plan.built:
            command = " ".join(plan.command)
            typer.echo(f"{model}: TensorRT is not installed, no plan was built. On the GPU machine, run: {command}")
    if not exported.card.trained:
        typer.echo("Not every network is trained: the verdict of this repository means nothing.", err=True)


def _print_parity(form: str, figures: Parity) -> None:
    slices, studies = f"{figures.slice_flips} of {figures.slices}", f"{figures.verdict_flips} of {figures.studies}"
    typer.echo(f"{form}: {slices} slices and {studies} studies flip")
    for name, difference in figures.differences.items():
        typer.echo(f"  {name}: largest {difference.largest:g}, mean {difference.mean:g}")
