"""Which IP addresses may be gone to where somebody else chose the address: public ones, judged by what they lead to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

#: Of IPv4 all is public that is not set aside. Kept here as well as in ``ipaddress``, whose table differs by release.
_SET_ASIDE: Final = tuple(
    IPv4Network(each)
    for each in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # Tells a machine at Azure about itself, from an address that looks like any other.
    )
)

#: Of IPv6 only this is given out to the world, and these parts of it are not (Teredo's, which leads to IPv4, is in the
#: first).
_GIVEN_OUT: Final = IPv6Network("2000::/3")
_HELD_BACK: Final = tuple(IPv6Network(each) for each in ("2001::/23", "2001:db8::/32", "3fff::/20"))

#: Behind these a router puts an IPv4 address. ``64:ff9b:1::/48`` is not among them: it is for one's own network alone.
_NAT64: Final = IPv6Network("64:ff9b::/96")

#: One's own machine and network, without what is for the machine's owner to read (``fd00:ec2::/32``: Amazon's).
_OWN: Final = tuple(IPv4Network(each) for each in ("10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
_OWN_6: Final = tuple(IPv6Network(each) for each in ("::1/128", "fc00::/7"))
_METADATA: Final = IPv6Network("fd00:ec2::/32")


def reachable(address: str, *, local: bool = False) -> bool:
    """Whether an address may be gone to: a public one, or with ``local`` one of one's own machine and network too."""
    return public(address) or (local and _own(address))


def public(address: str) -> bool:
    """Whether this is an IP address, written out in full and without a zone, that leads to the public internet."""
    ip = _read(address)
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _SET_ASIDE) and ip.is_global
    if ip is None:
        return False
    if embedded := _embedded(ip):
        return public(str(embedded))
    return ip in _GIVEN_OUT and not any(ip in network for network in _HELD_BACK) and ip.is_global


def _own(address: str) -> bool:
    ip = _read(address)
    if isinstance(ip, IPv4Address):
        return any(ip in network for network in _OWN)
    return ip is not None and any(ip in network for network in _OWN_6) and ip not in _METADATA


def _read(address: str) -> IPv4Address | IPv6Address | None:
    try:
        ip = ip_address(address)
    except ValueError:
        return None
    return None if isinstance(ip, IPv6Address) and ip.scope_id is not None else ip


def _embedded(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that it leads to: mapped, 6to4 or NAT64."""
    return IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else ip.ipv4_mapped or ip.sixtofour
