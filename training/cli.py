"""`turnstile train STAGE`: from data sets to weights and a model card, one command for each stage."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from training.prepared_data import read_entries
from training.slice_cache import PreparationSettings
from training.stage_options import (
    DataOptions,
    DepthOption,
    Name,
    Only,
    Rate,
    StageRun,
    Steps,
    TeacherFolder,
    TrainSize,
    Validation,
    backbone_of,
    block_batch_of,
    data_options,
    depth_of,
    training_stage,
)
from training.training_run import write_json
from training.training_schedule import Schedule

if TYPE_CHECKING:
    from training.auxiliary_teacher import AuxiliaryTeacher
    from training.networks import Encoder

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)

CLASSIFIER: Final = "classifier.pt"
AUTOENCODER: Final = "autoencoder.pt"
FINDINGS: Final = "findings.pt"


@app.callback()
def common(
    context: typer.Context,
    data: Annotated[list[str], typer.Option(help="ADAPTER=FOLDER; may be given several times.")],
    runs: Annotated[Path, typer.Option(help="Caches, checkpoints and logs.")] = Path("runs"),
    size: Annotated[int, typer.Option(help="Side of the views in px, as served.")] = 224,
    spacing: Annotated[float, typer.Option(help="Distance in mm of the slices taken of a study, as served.")] = 5.0,
    held_out: Annotated[list[str] | None, typer.Option(help="Data sets to evaluate on and never to train on.")] = None,
    choose: Annotated[str, typer.Option(help="all, balanced (by class) or one-finding.")] = "all",
    seed: Annotated[int, typer.Option(help="Seed of training, and of the split without --split-seed.")] = 7,
    split_seed: Annotated[int | None, typer.Option(help="Seed of the split, where several --seed share one.")] = None,
    threads: Annotated[int, typer.Option(help="Threads of torch; 0 is torch's default.")] = 0,
    workers: Annotated[int, typer.Option(help="Processes that prepare views or evaluate studies.")] = 1,
) -> None:
    """Every stage reads the same data; views are prepared once and cached."""
    settings = PreparationSettings(size, spacing)
    seeds = (seed, seed if split_seed is None else split_seed)
    context.obj = DataOptions(data, runs, settings, held_out or [], *seeds, threads, workers, choose)


@app.command()
def prepare(context: typer.Context) -> None:
    """Prepare the views and print their number."""
    cache = data_options(context).open().cache
    typer.echo(f"{len(cache)} slices in {cache.folder}; excluded slices: excluded.csv")


@training_stage(app, steps=2000, batch=128, rate=1e-3, train_size=128)
def simclr(run: StageRun, depth: DepthOption = 18) -> None:
    """Stage 1: pretrain the encoder on all slices without labels, and evaluate it with probes."""
    from training.simclr import pretrain

    data = run.data
    _probe(run, pretrain(data.cache, data.training_slices(), run.schedule, run.folder, depth_of(depth)))


@training_stage(app, steps=2000, batch=64, rate=1e-3, train_size=128)
def distil(
    run: StageRun,
    depth: DepthOption = 18,
    contrast: Annotated[float, typer.Option(help="Weight of SimCLR's loss beside the teacher's; 0 is without.")] = 1.0,
    taught: Annotated[
        float, typer.Option(help="Weight of the teacher's loss; 0 is without, on the same slices.")
    ] = 1.0,
    teacher: TeacherFolder = "teacher",
    teacher_slices: Annotated[
        int | None, typer.Option(help="Slices for the teacher, at random; by default all.")
    ] = None,
    teacher_workers: Annotated[int, typer.Option(help="Processes that compute them, one thread each.")] = 1,
) -> None:
    """Stage 1 with a teacher: train the encoder on its features of all slices, and evaluate it with probes."""
    from training.distil import distil as train
    from training.teacher_features import prepare_teacher_features, published

    if not (contrast or taught):
        raise typer.BadParameter("--contrast and --taught are both 0: nothing is left to learn")
    data, indices = run.data, run.data.training_slices()
    folder = run.folder.parent / teacher
    features = prepare_teacher_features(data.cache, folder, indices, teacher_workers, published, teacher_slices)
    _probe(run, train(data.cache, features, indices, run.schedule, run.folder, contrast, taught, depth_of(depth)))


def _probe(run: StageRun, encoder: "Encoder") -> None:
    """Probes of the encoder into probe.json, on data sets with both classes, if there is one."""
    from training.sampling import of_both_classes
    from training.simclr_probe import probe

    data, size = run.data, run.schedule.size
    sides = (data.training_slices(), data.evaluation_slices("validation"))
    fit, evaluated = (of_both_classes({index: data.cache.rows[index] for index in side}) for side in sides)
    fit = [index for index in fit if data.cache.rows[index].label is not None]
    if not (fit and evaluated):
        typer.echo("Not probed: no data set to train on has both classes")
        return
    found = probe(encoder.cpu(), data.cache, fit, evaluated, size)
    write_json(run.folder / "probe.json", {"linear_auc": found.linear, "nearest_auc": found.nearest})
    typer.echo(f"ROC-AUC of the linear probe {found.linear:.3f}, of nearest neighbours {found.nearest:.3f}")


@training_stage(app, steps=2000, batch=64, rate=2e-3)
def autoencoder(
    run: StageRun,
    latent: Annotated[int, typer.Option(help="Channels of the latent for each 32 x 32 px.")] = 32,
    only: Only = None,
) -> None:
    """Stage 2: train the autoencoder to restore normal lungs from slices with synthetic lesions, at the size served."""
    from training.autoencoder import train_autoencoder

    normal = run.data.training_slices(only or (), label=0)
    train_autoencoder(run.data.cache, normal, run.schedule, run.folder, latent)


@training_stage(app, steps=2000, batch=31, rate=4e-4, train_size=224)
def finetune(
    run: StageRun,
    depth: DepthOption = 18,
    encoder: Annotated[Path | None, typer.Option(help="encoder.pt of simclr; without it, the baseline.")] = None,
    classifier: Annotated[Path | None, typer.Option(help="classifier.pt to continue from, at another size.")] = None,
    weight: Annotated[list[str] | None, typer.Option(help="DATASET=WEIGHT: how often it is drawn.")] = None,
    painted: Annotated[float, typer.Option(help="Fraction of a batch that is pairs without and with a lesion.")] = 0.65,
    only: Only = None,
    distilled: Annotated[float, typer.Option(help="Weight of the teacher's loss beside that of the labels.")] = 0.0,
    teacher: TeacherFolder = "teacher",
) -> None:
    """Stage 3: train the classifier, from an encoder, from a classifier, or as a baseline from random weights."""
    from training.finetune import InitialWeights
    from training.finetune import finetune as train
    from training.simclr import load_encoder

    data, schedule = run.data, run.schedule
    initial = InitialWeights(load_encoder(encoder) if encoder else None, classifier, depth_of(depth))
    weights = {key: float(value) for key, _, value in (item.partition("=") for item in weight or ())}
    indices = data.training_slices(only or ())
    beside = _auxiliary_teacher(run, indices, teacher, distilled) if distilled else None
    train(data.cache, indices, schedule, run.folder, initial, weights, painted, beside)
    sources = {"encoder": str(encoder or ""), "classifier": str(classifier or ""), "only": only or []}
    options = {"weights": weights, "depth": depth, "painted": painted, "held_out": sorted(data.held_out)}
    write_json(run.folder / "settings.json", {**asdict(schedule), **sources, **options, "distilled": distilled})


def _auxiliary_teacher(run: StageRun, indices: list[int], teacher: str, weight: float) -> "AuxiliaryTeacher":
    """The teacher's loss of these slices; its features are those that `distil` has computed."""
    from training.auxiliary_teacher import AuxiliaryTeacher
    from training.teacher_features import DIGESTS, TeacherFeatures

    folder = run.folder.parent / teacher
    if not (folder / DIGESTS).is_file():
        raise typer.BadParameter(f"{folder} has no features of the teacher: run the stage distil first")
    return AuxiliaryTeacher(run.data.cache, TeacherFeatures.open(folder, run.data.cache), indices, weight)


@app.command("judge", hidden=True)  # the earlier name, for one release
@app.command("evaluate-run")
def evaluate_run(context: typer.Context, train_size: TrainSize = 224, name: Name = "finetune") -> None:
    """Evaluate a run of finetune by data set, for the table of runs in the model card."""
    from training.run_evaluation import evaluate_run as evaluate

    options = data_options(context)
    for result in evaluate(options.open(), options.runs / name, train_size):
        typer.echo(f"{result.dataset}, {result.side}: {result.auc:.3f} ({result.low:.3f}-{result.high:.3f})")


@app.command("probe-left-out")
def probe_left_out(
    context: typer.Context,
    encoder: Annotated[Path | None, typer.Option(help="encoder.pt; without it, random weights.")] = None,
    train_size: TrainSize = 128,
    name: Name = "probe",
) -> None:
    """Judge an encoder on each data set in turn, by a linear classifier fitted on the others; for compare-runs."""
    from training.device import select_device
    from training.left_out_probe import left_out_probe
    from training.networks import Encoder
    from training.simclr import load_encoder
    from training.slice_scores import write_scores

    options = data_options(context)
    select_device(Schedule(1, 1, train_size, 0.0, options.seed, options.threads))
    probed = load_encoder(encoder) if encoder else Encoder()
    folder = options.runs / name
    folder.mkdir(parents=True, exist_ok=True)
    write_scores(folder, left_out_probe(options.open(), probed, train_size))


@app.command("compare-runs")
def compare_runs(
    context: typer.Context,
    arm: Annotated[
        list[str], typer.Option(help="ARM=RUN,RUN: evaluated runs that differ in the seed; the first is held against.")
    ],
    name: Name = "comparison",
) -> None:
    """Compare kinds of training on the same slices: differences of ROC-AUC with intervals over patients."""
    from training.run_comparison import Arm, compare, comparison_lines

    options = data_options(context)
    arms = [Arm.of(text, options.runs) for text in arm]
    table = "\n".join(comparison_lines(compare(arms)))
    folder = options.runs / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "comparison.md").write_text(table + "\n", "utf-8")
    typer.echo(table)


@app.command()
def findings(
    context: typer.Context,
    classifier: Annotated[Path, typer.Option(help="classifier.pt, whose encoder is used and not changed.")] = Path(
        "runs/finetune"
    )
    / CLASSIFIER,
    views: Annotated[
        int, typer.Option(help="Augmented views to learn from, half of them with painted lesions.")
    ] = 2400,
    train_size: TrainSize = 224,
    name: Name = "findings",
) -> None:
    """Stage 4: fit the head of the 16 findings on the encoder of a classifier; again for every new classifier."""
    from training.device import select_device
    from training.findings import DrawnViews, train_findings
    from training.networks import Classifier, load_network
    from training.training_schedule import Schedule

    options = data_options(context)
    data, drawn = options.open(), DrawnViews(views, train_size, options.seed)
    device = select_device(Schedule(1, views, train_size, 0.0, options.seed, options.threads))
    trunk = load_network(Classifier, classifier)
    train_findings(data.cache, data.training_slices(), drawn, options.runs / name, trunk, device)


@app.command()
def volume(
    context: typer.Context,
    steps: Steps = 700,
    batch: Annotated[int, typer.Option(help="Blocks per step, two fifths of them pairs; a multiple of 10.")] = 20,
    rate: Rate = 3e-3,
    backbone: Annotated[
        str, typer.Option(help="light, wide, r3d18, slowfast, or teacher: its frozen trunk.")
    ] = "light",
    taught: Annotated[
        bool, typer.Option(help="Learn from the teacher's trunk too; light and wide. Writes its expert as teacher.pt.")
    ] = False,
    expert: Annotated[Path | None, typer.Option(help="A checkpoint to continue from, in place of --backbone.")] = None,
    mean_of: Annotated[
        list[int] | None, typer.Option(help="Write the mean of the weights after these steps, not the last; repeat it.")
    ] = None,
    validation: Validation = None,
    name: Name = "volume",
) -> None:
    """Stage 7, optional: the 3D expert, from all slices of volumes with lesions painted in three dimensions."""
    from training.networks import load_network
    from training.networks.expert import Expert3d
    from training.networks.expert.teacher_backbone import TeacherBackbone
    from training.networks.expert.teacher_trunk import load_trunk
    from training.volume.block_cut import SIDE
    from training.volume.expert_training import train_expert
    from training.volume.taught_training import TAUGHT, train_taught
    from training.volume.training_stack import training_stacks

    options, network = data_options(context), backbone_of(backbone)
    schedule = Schedule(steps, block_batch_of(batch), SIDE, rate, options.seed, options.threads)
    if taught and network not in TAUGHT:
        raise typer.BadParameter(f"--taught: {network} cannot be taught, {' and '.join(TAUGHT)} can")
    if taught and (expert or mean_of):
        raise typer.BadParameter("--taught: begins with random weights and writes the last; no --expert, no --mean-of")
    kept = sorted(set(mean_of or ()))
    if kept and not 1 <= kept[0] <= kept[-1] <= steps:
        raise typer.BadParameter(f"--mean-of: steps lie between 1 and {steps}")
    stacks = training_stacks(read_entries(options.sources), [*options.held_out, *(validation or ())])
    folder = options.runs / name
    if taught:
        train_taught(stacks, schedule, folder, load_trunk(), network)
    elif expert:
        train_expert(stacks, schedule, folder, load_network(Expert3d, expert), kept)
    else:
        own = TeacherBackbone(load_trunk()) if network == "teacher" else None
        train_expert(stacks, schedule, folder, Expert3d(network, own), kept)


@app.command("evaluate-expert")
def evaluate_expert(
    context: typer.Context,
    expert: Annotated[Path, typer.Option(help="Checkpoint.")] = Path("runs/volume/expert.pt"),
    validation: Validation = None,
    lesions: Annotated[int, typer.Option(help="Lesions of each size, painted into each normal volume.")] = 20,
    repository: Annotated[Path, typer.Option(help="The repository that it would join.")] = Path("model_repository"),
    report: Annotated[Path, typer.Option(help="The page beside which looks at these studies are counted.")] = Path(
        "docs/model-card.md"
    ),
    name: Name = "expert",
) -> None:
    """Evaluate the 3D expert on held-out volumes; writes its figures, and expert3d.json for `turnstile export`."""
    from screening.results.model_card import ModelCard
    from training.volume.expert_evaluation import ExpertEvaluation
    from training.volume.expert_evaluation import evaluate_expert as evaluate
    from training.volume.held_out_volumes import NoValidation, held_out_volumes

    options = data_options(context)
    card = ModelCard.load(repository / "model_card.json")
    settings = ExpertEvaluation(expert, card, lesions, options.runs / name, report)
    try:
        volumes = held_out_volumes(read_entries(options.sources), options.held_out, validation or ())
        figures = evaluate(volumes, settings, typer.echo)
    except NoValidation as error:
        raise typer.BadParameter(f"--validation: {error}") from error
    for line in figures.froc:
        typer.echo(f"{line.size_mm:g} mm at {line.false_marks:g} false marks: {line.found}")
    typer.echo(f"Held-out studies were looked at {figures.looks.runs} times: {figures.looks.networks} sets of networks")


@app.command()
def evaluate(
    context: typer.Context,
    classifier: Annotated[Path, typer.Option(help="Checkpoint.")] = Path("runs/finetune") / CLASSIFIER,
    autoencoder: Annotated[Path, typer.Option(help="Checkpoint.")] = Path("runs/autoencoder") / AUTOENCODER,
    findings: Annotated[Path, typer.Option(help="Checkpoint.")] = Path("runs/findings") / FINDINGS,
    repository: Annotated[Path | None, typer.Option(help="Evaluate exported files instead of checkpoints.")] = None,
    compare: Annotated[list[str] | None, typer.Option(help="Evaluated runs for the table of runs.")] = None,
    report: Annotated[Path, typer.Option(help="The page to write; its figures are written beside it.")] = Path(
        "docs/model-card.md"
    ),
    name: Name = "evaluation",
) -> None:
    """Stage 5: figures, thresholds and calibration -> model card, and decision.json for export."""
    from training.evaluation import Candidates, evaluate_networks

    options = data_options(context)
    compared = tuple(options.runs / run for run in compare or ())
    candidates = Candidates(classifier, autoencoder, findings, repository, compared)
    evaluate_networks(options.open(), candidates, options.runs / name, report)


@app.command("evaluate-studies")
def evaluate_studies(
    context: typer.Context,
    repository: Annotated[Path, typer.Option(help="The exported repository, with its model card.")] = Path(
        "model_repository"
    ),
    solid: Annotated[int, typer.Option(help="Solid lesions painted for each size and place.")] = 3,
    others: Annotated[int, typer.Option(help="Lesions of each other density for each size and place.")] = 1,
    lesion_mm: Annotated[list[float] | None, typer.Option(help="Sizes; by default 4, 6, 10, 20 and 40 mm.")] = None,
    compare: Annotated[list[str] | None, typer.Option(help="Evaluated runs with left-out sets.")] = None,
    report: Annotated[Path, typer.Option(help="The page to write into.")] = Path("docs/model-card.md"),
    name: Name = "evaluation",
) -> None:
    """Stage 6, after export: whole studies as served; lesions found, stability, volume rules -> model card."""
    from training.served.evaluate_studies import StudyEvaluation
    from training.served.evaluate_studies import evaluate_studies as evaluate
    from training.served.painted_studies import SIZES_MM, PaintingPlan

    options = data_options(context)
    plan = PaintingPlan(solid, others, tuple(lesion_mm or SIZES_MM))
    compared = [options.runs / run for run in compare or ()]
    settings = StudyEvaluation(repository, plan, compared, options.workers, options.runs / name, report)
    evaluate(options.entries(), options.open(), settings, typer.echo)


@app.command()
def views(
    context: typer.Context,
    count: Annotated[int, typer.Option(help="Number of slices, equally many of each data set.")] = 480,
    path: Annotated[Path, typer.Option(help="The file.")] = Path("runs/views.npz"),
) -> None:
    """Write training slices for `turnstile export --calibration`: for INT8 ranges and parity."""
    from training.quantisation_views import write_views

    data = data_options(context).open()
    typer.echo(f"{write_views(data.cache, data.training_slices(), count, path)} slices in {path}")


def main() -> None:
    """Entry of `python -m training`."""
    app()
