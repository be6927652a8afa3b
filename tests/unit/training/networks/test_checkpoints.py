from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from ultralytics.nn.tasks import ClassificationModel

from screening.contract import FINDINGS
from training.networks import Autoencoder, Classifier, Findings, InvalidCheckpoint, load_network, pack, save_network


@pytest.mark.parametrize("network", [Classifier(34), Autoencoder(latent=8), Findings()], ids=lambda n: type(n).__name__)
def test_weights_and_settings_come_back(network: Any, tmp_path: Path) -> None:
    save_network(network, tmp_path / "network.pt", image_size=64)
    loaded = load_network(type(network), tmp_path / "network.pt", image_size=64)
    assert not loaded.training
    assert loaded.settings == network.settings
    for name, weight in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], weight)


def test_a_packed_checkpoint_is_half_as_large_and_loads_nearly_the_same(tmp_path: Path) -> None:
    network = Autoencoder(latent=8)
    save_network(network, tmp_path / "whole.pt", image_size=64)
    pack(Autoencoder, tmp_path / "whole.pt", tmp_path / "weights" / "packed.pt")
    loaded = load_network(Autoencoder, tmp_path / "weights" / "packed.pt", image_size=64)
    for name, weight in network.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], weight, rtol=1e-3, atol=1e-6)
    sizes = [(tmp_path / name).stat().st_size for name in ("whole.pt", "weights/packed.pt")]
    assert sizes[1] < 0.6 * sizes[0]


def test_what_fits_no_network_is_not_packed(tmp_path: Path) -> None:
    save_network(Findings(), tmp_path / "findings.pt", image_size=64)
    with pytest.raises(InvalidCheckpoint):
        pack(Classifier, tmp_path / "findings.pt", tmp_path / "packed.pt")
    assert not (tmp_path / "packed.pt").exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda checkpoint: checkpoint["weights"].pop("head.logit.bias"), "Missing key.*head.logit.bias"),
        (lambda checkpoint: checkpoint["weights"].update(more=torch.zeros(1)), "Unexpected key.*more"),
        (lambda checkpoint: checkpoint.update(settings={"depth": 34}), "Missing key"),
        (lambda checkpoint: checkpoint.update(network="Findings"), "holds Findings"),
        (lambda checkpoint: checkpoint.update(format="2"), "not of the format"),
        (lambda checkpoint: checkpoint.update(image_size=128), "trained at 128 px, not 64 px"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused(
    change: Callable[[dict[str, Any]], object], reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "classifier.pt"
    save_network(Classifier(), path, image_size=64)
    checkpoint = torch.load(path, weights_only=True)
    change(checkpoint)
    torch.save(checkpoint, path)
    with pytest.raises(InvalidCheckpoint, match=reason):
        load_network(Classifier, path, image_size=64)


@pytest.mark.parametrize("content", [b"", b"broken", b"no checkpoint", b"PK\x03\x04 half a zip"])
def test_a_file_that_is_no_checkpoint_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "classifier.pt"
    path.write_bytes(content)
    with pytest.raises(InvalidCheckpoint):
        load_network(Classifier, path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidCheckpoint, match="does not exist"):
        load_network(Classifier, tmp_path / "classifier.pt")


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    torch.save({"format": Trap(tmp_path / "sprung")}, tmp_path / "trap.pt")
    with pytest.raises(InvalidCheckpoint):
        load_network(Findings, tmp_path / "trap.pt")
    assert not (tmp_path / "sprung").exists()


@torch.no_grad()
def test_a_checkpoint_of_ultralytics_is_taken_as_it_is(views: Tensor, tmp_path: Path) -> None:
    model = _ultralytics(FINDINGS)
    torch.save({"model": model.half(), "ema": None}, tmp_path / "best.pt")
    loaded = load_network(Findings, tmp_path / "best.pt", image_size=64)
    expected = Findings()
    expected.network.load_state_dict(model.float().state_dict())
    torch.testing.assert_close(loaded(views), expected.eval()(views))


def test_other_classes_or_another_order_are_refused(tmp_path: Path) -> None:
    torch.save({"model": _ultralytics(tuple(reversed(FINDINGS)))}, tmp_path / "best.pt")
    with pytest.raises(InvalidCheckpoint, match="another order"):
        load_network(Findings, tmp_path / "best.pt")


class Trap:
    """Unpickling this would create a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.path,)


def _ultralytics(names: tuple[str, ...]) -> Any:
    model = ClassificationModel("yolo11n-cls.yaml", nc=len(names), verbose=False)
    model.names = dict(enumerate(names))
    return model
