"""The service: studies a second over HTTP through `turnstile up`, where its Triton can use the provider."""

import asyncio
import os
import subprocess
from collections.abc import Iterator

from benchmarks.gpu.providers import CPU, CUDA, CannotRun, Provider
from benchmarks.gpu.rows import Row
from benchmarks.gpu.setting import Setting
from benchmarks.http_load import post_studies
from benchmarks.service import running_service
from engines.data_directories import default_home
from engines.errors import EngineError
from engines.python_environment import engine_environment

STUDIES_A_CLIENT, SHORT_STUDIES = 12, 2


def service(setting: Setting, provider: Provider) -> Iterator[Row]:
    """One row a number of clients, and the Triton that answered; raises CannotRun."""
    triton, settings = _triton(setting, provider)
    cores = len(os.sched_getaffinity(0))
    with running_service(decode_workers=str(cores), **settings) as running:
        content = setting.uploads[0].read_bytes()
        asyncio.run(post_studies(running.url, content, 1, 1))
        for clients in (1, 2 * cores):
            studies = clients * (SHORT_STUDIES if setting.short else STUDIES_A_CLIENT)
            load = asyncio.run(post_studies(running.url, content, clients, studies))
            yield {
                "triton": triton,
                "at_once": clients,
                "cores": cores,
                "studies": studies,
                "per_s": load.studies_per_minute / 60,
                "p50_s": load.percentile(50),
                "p95_s": load.percentile(95),
            }


def _triton(setting: Setting, provider: Provider) -> tuple[str, dict[str, str]]:
    """Which Triton, in words, and the settings of `up` for it."""
    if provider.execution_provider == CPU:
        return "the wheel's, networks as served on a CPU", {"model_repository": str(setting.served)}
    if provider.execution_provider is None:
        raise CannotRun(
            "only NVIDIA's Triton serves plans: start a gateway with one by hand, and `turnstile bench --url`"
        )
    if setting.triton:
        own = {"triton_url": setting.triton, "model_repository": str(setting.repository)}
        return "the one of --triton, with the repository for GPUs", own
    try:
        python = engine_environment(default_home()).python
    except EngineError as error:
        raise CannotRun(f"no Triton of the wheel: {error}") from error
    asked = [str(python), "-c", "import onnxruntime; print(*onnxruntime.get_available_providers())"]
    offered = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    if CUDA not in offered:
        raise CannotRun(
            f"the wheel's Triton has no {CUDA} (its ONNX Runtime offers {', '.join(offered)}): start NVIDIA's Triton "
            "with this repository and name it with --triton; meanwhile the row in this process has to do"
        )
    return "the wheel's, with ONNX Runtime CUDA", {"model_repository": str(setting.repository)}
