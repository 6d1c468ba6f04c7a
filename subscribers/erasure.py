"""How an erased address is remembered without being kept: by a keyed hash that nobody can turn back without the key."""

import hmac
from collections.abc import Callable, Sequence

Hasher = Callable[[str], Sequence[str]]
"""An address's key -> its keyed hashes, that of the newest secret key first."""

PREFIX = "erased:"
"""What a suppression's `address_key` begins with when the rest is a hash; no address contains a colon there."""

_PURPOSE = b"subscribers erased address\0"  # the same secret signs links: no hash here may ever be a signature there


def keyed_hashes(key: str, keys: Sequence[bytes]) -> tuple[str, ...]:
    """HMAC-SHA256 of an address's key under each secret key, in hexadecimal, in the order of `keys`.

    A plain hash would not do: all addresses there are can be guessed and hashed.
    """
    message = _PURPOSE + key.encode()
    return tuple(hmac.digest(secret, message, "sha256").hex() for secret in keys)


def marks(hashes: Sequence[str]) -> list[str]:
    """What erased suppressions of an address with these hashes have as `address_key`."""
    return [PREFIX + value for value in hashes]
