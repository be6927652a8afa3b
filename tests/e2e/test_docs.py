"""/docs: the API description as a page, from the gateway alone."""

from playwright.sync_api import ConsoleMessage, Request, Route, expect

from tests.e2e.conftest import OpenPage
from tests.integration.gateway.running_gateway import RunningGateway


def test_the_api_can_be_read_and_tried_without_internet(open_page: OpenPage, service: RunningGateway) -> None:
    page = open_page("/healthz")
    foreign: list[str] = []
    refused: list[str] = []

    def only_the_gateway(route: Route, request: Request) -> None:
        if request.url.startswith((service.url, "data:", "blob:")):
            route.continue_()
        else:
            foreign.append(request.url)
            route.abort()

    def note_error(message: ConsoleMessage) -> None:
        # The browser asks on its own for an icon of /healthz, which has none; the answer may come after `goto`.
        if message.type == "error" and not message.location["url"].endswith("/favicon.ico"):
            refused.append(f"{message.text} {message.location['url']}")

    page.route("**/*", only_the_gateway)
    page.on("console", note_error)
    page.goto("/docs")
    liveness = page.locator(".opblock", has_text="/healthz")
    liveness.get_by_role("button").first.click()
    liveness.get_by_role("button", name="Try it out").click()
    liveness.get_by_role("button", name="Execute").click()
    expect(liveness.locator(".live-responses-table")).to_contain_text('"status": "ok"')
    assert page.locator(".opblock").count() > 40
    assert (foreign, refused) == ([], [])
