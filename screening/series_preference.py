"""Which of several suitable stacks is screened: a table of preferences; the first one that differs decides."""

from collections.abc import Callable
from dataclasses import dataclass

from screening.convolution_kernel import Sharpness, sharpness
from screening.volume import Volume

COVERAGE = 0.9  # of the longest stack: from here on a stack counts as equally long


@dataclass(frozen=True)
class SuitableStack:
    """A stack that can be screened: its volume, and its extent as a fraction of the study's longest stack."""

    volume: Volume
    coverage: float

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
        "shorter", lambda stack: 0 if stack.coverage >= COVERAGE else 1, "Another series covers more of the body."
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


def sort_by_preference(volumes: list[Volume]) -> list[SuitableStack]:
    """The stacks, the best first; equal ones are sorted by Series Instance UID."""
    longest = max((_extent_mm(volume) for volume in volumes), default=0.0)
    stacks = [SuitableStack(volume, _extent_mm(volume) / longest) for volume in volumes]
    return sorted(stacks, key=lambda stack: ([p.penalty(stack) for p in PREFERENCES], stack.volume.series_uid))


def rejection(stack: SuitableStack, best: SuitableStack) -> tuple[str, str]:
    """Why `stack` was not chosen but `best`: code and explanation of the first preference that differs."""
    for preference in PREFERENCES:
        if preference.penalty(stack) > preference.penalty(best):
            return preference.code, preference.explanation.format(kernel=stack.kernel, best=best.kernel)
    return "duplicate", "As good as the chosen series in every respect; the lower Series Instance UID is taken."


def _extent_mm(volume: Volume) -> float:
    return (len(volume) - 1) * volume.geometry.spacing_mm[0]
