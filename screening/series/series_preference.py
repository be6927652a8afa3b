"""Which of several suitable stacks is screened: a table of preferences; the first one that differs decides."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from screening.lungs.coverage_rules import EDGE_MM
from screening.series.convolution_kernel import Sharpness, sharpness
from screening.series.lung_look import LungLook
from screening.series.volume import Volume

AS_MUCH_LUNG = 0.9  # of the most air: from here on two series show the same lungs in the same breath
WHOLE_BODY_MM = 700.0  # chest, abdomen and pelvis are 650 mm at most
THICK_STEP_MM = 8.0  # wider steps hide lesions that finer ones show


@dataclass(frozen=True)
class SuitableStack:
    """A stack that can be screened, what a quick look showed of its lungs, and their share of the study's most air."""

    volume: Volume
    look: LungLook
    share: float

    @property
    def kernel(self) -> str:
        return self.volume.slices[0].kernel or "(none)"


@dataclass(frozen=True)
class Preference:
    """A stack with a lower `penalty` is preferred; `code` and `explanation` are given for the other one."""

    code: str
    penalty: Callable[[SuitableStack], int]
    explanation: str


# Why soft before sharp: the networks get 8 bits of a window from the 2nd to the 98th percentile of the slice. A sharp
# kernel amplifies the noise in lung and mediastinum; at 8 bits this noise is texture, which raises the reconstruction
# error of a normal lung and resembles opacity. The gain, edges finer than 1 mm, is lost when 512 pixels become 256.
PREFERENCES: tuple[Preference, ...] = (
    Preference(
        "derived",
        lambda stack: 0 if stack.volume.slices[0].original else 1,
        "Made from other slices; the originals are used.",
    ),
    Preference(
        "narrow_field",
        lambda stack: int(stack.look.edge_mm > EDGE_MM),
        "The field of view cuts the lungs off; another series shows them whole.",
    ),
    Preference(
        "less_lung",
        lambda stack: int(stack.share < AS_MUCH_LUNG),
        "Another series shows more of the lungs, or shows them in deeper inspiration.",
    ),
    Preference(
        "whole_body",
        lambda stack: int(_extent_mm(stack.volume) > WHOLE_BODY_MM),
        "A scan of the whole body, usually at a low dose; the scan of the chest is used.",
    ),
    Preference(
        "wide_steps",
        lambda stack: int(stack.volume.geometry.spacing_mm[0] > THICK_STEP_MM + 0.05),
        "The slices lie farther apart than those of another series.",
    ),
    Preference(
        "kernel",
        lambda stack: int(sharpness(stack.kernel) is Sharpness.SHARP),
        "Kernel {kernel} is sharper than {best}; its noise reads as texture in the 8-bit views.",
    ),
    Preference(
        "kernel",
        lambda stack: int(sharpness(stack.kernel) is Sharpness.UNKNOWN),
        "Kernel {kernel} may be sharp; {best} is known to be soft.",
    ),
    Preference("fewer_slices", lambda stack: -len(stack.volume), "Another series has more slices of the same chest."),
)


def sort_by_preference(looks: Sequence[tuple[Volume, LungLook]]) -> list[SuitableStack]:
    """The stacks, the best first; equal ones are sorted by Series Instance UID."""
    most = max((look.air_ml for _, look in looks), default=0.0)
    stacks = [SuitableStack(volume, look, look.air_ml / most if most else 1.0) for volume, look in looks]
    return sorted(stacks, key=lambda stack: ([p.penalty(stack) for p in PREFERENCES], stack.volume.series_uid))


def rejection(stack: SuitableStack, best: SuitableStack) -> tuple[str, str]:
    """Why `stack` was not chosen but `best`: code and explanation of the first preference that differs."""
    for preference in PREFERENCES:
        if preference.penalty(stack) > preference.penalty(best):
            return preference.code, preference.explanation.format(kernel=stack.kernel, best=best.kernel)
    return "duplicate", "As good as the chosen series in every respect; the lower Series Instance UID is taken."


def _extent_mm(volume: Volume) -> float:
    return volume.heights_mm[-1]
