"""Hosts that an admin names: no link-local, multicast or metadata address, under any spelling."""

import pytest

from gateway.pacs.peer_address import AddressRefused, AddressUnknown, check_host, checked_address

REFUSED = (
    "169.254.169.254",
    "[fe80::1]",
    "fe80::1",
    "fd00:ec2::254",
    "100.100.100.200",
    "168.63.129.16",
    "::ffff:169.254.169.254",
    "0.0.0.0",  # noqa: S104
    "::",
    "224.0.0.1",
    "ff02::1",
)


@pytest.mark.parametrize("host", REFUSED)
def test_an_address_is_refused_when_it_is_saved_and_when_it_is_connected_to(host: str) -> None:
    with pytest.raises(AddressRefused):
        check_host(host)
    with pytest.raises(AddressRefused):
        checked_address(host, 104)


@pytest.mark.parametrize("host", ["2852039166", "0xa9fea9fe", "169.254.43518"])
def test_other_spellings_of_an_address_are_refused_when_it_is_connected_to(host: str) -> None:
    with pytest.raises((AddressRefused, AddressUnknown)):
        checked_address(host, 80)


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "192.168.0.9", "::1", "localhost"])
def test_addresses_of_a_hospital_are_accepted(host: str) -> None:
    check_host(host)
    assert checked_address(host, 104)


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(AddressUnknown):
        checked_address("no-such-host.invalid", 104)
    with pytest.raises(AddressUnknown):
        checked_address("a" * 300, 104)
