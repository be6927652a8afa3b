"""Which of several fit stacks is screened: one table, the first difference decides."""

from collections.abc import Callable
from dataclasses import dataclass

from screening.convolution_kernel import Sharpness, sharpness
from screening.volume import Volume

COVERAGE = 0.9  # a stack this near to the longest one covers as much of the chest


@dataclass(frozen=True)
class Fit:
    """A stack that can be screened: its volume, and how much of the longest stack of its study it covers."""

    volume: Volume
    coverage: float

    @property
    def kernel(self) -> str:
        return self.volume.slices[0].kernel or "(none)"


@dataclass(frozen=True)
class Preference:
    """Less `penalty` is better; `code` and `explanation` tell of a stack that lost by it."""

    code: str
    penalty: Callable[[Fit], int]
    explanation: str


# Why soft before sharp: the networks see 8 bits of a window as wide as the slice's own p2-p98. A sharp kernel lifts the
# noise in lung and mediastinum; at 8 bits that is texture, which raises the reconstruction error of a normal lung and
# reads as opacity. What it adds, edges finer than 1 mm, is lost when 512 pixels become 256.
PREFERENCES: tuple[Preference, ...] = (
    Preference(
        "derived",
        lambda fit: 0 if fit.volume.slices[0].original else 1,
        "Made from other slices; the originals are used.",
    ),
    Preference("shorter", lambda fit: 0 if fit.coverage >= COVERAGE else 1, "Another series covers more of the body."),
    Preference(
        "kernel",
        lambda fit: int(sharpness(fit.kernel) is Sharpness.SHARP),
        "Kernel {kernel} is sharper than {best}; its noise reads as texture in the 8-bit views.",
    ),
    Preference(
        "kernel",
        lambda fit: int(sharpness(fit.kernel) is Sharpness.UNKNOWN),
        "Kernel {kernel} may be sharp; {best} is known to be soft.",
    ),
    Preference("fewer_slices", lambda fit: -len(fit.volume), "Another series has more slices of the same chest."),
)


def in_preference(volumes: list[Volume]) -> list[Fit]:
    """The stacks with the best first; what is equal in all stands in the order of its UID."""
    longest = max((_extent_mm(volume) for volume in volumes), default=0.0)
    fits = [Fit(volume, _extent_mm(volume) / longest) for volume in volumes]
    return sorted(fits, key=lambda fit: ([p.penalty(fit) for p in PREFERENCES], fit.volume.series_uid))


def why_not(fit: Fit, best: Fit) -> tuple[str, str]:
    """The code and the words for a stack that is not the best one."""
    for preference in PREFERENCES:
        if preference.penalty(fit) > preference.penalty(best):
            return preference.code, preference.explanation.format(kernel=fit.kernel, best=best.kernel)
    return "duplicate", "As good as the chosen series in every respect; the lower Series Instance UID is taken."


def _extent_mm(volume: Volume) -> float:
    return (len(volume) - 1) * volume.geometry.spacing_mm[0]
