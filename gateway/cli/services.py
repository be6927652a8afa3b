"""The screening services of a command, when they are ready."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import monotonic

from pydantic import SecretStr

from engines.repository_snapshot import keep_snapshot
from gateway.cli.messages import errors
from gateway.cli.running_instance import RunningInstance, find_running_with_card
from gateway.composition.services import Services, open_services
from gateway.settings.settings import Settings
from screening.errors import EngineUnavailable
from screening.results.report import Notice

READY_POLL_S = 0.2


@asynccontextmanager
async def ready_services(settings: Settings) -> AsyncIterator[Services]:
    """Services on the Triton of the settings, else on that of a running `turnstile up`, else on a new one."""
    async with AsyncExitStack() as stack:
        running = _find_running_triton(stack, settings)
        if running is not None:
            secret = SecretStr(running.triton_secret) if running.triton_secret else None
            settings = settings.model_copy(update={"triton_url": running.triton_url, "triton_secret": secret})
        message = "starting Triton" if settings.triton_url is None else f"using Triton at {settings.triton_url}"
        errors.print(message, style="dim", highlight=False)
        with errors.status("waiting until the ensemble is ready"):
            services = await stack.enter_async_context(open_services(settings))
            await wait_until_ready(services)
        yield services


async def wait_until_ready(services: Services) -> None:
    """Return when the ensemble is ready; raises EngineUnavailable with the reason after `engine_start_s`."""
    end_s = monotonic() + services.settings.engine_start_s
    while reason := await services.engine.why_not_ready():
        if monotonic() > end_s:
            raise EngineUnavailable(f"the ensemble at {services.triton_url} is not ready: {reason}")
        await asyncio.sleep(READY_POLL_S)


def print_warnings(services: Services) -> None:
    """Print that this is no medical device, and whether the weights are trained, before any verdict."""
    errors.print(Notice.NO_MEDICAL_DEVICE.value, style="dim")
    if not services.card.trained:
        errors.print(f"{Notice.UNTRAINED.value} It only shows that everything works.", style="bold red")


def _find_running_triton(stack: AsyncExitStack, settings: Settings) -> RunningInstance | None:
    """The running `turnstile up` with the same model card; its Triton keeps running until `stack` is closed."""
    running = find_running_with_card(settings.model_repository) if settings.triton_url is None else None
    if running is not None and running.networks is not None:
        try:
            stack.enter_context(keep_snapshot(Path(running.networks)))
        except FileNotFoundError:  # stopped by a network switch since it was found
            return None
    return running
