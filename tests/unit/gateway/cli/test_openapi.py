from pathlib import Path

from gateway.cli.openapi import as_text, description

COMMITTED = Path(__file__).parents[4] / "web" / "openapi.json"


async def test_the_committed_description_is_up_to_date() -> None:
    generated = as_text(await description())
    assert generated == COMMITTED.read_text("utf-8"), "run: turnstile openapi > web/openapi.json"
