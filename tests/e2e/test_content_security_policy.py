"""The page works within its policy: no script or style is refused, and none is allowed by an exception."""

import pytest

from tests.e2e.conftest import OpenPage


@pytest.mark.parametrize("path", ["/", "/patients", "/statistics", "/docs"])
def test_the_browser_refuses_nothing(open_page: OpenPage, path: str) -> None:
    page = open_page("/healthz")
    page.add_init_script(
        "window.refused = [];"
        "addEventListener('securitypolicyviolation',"
        " event => window.refused.push(event.violatedDirective + ' ' + event.sourceFile))"
    )
    answer = page.goto(path)
    assert answer is not None
    assert "unsafe" not in answer.headers["content-security-policy"]
    page.get_by_role("link" if path != "/docs" else "button").first.wait_for()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.refused") == []
