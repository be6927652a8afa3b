"""The head learns from kept maps, which are those of the batches; the checkpoint holds the trunk as well."""

from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from tests.unit.training.drawn_trunk import drawn_trunk
from tests.unit.training.volume.stacks import synthetic_stack
from training.cli import app
from training.networks import load_network
from training.networks.expert import Expert3d, expert3d, teacher_trunk
from training.networks.expert.teacher_backbone import TeacherBackbone
from training.networks.expert.teacher_trunk import TeacherTrunk
from training.training_schedule import Schedule
from training.volume import kept_batches, training_stack
from training.volume.block_cut import SIDE
from training.volume.expert_training import EXPERT
from training.volume.kept_batches import KeptBatches
from training.volume.painted_blocks import PaintedBlocks, drawn_batch
from training.volume.teacher_training import MAPS, train_teacher_head

STACKS = [synthetic_stack(), synthetic_stack(tumour=True)]
CPU = torch.device("cpu")


def schedule(steps: int, seed: int = 0) -> Schedule:
    return Schedule(steps, 10, SIDE, 1e-3, seed, threads=1)


def test_a_kept_batch_is_the_batch_of_its_step_with_its_maps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backbone = TeacherBackbone(drawn_trunk()).eval()
    expected = drawn_batch(PaintedBlocks(STACKS), schedule(1), 3)
    kept = KeptBatches(tmp_path, backbone, STACKS, schedule(1))
    first, maps = kept.read(3, CPU)
    assert torch.equal(first.lesions, expected.lesions)
    assert first.pairs == expected.pairs
    network = Expert3d("teacher", backbone)
    cells, from_maps = network.cells(expected.blocks), backbone.head(maps).squeeze(1)
    torch.testing.assert_close(from_maps, cells, rtol=1e-2, atol=1e-2)  # kept in half precision
    monkeypatch.setattr(kept_batches, "drawn_batch", None)  # neither drawn nor read again
    again, same = KeptBatches(tmp_path, backbone, STACKS, schedule(2)).read(3, CPU)
    assert torch.equal(again.blocks, first.blocks)
    assert all(torch.equal(one, other) for one, other in zip(same, maps, strict=True))


@pytest.mark.parametrize("change", ["seed", "stacks", "trunk"])
def test_batches_of_something_else_are_not_taken(change: str, tmp_path: Path) -> None:
    backbone = TeacherBackbone(drawn_trunk())
    KeptBatches(tmp_path, backbone, STACKS, schedule(1))
    if change == "trunk":
        torch.nn.init.zeros_(backbone.trunk.conv1.weight)
    stacks = STACKS[:1] if change == "stacks" else STACKS
    KeptBatches(tmp_path, backbone, stacks, schedule(1, seed=1 if change == "seed" else 0))
    assert len(list(tmp_path.iterdir())) == 2


def test_a_run_trains_the_head_and_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = train_teacher_head(STACKS, schedule(1), tmp_path / "run", drawn_trunk(), batches=1)
    second = train_teacher_head(STACKS, schedule(3), tmp_path / "run", drawn_trunk(), batches=2)
    assert torch.load(tmp_path / "run" / "state.pt", weights_only=True)["step"] == 3
    assert len(list((tmp_path / MAPS).glob("*/*.pt"))) == 2
    changed = {
        name for name, weight in second.state_dict().items() if not torch.equal(weight, first.state_dict()[name])
    }
    assert changed
    assert all(name.startswith("backbone.head.") for name in changed)
    monkeypatch.setattr(expert3d, "BACKBONES", {"teacher": lambda: TeacherBackbone(TeacherTrunk((2, 1), 4))})
    loaded = load_network(Expert3d, tmp_path / "run" / EXPERT)
    assert all(torch.equal(one, loaded.state_dict()[name]) for name, one in second.state_dict().items())


def test_the_command_trains_the_head_on_the_published_trunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "labels.csv").write_text("study,patient,label\n")
    monkeypatch.setattr(teacher_trunk, "load_trunk", drawn_trunk)
    monkeypatch.setattr(training_stack, "training_stacks", lambda *_: STACKS)
    common = ["--data", f"dicom={tmp_path / 'studies'}", "--runs", str(tmp_path), "--threads", "1"]
    stage = ["volume", "--backbone", "teacher", "--kept", "1", "--steps", "2", "--batch", "10"]
    result = CliRunner().invoke(app, [*common, *stage], catch_exceptions=False)
    assert result.exit_code == 0
    assert (tmp_path / "volume" / EXPERT).is_file()
    assert [one.name for one in (tmp_path / MAPS).glob("*/*.pt")] == ["0.pt"]
