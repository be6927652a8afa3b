from pathlib import Path

from gateway.cli.openapi import as_text, description

KEPT = Path(__file__).parents[4] / "web" / "openapi.json"


async def test_the_page_was_written_for_the_calls_that_there_are() -> None:
    made = as_text(await description())
    assert made == KEPT.read_text("utf-8"), "run: turnstile openapi > web/openapi.json"
