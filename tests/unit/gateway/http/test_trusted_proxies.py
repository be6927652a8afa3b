import pytest

from gateway.http.trusted_proxies import TrustedProxies


@pytest.mark.parametrize(
    ("hosts", "address", "trusted"),
    [
        (("127.0.0.1",), "127.0.0.1", True),
        (("10.0.0.0/8", "fd00::/8"), "10.1.2.3", True),
        (("10.0.0.0/8", "fd00::/8"), "fd00::1", True),
        (("10.0.0.0/8",), "11.0.0.1", False),
        (("10.0.0.0/8",), "", False),
        (("10.0.0.0/8",), "proxy", False),
        (("proxy", "10.0.0.1/8"), "10.0.0.1", False),  # neither is an address nor a network
        (("*",), "198.51.100.1", True),
        (("*", "10.0.0.1"), "198.51.100.1", False),  # the middleware takes `*` for a name here
        (("*", "10.0.0.1"), "10.0.0.1", True),
        ((), "127.0.0.1", False),
    ],
)
def test_an_address_is_trusted(hosts: tuple[str, ...], address: str, trusted: bool) -> None:
    assert (address in TrustedProxies(hosts)) is trusted
