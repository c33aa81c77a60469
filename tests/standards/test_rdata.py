"""Addresses as text; other rdata is held against dnspython in ``test_wire`` and ``test_wire_against_dnspython``."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.standards.rdata import address


@given(st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16))
def test_an_address_is_written_as_rfc_5952_has_it_and_reads_back(octets: bytes) -> None:
    assert address(octets) == str(ip_address(octets))
    assert ip_address(address(octets)).packed == octets


@pytest.mark.parametrize("size", [0, 3, 5, 15, 17])
def test_octets_of_another_number_are_no_address(size: int) -> None:
    with pytest.raises(ValueError, match="IPv6"):
        address(b"\1" * size)
