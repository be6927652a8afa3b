"""Names and shapes of the tensors that the networks, Triton and the gateway exchange; defined here only.

One row of a request is one view of one slice, so that Triton batches slices of different studies. The plain views of
a study go through the ensemble; the other test-time views of its highest slices are further rows for the classifier
alone. The batch is the only dynamic axis; shapes here leave it out, as Triton's config.pbtxt does.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from math import prod
from typing import Final, Literal

ENSEMBLE: Final = "screening"
TEST_TIME_ENSEMBLE: Final = "test_time"
CLASSIFIER: Final = "classifier"
AUTOENCODER: Final = "autoencoder"
FINDINGS_MODEL: Final = "findings"
EXPERT_ENSEMBLE: Final = "expert"
EXPERT: Final = "expert3d"

BLOCK: Final = (48, 96, 96)
"""Voxels of 2 mm along (slices, rows, columns) of a block, the input of the 3D expert (`screening.blocks`)."""

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

NOT_DETERMINED: Final = "not determined"  # in the place of a name: pathology, and no finding that can be told


class FindingsKind(StrEnum):
    """What the outputs `findings` of a view are, and which network gives them (docs/adr/0025)."""

    SOFTMAX = "softmax"  # a network of its own; the 16 shares add up to 1, so that one finding lowers the others
    MULTI_LABEL = "multi_label"  # a head of the classifier; each finding has a probability of its own


class Priority(IntEnum):
    """Priority level of a request in Triton's queues; 1 is the highest."""

    URGENT = 1  # marked as urgent by a user
    ROUTINE = 2  # a user or a program waits for the result
    MASS = 3  # `turnstile screen`: nobody waits for a single study


DType = Literal["UINT8", "FP32"]


@dataclass(frozen=True)
class Tensor:
    """Triton's name, data type and shape of a tensor; the shape is without the batch axis."""

    name: str
    dtype: DType
    shape: tuple[int, ...]

    @property
    def row_bytes(self) -> int:
        """Bytes of one row of the batch."""
        return {"UINT8": 1, "FP32": 4}[self.dtype] * prod(self.shape)


@dataclass(frozen=True)
class Signature:
    """Inputs and outputs of one model."""

    model: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


@dataclass(frozen=True)
class Ensemble:
    """Networks that one request runs; its `version` in Triton names the weights."""

    model: str
    inputs: tuple[Tensor, ...]
    steps: tuple[Signature, ...]

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        return tuple(tensor for step in self.steps for tensor in step.outputs)


@dataclass(frozen=True)
class Contract:
    """The tensors of every model, for a view of `image_size` px a side and maps of so many cells a side.

    The ensembles have the same outputs whichever network gives the findings.
    """

    image_size: int
    activation_size: int
    error_map_size: int
    has_expert: bool = False
    findings_kind: FindingsKind = FindingsKind.SOFTMAX

    @property
    def view(self) -> Tensor:
        """An 8-bit view of a slice, one of `VIEWS`."""
        return Tensor("view", "UINT8", (1, self.image_size, self.image_size))

    @property
    def lung_mask(self) -> Tensor:
        """1 where lung counts (`screening.lungs.dome_exclusion`), 0 elsewhere, on the grid of the view."""
        return Tensor("lung_mask", "UINT8", (1, self.image_size, self.image_size))

    @property
    def classifier(self) -> Signature:
        """With the findings, where they are a head of the classifier."""
        outputs = (*self._pathology, self._findings) if self._of_classifier else self._pathology
        return Signature(CLASSIFIER, (self.view, self.lung_mask), outputs)

    @property
    def autoencoder(self) -> Signature:
        outputs = (
            Tensor("reconstruction_error", "FP32", (1,)),
            Tensor("error_map", "FP32", (self.error_map_size, self.error_map_size)),
        )
        return Signature(AUTOENCODER, (self.view, self.lung_mask), outputs)

    @property
    def findings(self) -> Signature:
        """The network of the findings, where it is one of its own."""
        return Signature(FINDINGS_MODEL, (self.view,), (self._findings,))

    @property
    def expert3d(self) -> Signature:
        """The optional 3D expert: the logit of a block, and the voxel (slice, row, column) of its highest cell."""
        block, mask = Tensor("block", "UINT8", (1, *BLOCK)), Tensor("block_mask", "UINT8", (1, *BLOCK))
        outputs = Tensor("expert_logit", "FP32", (1,)), Tensor("expert_peak", "FP32", (3,))
        return Signature(EXPERT, (block, mask), outputs)

    @property
    def steps(self) -> tuple[Signature, ...]:
        """The models that Triton serves."""
        networks = (self.classifier, self.autoencoder)
        return networks if self._of_classifier else (*networks, self.findings)

    @property
    def ensemble(self) -> Ensemble:
        """All networks, for the plain view of a slice."""
        return Ensemble(ENSEMBLE, (self.view, self.lung_mask), self.steps)

    @property
    def test_time(self) -> Ensemble:
        """The classifier's opinion on pathology alone, for the other test-time views of a slice."""
        classifier = Signature(CLASSIFIER, (self.view, self.lung_mask), self._pathology)
        return Ensemble(TEST_TIME_ENSEMBLE, (self.view, self.lung_mask), (classifier,))

    @property
    def expert(self) -> Ensemble:
        """The 3D expert, for the blocks of a study."""
        return Ensemble(EXPERT_ENSEMBLE, self.expert3d.inputs, (self.expert3d,))

    @property
    def ensembles(self) -> tuple[Ensemble, ...]:
        return (self.ensemble, self.test_time, self.expert) if self.has_expert else (self.ensemble, self.test_time)

    @property
    def networks(self) -> tuple[Signature, ...]:
        """Every network, with the 3D expert where there is one."""
        return (*self.steps, self.expert3d) if self.has_expert else self.steps

    @property
    def _of_classifier(self) -> bool:
        return self.findings_kind is FindingsKind.MULTI_LABEL

    @property
    def _pathology(self) -> tuple[Tensor, ...]:
        cells = (self.activation_size, self.activation_size)
        return Tensor("logit", "FP32", (1,)), Tensor("activation", "FP32", cells)

    @property
    def _findings(self) -> Tensor:
        return Tensor("findings", "FP32", (len(FINDINGS),))
