"""OIDC login of a browser, and its session."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.integration.gateway.auth.api_calls import problem
from tests.integration.gateway.auth.fake_provider import Provider
from tests.integration.gateway.running_gateway import RunningGateway

SESSION_COOKIE, STATE_COOKIE = "turnstile", "turnstile_sign_in"


@pytest.fixture
def browser(oidc_gateway: RunningGateway) -> Iterator[httpx.Client]:
    """A client that keeps cookies and sends Origin, as browsers do."""
    with oidc_gateway.client(headers={"Origin": oidc_gateway.url}) as client:
        yield client


def at_provider(browser: httpx.Client, next_: str = "/scans/1?tab=report") -> str:
    """Start a login; return the callback URL to which the provider redirects the browser."""
    sent = browser.get("/auth/login", params={"next": next_})
    assert sent.status_code == 302
    consent = httpx.get(sent.headers["location"], trust_env=False)
    assert consent.status_code == 302
    return consent.headers["location"]


def sign_in(browser: httpx.Client) -> httpx.Response:
    return browser.get(at_provider(browser))


def test_a_complete_login(browser: httpx.Client) -> None:
    back = sign_in(browser)
    assert (back.status_code, back.headers["location"]) == (302, "/scans/1?tab=report")
    cookie = next(value for value in back.headers.get_list("set-cookie") if value.startswith(f"{SESSION_COOKIE}="))
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    me = browser.get("/api/me").json()
    assert (me["name"], me["role"], me["sign_in"]) == ("Ada Reader", "radiologist", "oidc")


def test_the_authorization_request(browser: httpx.Client, provider: Provider) -> None:
    sent = urlsplit(browser.get("/auth/login").headers["location"])
    asked = parse_qs(sent.query)
    assert f"{sent.scheme}://{sent.netloc}" == provider.issuer
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["scope"] == ["openid profile"]
    assert len(asked["state"][0]) == len(asked["nonce"][0]) == 43
    again = parse_qs(urlsplit(browser.get("/auth/login").headers["location"]).query)
    assert again["state"] != asked["state"]
    assert again["nonce"] != asked["nonce"]


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "scans", "/\r\nX: y"]
)
def test_no_redirect_to_another_site(browser: httpx.Client, elsewhere: str) -> None:
    assert browser.get(at_provider(browser, elsewhere)).headers["location"] == "/"


def test_a_state_works_once(browser: httpx.Client) -> None:
    back = at_provider(browser)
    state = browser.cookies[STATE_COOKIE]
    assert browser.get(back).status_code == 302
    browser.cookies.set(STATE_COOKIE, state, domain="127.0.0.1", path="/")
    assert problem(browser.get(back)) == (401, "not_signed_in")


def test_a_callback_of_another_browser_is_refused(browser: httpx.Client, oidc_gateway: RunningGateway) -> None:
    back = at_provider(browser)
    with oidc_gateway.client() as victim:
        assert problem(victim.get(back)) == (401, "not_signed_in")
        victim.get("/auth/login")
        assert problem(victim.get(back)) == (401, "not_signed_in")


def test_an_unknown_code_is_refused(browser: httpx.Client) -> None:
    back = urlsplit(at_provider(browser))
    state = parse_qs(back.query)["state"][0]
    answer = browser.get("/auth/callback", params={"state": state, "code": "made-up"})
    assert problem(answer) == (401, "not_signed_in")
    assert SESSION_COOKIE not in browser.cookies


def test_a_login_cancelled_at_the_provider_is_refused(browser: httpx.Client) -> None:
    state = parse_qs(urlsplit(at_provider(browser)).query)["state"][0]
    answer = browser.get("/auth/callback", params={"state": state, "error": "access_denied"})
    assert problem(answer) == (401, "not_signed_in")


def test_an_unknown_role_is_refused(browser: httpx.Client, provider: Provider) -> None:
    ours = provider.person
    provider.person = ours | {"roles": ["porter"]}
    try:
        assert problem(sign_in(browser)) == (403, "unknown_role")
    finally:
        provider.person = ours
    assert problem(browser.get("/api/me")) == (401, "not_signed_in")


def test_a_wrong_nonce_is_refused(browser: httpx.Client, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nonce binds the ID token to this login."""
    made = provider.token
    monkeypatch.setattr(provider, "token", lambda **claims: made(**claims | {"nonce": "another"}))
    assert problem(sign_in(browser)) == (401, "invalid_token")


def test_a_sign_in_ends_the_session_before_it(browser: httpx.Client) -> None:
    sign_in(browser)
    former = browser.cookies[SESSION_COOKIE]
    sign_in(browser)
    assert browser.cookies[SESSION_COOKIE] != former
    assert browser.get("/api/me").status_code == 200
    browser.cookies.set(SESSION_COOKIE, former, domain="127.0.0.1", path="/")
    assert problem(browser.get("/api/me")) == (401, "not_signed_in")


def test_a_session_is_invalid_after_sign_out(browser: httpx.Client) -> None:
    sign_in(browser)
    secret = browser.cookies[SESSION_COOKIE]
    answer = browser.post("/auth/logout")
    assert answer.status_code == 204
    assert answer.headers["clear-site-data"] == '"cache"', "the browser drops the volumes and files that it kept"
    assert SESSION_COOKIE not in browser.cookies
    browser.cookies.set(SESSION_COOKIE, secret, domain="127.0.0.1", path="/")
    assert problem(browser.get("/api/me")) == (401, "not_signed_in")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 204),
    ],
)
def test_another_page_cannot_use_the_session(
    oidc_gateway: RunningGateway, browser: httpx.Client, headers: dict[str, str], status: int
) -> None:
    sign_in(browser)
    with oidc_gateway.client(cookies={SESSION_COOKIE: browser.cookies[SESSION_COOKIE]}) as elsewhere:
        assert elsewhere.post("/auth/logout", headers=headers).status_code == status


def test_the_available_sign_in_methods(browser: httpx.Client) -> None:
    assert browser.get("/auth/ways").json() == {"ways": ["oidc", "token"], "oidc_name": "the hospital's login"}


def test_no_redirect_trusts_the_host_of_the_client(browser: httpx.Client) -> None:
    for path in ("/auth/login", "/auth/callback?state=x&code=y"):
        answer = browser.get(path, headers={"Host": "evil.example"})
        assert problem(answer) == (503, "no_public_url")
        assert "location" not in answer.headers


@pytest.mark.parametrize("path", ["/healthz/", "/openapi.json/", "/api/me/", "/docs/", "//evil.example/"])
def test_a_slash_at_the_end_is_no_redirect(browser: httpx.Client, path: str) -> None:
    answer = browser.get(path, headers={"Host": "evil.example"}, follow_redirects=False)
    assert answer.status_code not in {301, 302, 303, 307, 308}
