"""What the caps count by: keyed hashes of a mailbox and of a network, and the signed moment of a form. Pure."""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Address, ip_address, ip_network

OLDEST = timedelta(hours=24)
"""How long a form can be posted after it was shown."""

_MAC_BYTES = 16


def mailbox_mark(address_key: str, key: bytes) -> str:
    """A keyed hash that every spelling of one mailbox shares: without `+something` and without dots, in lower case.

    For the caps alone. At some providers `a.b` and `ab` are two people: they then share a cap, and nothing else.
    """
    local, _, domain = address_key.lower().rpartition("@")
    folded = local.partition("+")[0].replace(".", "") or local
    domain = "gmail.com" if domain == "googlemail.com" else domain
    return _mac(key, "mailbox", f"{folded}@{domain}")


def network_mark(host: str, key: bytes) -> str:
    """A keyed hash of the network that a request came from: /24 of IPv4, /64 of IPv6, which one customer has to themselves."""
    try:
        address = ip_address(host)
    except ValueError:
        return _mac(key, "network", "unknown")
    if not isinstance(address, IPv4Address):
        address = address.ipv4_mapped or address
    network = ip_network((address, 24 if isinstance(address, IPv4Address) else 64), strict=False)
    return _mac(key, "network", str(network))


def stamp(newsletter: str, key: bytes, now: datetime) -> str:
    """The moment at which a form was shown, signed: `<seconds>.<mac>`."""
    moment = f"{int(now.timestamp() * 1000)}"
    return f"{moment}.{_mac(key, f'form/{newsletter}', moment)}"


def is_fresh(text: str, newsletter: str, keys: Sequence[bytes], now: datetime) -> bool:
    """Whether a stamp is ours, and not too old."""
    moment, _, mac = text.partition(".")
    if not (moment.isascii() and moment.isdigit() and len(moment) <= 16 and mac.isascii()):  # noqa: PLR2004  # milliseconds
        return False
    genuine = False
    for key in keys:
        genuine |= hmac.compare_digest(mac, _mac(key, f"form/{newsletter}", moment))
    age = timedelta(milliseconds=int(now.timestamp() * 1000) - int(moment))
    return genuine and timedelta(0) <= age <= OLDEST


def _mac(key: bytes, purpose: str, text: str) -> str:
    # The prefix keeps these apart from links and from erased addresses, which the same key signs.
    return hmac.digest(key, f"consent/{purpose}/{text}".encode("utf-8", "surrogatepass"), "sha256")[:_MAC_BYTES].hex()
