"""A flame graph: a bar for each function, as wide as its share of the samples, above the function that called it."""

import zlib
from collections import Counter
from pathlib import Path
from typing import Final

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from benchmarks.study_profile.samples import Stack

NARROWEST: Final = 0.004  # of the width: narrower bars are left out
LETTERS: Final = 190  # that fit into the whole width
DEEPEST: Final = 40
WIDTH_IN: Final = 16.0
ROW_IN: Final = 0.22


def draw(stacks: Counter[Stack], title: str, path: Path) -> None:
    """Write the flame graph of these stacks as a picture."""
    stacks = _without_common_root(stacks)
    depth = min(DEEPEST, max((len(stack) for stack in stacks), default=1))
    figure, axes = plt.subplots(figsize=(WIDTH_IN, 0.6 + ROW_IN * depth), layout="constrained")
    _bars(axes, stacks, stacks.total() or 1, 0.0, 0)
    axes.set(xlim=(0, 1), ylim=(0, depth), title=f"{title}, {stacks.total()} samples")
    axes.set_axis_off()
    figure.savefig(path, dpi=90)
    plt.close(figure)


def _bars(axes: Axes, stacks: Counter[Stack], total: int, left: float, level: int) -> None:
    """The bars of this level and of those above it, beginning at `left`."""
    inner: dict[str, Counter[Stack]] = {}
    for stack, count in stacks.items():
        if stack:
            inner.setdefault(stack[0], Counter())[stack[1:]] += count
    for name, rest in sorted(inner.items(), key=lambda item: -item[1].total()):
        width = rest.total() / total
        if width >= NARROWEST and level < DEEPEST:
            colour = plt.get_cmap("YlOrRd")(0.15 + 0.4 * (zlib.crc32(name.partition("(")[2].encode()) % 97) / 97)
            axes.add_patch(Rectangle((left, level), width, 0.92, facecolor=colour, linewidth=0))
            letters = int(width * LETTERS)
            if letters > 3:
                axes.text(left + 0.001, level + 0.2, name[:letters], fontsize=6.5, clip_on=True)
            _bars(axes, rest, total, left, level + 1)
        left += width


def _without_common_root(stacks: Counter[Stack]) -> Counter[Stack]:
    """Without the outermost functions that all of them share."""
    common = 0
    while all(len(stack) > common + 1 for stack in stacks) and len({stack[common] for stack in stacks}) == 1:
        common += 1
    return Counter({stack[common:]: count for stack, count in stacks.items()})
