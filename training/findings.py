"""Stage 4: the head of the 16 findings on the frozen encoder of a classifier.

The encoder is run once over augmented views; the head is a logistic regression on its statistics, fitted to the
minimum: there is no schedule to choose, and equal views give an equal head.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from rich.progress import track
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from training.device import mixed_precision, to_device
from training.finding_batches import FindingBatch, FindingBatches
from training.networks import Classifier, FindingsHead, save_network
from training.networks.findings_head import encoder_fingerprint, statistics
from training.slice_cache import SliceCache

DECAY: Final = 0.003  # of the squared weights of standardised statistics
RAREST: Final = 10.0  # a rare finding weighs at most so much more
LEAST_DEVIATION: Final = 1e-3
ITERATIONS: Final = 200
STATE: Final = "statistics.pt"
BATCH: Final = 24  # views
SAVE_EVERY: Final = 10  # batches


@dataclass(frozen=True)
class EncodedViews:
    """`values` [N, D] are the statistics of N views; `targets` and `weights` [N, 16]."""

    values: Tensor
    targets: Tensor
    weights: Tensor


@dataclass(frozen=True)
class DrawnViews:
    """How many augmented views are drawn, of `size` px, in batches of `BATCH`."""

    count: int
    size: int
    seed: int = 0

    def batches(self) -> range:
        """Numbers of the batches."""
        return range(max(1, self.count // BATCH))


def train_findings(
    cache: SliceCache, indices: list[int], drawn: DrawnViews, folder: Path, classifier: Classifier, device: torch.device
) -> FindingsHead:
    """Encode views of these slices, fit the head, and write `findings.pt` into `folder`.

    The statistics stay there: a run that was stopped goes on after the last batch that was written. The classifier is
    not changed: its encoder runs once for both, and what it says of pathology stays as evaluated.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fingerprint = encoder_fingerprint(classifier)
    encoder = to_device(device, classifier).eval()
    batches = FindingBatches(cache, {index: cache.rows[index] for index in indices})
    key = f"{fingerprint} {cache.folder.name} {drawn.size} {drawn.seed}"
    done = _read(folder / STATE, key)
    for number in track(drawn.batches()[len(done) :], "findings"):
        batch = batches.draw(BATCH, drawn.size, np.random.default_rng((drawn.seed, number))).to(device)
        done.append(tuple(part.cpu() for part in (_statistics(encoder, batch, device), batch.targets, batch.weights)))
        if number % SAVE_EVERY == SAVE_EVERY - 1:
            _write(folder / STATE, key, done)
    _write(folder / STATE, key, done)
    used = done[: len(drawn.batches())]
    encoded = EncodedViews(*(torch.cat(parts) for parts in zip(*used, strict=True)))
    head = fit_head(encoded, FindingsHead(fingerprint))
    save_network(head, folder / "findings.pt", drawn.size)
    return head


def fit_head(encoded: EncodedViews, head: FindingsHead, decay: float = DECAY) -> FindingsHead:
    """The head with the weights of the least loss on these views."""
    head.get_buffer("centre").copy_(encoded.values.mean(dim=0))
    head.get_buffer("deviation").copy_(encoded.values.std(dim=0).clamp(min=LEAST_DEVIATION))
    values, rarity = head.standardised(encoded.values), _rarity(encoded)
    torch.nn.init.zeros_(head.linear.weight)
    torch.nn.init.zeros_(head.linear.bias)
    optimizer = torch.optim.LBFGS(
        head.linear.parameters(), max_iter=ITERATIONS, history_size=20, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        entropy = binary_cross_entropy_with_logits(
            head.linear(values), encoded.targets, pos_weight=rarity, reduction="none"
        )
        total = (entropy * encoded.weights).sum() / encoded.weights.sum() + decay * head.linear.weight.square().sum()
        total.backward()  # type: ignore[no-untyped-call]  # torch's stub
        return total

    optimizer.step(loss)  # type: ignore[no-untyped-call]  # torch's stub
    return head.eval().requires_grad_(False)


def _rarity(encoded: EncodedViews) -> Tensor:
    """How much more a view with a finding weighs than one without [16]."""
    shown = (encoded.weights * encoded.targets).sum(dim=0)
    return ((encoded.weights.sum(dim=0) - shown) / shown.clamp(min=1.0)).clamp(1.0, RAREST)


@torch.no_grad()
def _statistics(classifier: Classifier, batch: FindingBatch, device: torch.device) -> Tensor:
    with mixed_precision(device):
        stages = classifier.encoder.maps(batch.views.contiguous(memory_format=torch.channels_last))
    fine, middle, coarse = (features.float() for features in stages)
    return statistics((fine, middle, coarse), batch.masks)


def _read(state: Path, key: str) -> list[tuple[Tensor, ...]]:
    """The batches that an earlier run of the same encoder, slices and seed has encoded."""
    saved = torch.load(state, weights_only=True) if state.is_file() else {}
    return list(saved["batches"]) if saved.get("key") == key else []


def _write(state: Path, key: str, done: list[tuple[Tensor, ...]]) -> None:
    part = state.with_suffix(".part")
    torch.save({"key": key, "batches": done}, part)
    part.replace(state)
