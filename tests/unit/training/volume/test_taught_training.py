"""A light network learns from a teacher's trunk, whose head learns beside it; both are experts that load."""

from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from tests.unit.training.drawn_trunk import drawn_trunk
from tests.unit.training.volume.stacks import synthetic_stack
from training.cli import app
from training.networks import InvalidCheckpoint, load_network, pack
from training.networks.expert import Expert3d, expert3d, teacher_trunk
from training.networks.expert.light_backbone import LightBackbone
from training.networks.expert.teacher_backbone import TeacherBackbone
from training.networks.expert.teacher_trunk import TeacherTrunk
from training.networks.teacher import TeacherMissing
from training.training_schedule import Schedule
from training.volume import training_stack
from training.volume.block_cut import SIDE
from training.volume.expert_training import EXPERT, train_expert
from training.volume.taught_training import TEACHER, TeachersView, train_taught

STACKS = [synthetic_stack(), synthetic_stack(tumour=True)]


@pytest.fixture(autouse=True)
def small_teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints of the stand-in load as those of the published trunk do."""
    small = {**expert3d.BACKBONES, "teacher": lambda: TeacherBackbone(TeacherTrunk((2, 1), 4))}
    monkeypatch.setattr(expert3d, "BACKBONES", small)
    monkeypatch.setattr(teacher_trunk, "load_trunk", drawn_trunk)


def schedule(steps: int) -> Schedule:
    return Schedule(steps, 10, SIDE, 1e-3, threads=1)


def expert_on(trunk: TeacherTrunk) -> Expert3d:
    return Expert3d("teacher", TeacherBackbone(trunk))


def changed(one: Expert3d, other: Expert3d) -> set[str]:
    """Names of the weights in which two networks differ."""
    return {name for name, weight in one.state_dict().items() if not torch.equal(weight, other.state_dict()[name])}


def test_a_taught_run_resumes_and_writes_both_experts(tmp_path: Path) -> None:
    first = train_taught(STACKS, schedule(1), tmp_path, drawn_trunk(), "light")
    head = load_network(Expert3d, tmp_path / TEACHER)
    second = train_taught(STACKS, schedule(2), tmp_path, drawn_trunk(), "light")
    assert torch.load(tmp_path / "state.pt", weights_only=True)["step"] == 2
    assert not changed(second, load_network(Expert3d, tmp_path / EXPERT))
    assert changed(first, second)
    learnt = changed(head, load_network(Expert3d, tmp_path / TEACHER))
    assert learnt
    assert all(name.startswith("backbone.head.") for name in learnt)


def test_the_loss_of_maps_falls_to_none_where_the_student_sees_what_the_teacher_sees() -> None:
    torch.manual_seed(0)
    student, trunk = LightBackbone((4, 8, 8)), drawn_trunk()
    view = TeachersView(student, trunk).requires_grad_(False)
    student.requires_grad_(False)
    blocks = torch.randn(2, 1, SIDE, SIDE, SIDE)
    features, maps = student.features(blocks), trunk(torch.rand(2, 1, SIDE, SIDE, SIDE))
    said = [view.of_fine(features.fine), view.of_middle(features.middle)]
    seen = [torch.nn.functional.avg_pool3d(one, (1, 2, 2)) for one in said]
    assert [one.shape for one in seen] == [one.shape for one in maps[1:]]
    view.eval()  # means of 0 and deviations of 1
    assert float(view.loss(features, [maps[0], *seen])) < 1e-6 < float(view.loss(features, maps))


def test_a_checkpoint_holds_nothing_of_the_trunk_and_says_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = train_expert(STACKS, schedule(1), tmp_path, expert_on(drawn_trunk()))
    pack(Expert3d, tmp_path / EXPERT, tmp_path / "packed.pt")
    for path in (tmp_path / EXPERT, tmp_path / "packed.pt"):
        weights = torch.load(path, weights_only=True)["weights"]
        assert weights
        assert all(name.startswith("backbone.head.") for name in weights)
    assert not changed(trained, load_network(Expert3d, tmp_path / EXPERT))

    def missing() -> TeacherTrunk:
        raise TeacherMissing("pip install it")

    monkeypatch.setattr(teacher_trunk, "load_trunk", missing)
    with pytest.raises(InvalidCheckpoint, match=r"expert\.pt holds a head alone: pip install it"):
        load_network(Expert3d, tmp_path / EXPERT)


def test_the_head_of_the_teacher_learns_alone(tmp_path: Path) -> None:
    runs = [train_expert(STACKS, schedule(steps), tmp_path, expert_on(drawn_trunk())) for steps in (1, 2)]
    learnt = changed(*runs)
    assert learnt
    assert all(name.startswith("backbone.head.") for name in learnt)


@pytest.mark.parametrize(
    ("options", "written"),
    [(["--backbone", "light", "--taught"], {EXPERT, TEACHER}), (["--backbone", "teacher"], {EXPERT})],
)
def test_the_command_takes_the_published_trunk(
    options: list[str], written: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_stage(options, tmp_path, monkeypatch)
    assert result == 0
    assert {one.name for one in (tmp_path / "volume").glob("*.pt")} - {"state.pt"} == written


def test_the_command_continues_from_a_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = train_expert(STACKS, schedule(1), tmp_path / "first", Expert3d("wide"))
    options = ["--expert", str(tmp_path / "first" / EXPERT), "--rate", "1e-9"]
    assert run_stage(options, tmp_path, monkeypatch) == 0
    continued = load_network(Expert3d, tmp_path / "volume" / EXPERT)
    assert continued.name == "wide"
    before, after = (one.get_parameter("backbone.logit.weight") for one in (start, continued))
    assert torch.allclose(before, after, atol=1e-6)


def test_the_command_writes_the_mean_of_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_stage(["--mean-of", "1", "--mean-of", "2"], tmp_path, monkeypatch) == 0
    names = ("expert_1.pt", "expert_2.pt", EXPERT)
    one, two, mean = (load_network(Expert3d, tmp_path / "volume" / name).state_dict() for name in names)
    weight = "backbone.logit.weight"
    assert not torch.equal(one[weight], two[weight])
    assert torch.allclose(mean[weight], (one[weight] + two[weight]) / 2, atol=1e-7)


@pytest.mark.parametrize("step", [0, 3])
def test_a_step_that_is_not_run_has_no_weights(step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_stage(["--mean-of", f"{step}"], tmp_path, monkeypatch) == 2


def test_a_taught_network_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_stage(["--taught", "--expert", str(tmp_path / "expert.pt")], tmp_path, monkeypatch) == 2


@pytest.mark.parametrize("backbone", ["r3d18", "slowfast", "teacher"])
def test_only_light_networks_are_taught(backbone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_stage(["--backbone", backbone, "--taught"], tmp_path, monkeypatch) == 2
    assert not (tmp_path / "volume").exists()


def run_stage(options: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit status of the stage `volume` on synthetic stacks."""
    (folder / "studies").mkdir()
    (folder / "studies" / "labels.csv").write_text("study,patient,label\n")
    monkeypatch.setattr(training_stack, "training_stacks", lambda *_: STACKS)
    common = ["--data", f"dicom={folder / 'studies'}", "--runs", str(folder), "--threads", "1"]
    stage = ["volume", *options, "--steps", "2", "--batch", "10"]
    return CliRunner().invoke(app, [*common, *stage], catch_exceptions=False).exit_code
