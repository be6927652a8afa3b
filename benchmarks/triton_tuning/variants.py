"""Variants of the shipped model repository: the current configuration with one change each."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as triton

from screening.contract import AUTOENCODER, CLASSIFIER, ENSEMBLE, FINDINGS_MODEL

CHUNK: Final = 6  # slices a request, as the gateway sends them
NETWORKS: Final = (CLASSIFIER, AUTOENCODER, FINDINGS_MODEL)
CORES: Final = "cores"
CACHE_BYTES: Final = 256 * 2**20

Change = Callable[[str, Any], None]


def _nothing(_model: str, _config: Any) -> None:
    """No change."""


@dataclass(frozen=True)
class Variant:
    """A name, what it changes in each model's config, and the server's flags that it needs.

    `cached` says that the server wants the folder of its caches; `repeated` that the same slices come again and again.
    """

    name: str
    change: Change = _nothing
    flags: Sequence[str] = ()
    chunk: int = CHUNK
    cached: bool = False
    repeated: bool = False

    def write(self, shipped: Path, folder: Path) -> Path:
        """Write the changed repository to `folder`."""
        shutil.copytree(shipped, folder)
        for path in sorted(folder.glob("*/config.pbtxt")):
            config = text_format.Parse(path.read_text("utf-8"), triton.ModelConfig())
            self.change(path.parent.name, config)
            path.write_text(text_format.MessageToString(config), "utf-8")
        return folder


def classifier(instances: int, threads: int) -> Change:
    """This number of classifier instances, with this number of threads."""

    def change(model: str, config: Any) -> None:
        if model == CLASSIFIER:
            config.instance_group[0].count = instances
            config.parameters["intra_op_thread_count"].string_value = str(threads)

    return change


def small_networks(instances: int) -> Change:
    """This number of instances of the two other networks."""

    def change(model: str, config: Any) -> None:
        if model in (AUTOENCODER, FINDINGS_MODEL):
            config.instance_group[0].count = instances

    return change


def largest_batch(slices: int) -> Change:
    """Batches of at most this number of slices."""

    def change(_model: str, config: Any) -> None:
        config.max_batch_size = slices
        for warmup in config.model_warmup:
            warmup.batch_size = min(warmup.batch_size, slices)

    return change


def wait(delay_us: int, slices: int, preferred: int) -> Change:
    """The batcher waits this long for batches of the preferred size."""

    def change(model: str, config: Any) -> None:
        largest_batch(slices)(model, config)
        if model != ENSEMBLE:
            config.dynamic_batching.max_queue_delay_microseconds = delay_us
            config.dynamic_batching.preferred_batch_size[:] = [preferred]

    return change


def one_core_each(model: str, config: Any) -> None:
    """Every running instance occupies one core."""
    if model in NETWORKS:
        resource = config.instance_group[0].rate_limiter.resources.add()
        resource.name, resource.count = CORES, 1
        setattr(resource, "global", True)  # the word is Python's too


def cache(model: str, config: Any) -> None:
    """The responses of every network are cached."""
    if model in NETWORKS:
        config.response_cache.enable = True


LIMITER: Final = ("--rate-limit=execution_count", f"--rate-limit-resource={CORES}:2")
CACHE: Final = (f"--cache-config=local,size={CACHE_BYTES}",)

TODAY: Final = Variant("as shipped")
VARIANTS: Final = (
    Variant("as shipped, again"),  # what is left of 1.00 here is noise
    Variant("classifier 1 x 1 thread", classifier(1, 1)),
    Variant("classifier 1 x 2 threads", classifier(1, 2)),
    Variant("classifier 2 x 2 threads", classifier(2, 2)),
    Variant("classifier 3 x 1 thread", classifier(3, 1)),
    Variant("small networks 1 x 1", small_networks(1)),
    Variant("batches of 4, requests too", largest_batch(4), chunk=4),
    Variant("batches of 12", largest_batch(12)),
    Variant("batches of 24", largest_batch(24)),
    Variant("batches of 24, waits 2 ms", wait(2000, 24, 12)),
    Variant("rate limiter, a core each of 2", one_core_each, LIMITER),
    Variant("response cache, new slices", cache, CACHE, cached=True),
    Variant("response cache, the same again", cache, CACHE, cached=True, repeated=True),
)
