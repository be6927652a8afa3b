"""The kinds of painted lesions: how often each is painted, and which of the 16 findings it is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from training.synthesis import dense_lesions, lucent_lesions
from training.synthesis.dense_lesions import Lesion
from training.synthesis.lung_context import LungContext
from training.synthesis.shapes import Random

Layers = tuple[Lesion, ...]


@dataclass(frozen=True)
class LesionKind:
    """`paint` gives the layers of a lesion in the order of painting; `share` is of all dense, or of all lucent ones.

    `findings` is empty where a kind is none of the 16, or may be one of several.
    """

    paint: Callable[[LungContext, Random], Layers]
    share: float
    findings: frozenset[str]


def _kinds(kinds: Sequence[tuple[Callable[[LungContext, Random], Layers], float, str]]) -> tuple[LesionKind, ...]:
    return tuple(LesionKind(paint, share, frozenset(filter(None, names.split(";")))) for paint, share, names in kinds)


def _one_layer(paint: Callable[[LungContext, Random], Lesion]) -> Callable[[LungContext, Random], Layers]:
    def layers(lungs: LungContext, random: Random) -> Layers:
        return (paint(lungs, random),)

    return layers


DENSE: Final = _kinds(
    [
        (_one_layer(dense_lesions.nodules), 0.20, "Lung nodule"),
        (_one_layer(dense_lesions.scattered_nodules), 0.24, "Lung nodule"),
        (_one_layer(dense_lesions.mass), 0.12, "Lung nodule"),
        (_one_layer(dense_lesions.ground_glass), 0.13, "Lung opacity"),
        (_one_layer(dense_lesions.consolidation), 0.08, "Lung opacity;Consolidation"),
        (_one_layer(dense_lesions.pleural_effusion), 0.07, "Pleural effusion"),
        (_one_layer(dense_lesions.pleural_thickening), 0.04, ""),
        (_one_layer(dense_lesions.parenchymal_bands), 0.04, ""),  # linear atelectasis or a scar: the shape does not say
        (_one_layer(dense_lesions.micronodules), 0.04, "Lung nodule"),
        (_one_layer(dense_lesions.bronchial_wall_thickening), 0.04, "Peribronchial thickening"),
    ]
)
LUCENT: Final = _kinds(
    [
        (lucent_lesions.centrilobular_emphysema, 0.34, "Emphysema"),
        (lucent_lesions.paraseptal_emphysema, 0.18, "Emphysema"),
        (lucent_lesions.bullae, 0.12, "Emphysema"),
        (lucent_lesions.panlobular_emphysema, 0.18, "Emphysema"),
        (lucent_lesions.fibrosis, 0.18, "Pulmonary fibrotic sequela"),
    ]
)


def _by_finding() -> Iterator[tuple[str, tuple[LesionKind, ...]]]:
    kinds = (*DENSE, *LUCENT)
    for name in sorted({name for kind in kinds for name in kind.findings}):
        yield name, tuple(kind for kind in kinds if name in kind.findings)


KINDS_OF_FINDING: Final = MappingProxyType(dict(_by_finding()))
