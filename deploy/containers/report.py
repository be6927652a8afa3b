"""The table of a run: images with their sizes, steps with their times."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic


@dataclass
class Report:
    """`images` is MB by name; `steps` is what was done, how long it took, and what was seen."""

    images: dict[str, float] = field(default_factory=dict)
    steps: list[tuple[str, float, str]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Time a step; the block may append what it saw. A step that fails is in the report too."""
        print(f"== {name}", flush=True)
        seen: list[str] = []
        start, outcome = monotonic(), "failed"
        try:
            yield seen
            outcome = "; ".join(seen)
        finally:
            self.steps.append((name, monotonic() - start, outcome))
            print(f"   {self.steps[-1][1]:.1f} s {outcome}", flush=True)

    def text(self) -> str:
        """Two tables in Markdown."""
        images = [f"| `{name}` | {size:,.0f} |" for name, size in self.images.items()]
        steps = [f"| {name} | {seconds:.1f} | {seen} |" for name, seconds, seen in self.steps]
        head = ["| image | MB |", "|---|---:|"]
        return "\n".join([*head, *images, "", "| step | s | seen |", "|---|---:|---|", *steps, ""])
