"""The one source of the names and shapes that the networks, Triton and the gateway agree on.

One request row is one slice: its test-time views go in together, so that Triton can batch slices of different
studies. The batch is the only dynamic axis and is left out of every shape here, as in Triton's config.pbtxt.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal

ENSEMBLE: Final = "screening"
CLASSIFIER: Final = "classifier"
AUTOENCODER: Final = "autoencoder"
FINDINGS_MODEL: Final = "findings"

VIEWS: Final = ("plain", "flip", "noise", "blur", "clahe")

FINDINGS: Final = (
    "Arterial wall calcification",
    "Atelectasis",
    "Bronchiectasis",
    "Cardiomegaly",
    "Consolidation",
    "Coronary artery wall calcification",
    "Emphysema",
    "Hiatal hernia",
    "Lung nodule",
    "Lung opacity",
    "Lymphadenopathy",
    "Mosaic attenuation pattern",
    "Peribronchial thickening",
    "Pericardial effusion",
    "Pleural effusion",
    "Pulmonary fibrotic sequela",
)


class Priority(IntEnum):
    """Who goes first in Triton's queues; Triton counts from 1, the highest."""

    URGENT = 1  # somebody said that it cannot wait
    ROUTINE = 2  # somebody waits for the answer
    MASS = 3  # `turnstile screen`: nobody waits for the single study


DType = Literal["UINT8", "FP32"]


@dataclass(frozen=True)
class Tensor:
    """A tensor by Triton's name, type and shape without the batch axis."""

    name: str
    dtype: DType
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Signature:
    """What one model takes and gives."""

    model: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


@dataclass(frozen=True)
class Contract:
    """The tensors of every model for one view size (px) and one map size (cells a side) per network."""

    image_size: int
    activation_size: int
    error_map_size: int

    @property
    def views(self) -> Tensor:
        """Grey views of a slice, `VIEWS` in order; view 0 is the plain one."""
        return Tensor("views", "UINT8", (len(VIEWS), 1, self.image_size, self.image_size))

    @property
    def lung_mask(self) -> Tensor:
        """1 inside the lungs, 0 outside, on the grid of view 0."""
        return Tensor("lung_mask", "UINT8", (1, self.image_size, self.image_size))

    @property
    def classifier(self) -> Signature:
        outputs = (
            Tensor("logits", "FP32", (len(VIEWS),)),
            Tensor("activation", "FP32", (self.activation_size, self.activation_size)),
        )
        return Signature(CLASSIFIER, (self.views,), outputs)

    @property
    def autoencoder(self) -> Signature:
        outputs = (
            Tensor("reconstruction_error", "FP32", (1,)),
            Tensor("error_map", "FP32", (self.error_map_size, self.error_map_size)),
        )
        return Signature(AUTOENCODER, (self.views, self.lung_mask), outputs)

    @property
    def findings(self) -> Signature:
        return Signature(FINDINGS_MODEL, (self.views,), (Tensor("findings", "FP32", (len(FINDINGS),)),))

    @property
    def steps(self) -> tuple[Signature, ...]:
        return (self.classifier, self.autoencoder, self.findings)

    @property
    def ensemble(self) -> Signature:
        outputs = tuple(tensor for step in self.steps for tensor in step.outputs)
        return Signature(ENSEMBLE, (self.views, self.lung_mask), outputs)
