"""Which settings of Triton help on this machine: `python -m benchmarks.triton_tuning`.

Today's server runs all the time. Each variant is started beside it, and the two are asked in turns, so that both see
the same noise: quote the ratios. Takes five minutes for all variants on a quiet machine.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.ensemble_load import Rate, Sender
from benchmarks.result_page import Save, result_console
from benchmarks.service_limit import prepared
from benchmarks.triton_tuning.variants import TODAY, VARIANTS, Variant
from engines.data_directories import default_home
from engines.python_environment import engine_environment
from engines.triton_server import TritonServer
from screening.phantom.phantom_study import write_phantom
from screening.preparation import PreparedStudy
from screening.results.model_card import ModelCard

REPOSITORY: Final = Path(__file__).resolve().parents[2] / "model_repository"
AT_ONCE: Final = (1, 4, 8)
STUDIES: Final = 3
ROUNDS: Final = 2

Result = dict[int, tuple[Rate, Rate]]


def main(
    seconds: Annotated[float, typer.Option(help="Seconds of each block; each variant takes 12 of them.")] = 1.2,
    only: Annotated[str, typer.Option(help="Only variants with this in their name.")] = "",
    save: Save = None,
) -> None:
    """Measure, print, and save with `--save`."""
    chosen = [variant for variant in VARIANTS if only in variant.name]
    with result_console(save) as console:
        card = ModelCard.load(REPOSITORY / "model_card.json")
        console.print(f"model card {card.version}, views of {card.image_size} px, blocks of {seconds:g} s x {ROUNDS}")
        asyncio.run(_measure(chosen, seconds, console))


async def _measure(variants: Sequence[Variant], seconds: float, console: Console) -> None:
    with tempfile.TemporaryDirectory(prefix="turnstile-tuning-") as temporary:
        folder = Path(temporary)
        studies = [_prepared(folder, seed) for seed in range(STUDIES)]
        async with TritonServer(TODAY.write(REPOSITORY, folder / "today")) as server:
            today = Sender.to(server.grpc_url, studies, TODAY.chunk)
            tables = {at_once: _table(at_once) for at_once in AT_ONCE}
            for number, variant in enumerate(track(variants, "measuring", console=Console(stderr=True))):
                result = await _beside(today, variant, studies, folder / str(number), seconds)
                for at_once, (before, after) in result.items():
                    tables[at_once].add_row(variant.name, *_row(before, after))
            await today.client.close()
    for table in tables.values():
        console.print(table)


async def _beside(
    today: Sender, variant: Variant, studies: Sequence[PreparedStudy], folder: Path, seconds: float
) -> Result:
    """Start the server of the variant, and send requests to both alternately."""
    flags = [*variant.flags]
    if variant.cached:
        flags.append(f"--cache-directory={engine_environment(default_home()).triton / 'caches'}")
    async with TritonServer(variant.write(REPOSITORY, folder), more_flags=flags) as server:
        other = Sender.to(server.grpc_url, studies, variant.chunk, repeated=variant.repeated)
        result = {at_once: (Rate(), Rate()) for at_once in AT_ONCE}
        for _ in range(ROUNDS):
            for at_once, (before, after) in result.items():
                await today.block(at_once, seconds, before)
                await other.block(at_once, seconds, after)
        await other.client.close()
    return result


def _prepared(folder: Path, seed: int) -> PreparedStudy:
    """The tensors that the gateway would send for a synthetic chest."""
    upload = write_phantom(folder / f"study-{seed}.zip", slices=32, size=256, seed=seed)
    return prepared(upload, folder / f"scratch-{seed}")


def _table(at_once: int) -> Table:
    table = Table(title=f"{at_once} request(s) at once", title_justify="left")
    table.add_column("variant")
    for title in ("slices/s", "p50 ms", "p95 ms", "slices/s to today's", "p95 to today's"):
        table.add_column(title, justify="right")
    return table


def _row(before: Rate, after: Rate) -> list[str]:
    return [
        f"{after.slices_per_s:.1f}",
        f"{after.percentile_ms(50):.0f}",
        f"{after.percentile_ms(95):.0f}",
        f"{after.slices_per_s / before.slices_per_s:.2f}",
        f"{after.percentile_ms(95) / before.percentile_ms(95):.2f}",
    ]


if __name__ == "__main__":
    typer.run(main)
