"""What a run is about, and the graphs that it runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench.results import Frozen
from benchmarks.gpu.providers import SERVED, Provider
from export.half_precision import write_fp16
from screening.contract import EXPERT, Signature
from screening.results.model_card import ModelCard


class Setting(Frozen):
    """`repository` has the FP32 graphs (`turnstile export --target cuda`), `served` is what a CPU serves.

    `uploads` are the studies, `cache` keeps FP16 graphs and plans for the parts after the build. `triton` is host:port
    of a Triton that serves `repository`, if there is one.
    """

    repository: Path
    served: Path
    uploads: tuple[Path, ...]
    cache: Path
    short: bool
    triton: str | None = None

    def card(self, provider: Provider) -> ModelCard:
        return ModelCard.load((self.served if provider == SERVED else self.repository) / "model_card.json")

    def plan(self, model: str) -> Path:
        return self.cache / f"{model}.plan"

    def batches(self, model: str) -> tuple[int, ...]:
        """The measured numbers of rows: slices, or blocks of the 3D expert."""
        if self.short:
            return (1, 2) if model == EXPERT else (1, 4, 16)
        return tuple(2**power for power in range(5 if model == EXPERT else 9))


@dataclass(frozen=True)
class Graph:
    """The ONNX file of one network."""

    signature: Signature
    path: Path


def graphs_of(setting: Setting, provider: Provider) -> Mapping[str, Graph]:
    """The graphs of all networks by name; those in FP16 are made when they are missing."""
    signatures = {one.model: one for one in setting.card(provider).contract.networks}
    return {model: Graph(one, _path(setting, provider, one)) for model, one in signatures.items()}


def _path(setting: Setting, provider: Provider, signature: Signature) -> Path:
    folder = setting.served if provider == SERVED else setting.repository
    source = folder / signature.model / "1" / "model.onnx"
    if provider.precision != "fp16":
        return source
    converted = setting.cache / f"{signature.model}-fp16.onnx"
    if not converted.exists():
        write_fp16(source, signature, converted)
    return converted
