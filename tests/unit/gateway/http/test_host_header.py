"""The Host header for the local admin: only a loopback name in its plain form, whatever else is written around it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.host_header import host_name
from gateway.http.request_credentials import is_proxy_header
from gateway.settings.auth import is_loopback

PLAIN = ("localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "[::1]", "[0:0:0:0:0:0:0:1]")


def is_local(value: str) -> bool:
    return is_loopback(host_name(value) or "")


@given(st.sampled_from(PLAIN), st.one_of(st.just(""), st.integers(0, 65535).map(":{}".format)))
def test_plain_loopback_names_are_local(host: str, port: str) -> None:
    assert is_local(host + port)


@given(st.text(max_size=12), st.sampled_from(PLAIN), st.text(max_size=12))
def test_nothing_beside_a_loopback_name_but_a_port_is_local(before: str, host: str, after: str) -> None:
    plain = not before and (not after or (after.startswith(":") and after[1:].isascii() and after[1:].isdigit()))
    if is_local(before + host + after):
        # `127.0.0.1` with digits around it may be another address of 127.0.0.0/8, and is one then.
        assert plain or (host.startswith("127.") and set(before + after) <= set("0123456789:"))


@given(st.text(max_size=40))
def test_any_text_has_a_plain_host_or_none(value: str) -> None:
    name = host_name(value)
    assert name is None or (name.isascii() and not set(name) & set("@/?#\\,% \t\r\n"))


@pytest.mark.parametrize(
    "value",
    [
        "evil.example@localhost",
        "localhost@evil.example",
        "localhost:80@evil.example",
        "localhost,evil.example",
        "localhost, localhost",
        "localhost evil.example",
        "localhost/",
        "localhost?.evil.example",
        "localhost#.evil.example",
        "localhost\\.evil.example",
        "localhost:x",
        "localhost:",
        "localhost:80:80",
        "localhost:123456",
        "localhost.",
        "127.0.0.1.",
        "127.1",
        "127.0.0.01",
        "0x7f.0.0.1",
        "2130706433",
        "0",
        "0.0.0.0",  # noqa: S104 - not listened on
        "[::1%25eth0]",
        "[::1%eth0]",
        "[::1",
        "::1",
        "[::ffff:127.0.0.1]",
        "[::]",
        "[localhost]",
        "[]",
        "",
        "ⓛocalhost",
        "localho\u017ft",  # the long s, which becomes an s in some foldings
        "xn--localhost",
        "localhost\0",
        "%6cocalhost",
        "http://localhost",
    ],
)
def test_other_forms_are_not_local(value: str) -> None:
    assert not is_local(value)


@pytest.mark.parametrize(
    "name",
    [
        "Forwarded",
        "Via",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-Server",
        "X-Forwarded",
        "X_Forwarded_For",
        "x-forwarded_for",
        "X-Real-IP",
        "X-Client-IP",
        "X-Cluster-Client-IP",
        "X-Original-Forwarded-For",
        "X-Original-URL",
        "X-Envoy-External-Address",
        "CF-Connecting-IP",
        "True-Client-IP",
    ],
)
def test_headers_of_proxies_are_known(name: str) -> None:
    assert is_proxy_header(name)


@pytest.mark.parametrize("name", ["Host", "Accept", "X-Request-ID", "Idempotency-Key", "Origin"])
def test_headers_of_clients_are_not_a_proxy_s(name: str) -> None:
    assert not is_proxy_header(name)
