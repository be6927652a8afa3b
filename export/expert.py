"""Export of the optional 3D expert: its graph, its rules for the model card, and its parity with torch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

from export.calibration_blocks import CalibrationBlocks
from export.errors import ParityBroken
from export.half_precision import write_fp16
from export.manifest import multiply_adds, sha256
from export.onnx_graph import write_onnx
from export.quantisation import write_int8
from export.targets import Precision, Target
from screening.contract import BLOCK, Signature
from screening.results.calibration import logit_at
from screening.results.expert_rules import ExpertRules
from screening.results.model_card import Calibration, InvalidModelCard
from training.networks import load_network
from training.networks.expert import Expert3d

PARITY_BLOCKS: Final = 3
LARGEST_DIFFERENCE: Final = 1e-2  # of a logit; both forms compute in FP32
# Of a logit, on the calibration's studies: detects a broken calibration. INT8 of the shipped weights differs by 0.21.
LARGEST_OF_LESS: Final[Mapping[Precision, float]] = {"int8": 1.0, "fp16": 0.1}
QUANTISED: Final = ("Conv", "Add", "Resize")  # not the pools, which also count cells of the lung mask


@dataclass(frozen=True)
class ExportedExpert:
    """A checkpoint of the 3D expert, and the JSON with its rules that `turnstile train evaluate-expert` wrote.

    `calibration` are whole studies for INT8 ranges and parity; phantoms without.
    """

    checkpoint: Path
    rules: Path
    calibration: tuple[Path, ...] = ()

    def card_section(self, target: Target, decision: Mapping[str, Any]) -> dict[str, Any]:
        """The section `expert3d` of the card of this decision: on a GPU every study is asked about.

        The expert's threshold comes to lie where the operating point in force lies for the classifier. Raises
        InvalidModelCard, also for rules of other weights: their threshold means nothing for these.
        """
        point = decision["operating_points"][decision["operating_point"]]
        at = logit_at(point["threshold"], Calibration(**decision["calibration"]))
        try:
            rules = json.loads(self.rules.read_text("utf-8"))
            if rules["checkpoint_sha256"] != sha256(self.checkpoint):
                raise InvalidModelCard(
                    f"{self.rules.name} is not of {self.checkpoint.name}: run `turnstile train evaluate-expert` on it"
                )
            section = {
                "slope": rules["slope"],
                "shift": at - rules["slope"] * rules["threshold"],
                "grey_zone": rules["grey_zone"],
                "every_study": target.gpu,
                "farthest_mm": rules["farthest_mm"],
            }
            ExpertRules.from_json(section)
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"{self.rules.name} cannot be used: {type(error).__name__}: {error}"
            raise InvalidModelCard(message) from error
        return section

    def write_graph(self, signature: Signature, path: Path, precision: Precision = "fp32") -> Mapping[str, Any]:
        """Write the graph; what the manifest says of it. Raises ParityBroken, InvalidCheckpoint, BrokenGraph."""
        network = load_network(Expert3d, self.checkpoint)
        path.parent.mkdir(parents=True)
        write_onnx(network, signature, path)
        return {
            "checkpoint": sha256(self.checkpoint),
            "backbone": network.name,
            "multiply_adds_per_block": multiply_adds(network, signature),
            "largest_difference": _enforced_parity(network, path),
            **self._in_precision(precision, signature, path),
        }

    def _in_precision(self, precision: Precision, signature: Signature, path: Path) -> Mapping[str, Any]:
        """Put a less precise graph in the place of the FP32 one; how its logits differ on the calibration's studies."""
        if precision == "fp32":
            return {}
        blocks = CalibrationBlocks.from_studies(self.calibration) if self.calibration else CalibrationBlocks.synthetic()
        expected = _logits(path, blocks)
        source = path.rename(path.with_suffix(".fp32"))
        if precision == "int8":
            write_int8(source, signature, blocks, path, QUANTISED)
        else:
            write_fp16(source, signature, path)
        source.unlink()
        found = _logits(path, blocks)
        difference = np.abs(found - expected)
        if not difference.max() <= LARGEST_OF_LESS[precision]:
            raise ParityBroken(f"expert3d: a logit differs by {difference.max():g} between FP32 and {precision}")
        threshold = json.loads(self.rules.read_text("utf-8"))["threshold"]
        of_studies = [blocks.studies == number for number in np.unique(blocks.studies)]
        flips = [(expected[rows].max() >= threshold) != (found[rows].max() >= threshold) for rows in of_studies]
        return {
            precision: {
                "blocks": len(expected),
                "studies": len(flips),
                "largest_difference": float(difference.max()),
                "mean_difference": float(difference.mean()),
                "study_flips": int(sum(flips)),
            }
        }


def _logits(path: Path, blocks: CalibrationBlocks) -> NDArray[np.float32]:
    """The logit of each block [N], by ONNX Runtime."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(["expert_logit"], batch)[0].ravel() for batch in blocks.batches(1)])


def _enforced_parity(network: Expert3d, path: Path) -> float:
    """The largest difference of a logit between torch and ONNX Runtime, on blocks of noise around lung and tissue."""
    random = np.random.default_rng(0)
    blocks = random.integers(0, 256, (PARITY_BLOCKS, 1, *BLOCK), np.uint8)
    masks = np.ones_like(blocks)
    masks[-1] = 0  # a block without lung as well
    with torch.no_grad():
        expected, _ = network(torch.from_numpy(blocks), torch.from_numpy(masks))
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    logits, _ = session.run(["expert_logit", "expert_peak"], {"block": blocks, "block_mask": masks})
    difference = float(np.abs(logits - expected.numpy()).max())
    if not difference <= LARGEST_DIFFERENCE:
        raise ParityBroken(f"expert3d: a logit differs by {difference:g} between torch and ONNX Runtime")
    return difference
