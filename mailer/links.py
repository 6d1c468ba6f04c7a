"""Makes the links of a letter, and reads back the signed ones; knows a base URL and a key ring, and no router.

    <base>/u/<newsletter>/<token>       unsubscribe: the page, and the one-click POST of RFC 8058
    <base>/p/<newsletter>/<token>       preferences
    <base>/issues/<newsletter>/<number> view in browser: the same for everyone, so it may be passed on
    <base>/c/<newsletter>/<token>       confirm a subscription     \
    <base>/m/<newsletter>/<token>       confirm a new address      / both name a request, which expires
    <base>/t/<newsletter>/<token>       the links of a test letter: they name an issue, and change nothing

A token is 24 characters of HMAC-SHA256 (144 bits, base64url) and, in hexadecimal, the id of what it names: a subscriber, a
request, an issue's number. It stands for one purpose in one newsletter, carries no address, and never expires by itself: a
letter is kept for years, CASL asks for 60 days and CAN-SPAM for 30. It ends with the id because some mail programs cut a
closing `-` or `_` off a link.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from urllib.parse import quote, urlsplit

from mailer.errors import SettingsError


class Purpose(StrEnum):
    """What a token allows; its value is the link's first path segment."""

    UNSUBSCRIBE = "u"
    PREFERENCES = "p"
    CONFIRM = "c"
    MOVE = "m"
    TEST = "t"


_MAC_BYTES = 18  # a multiple of 3, so that base64 has no padding and no bits that do not count
_MAC_LENGTH = _MAC_BYTES // 3 * 4
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{_MAC_LENGTH}}}([1-9a-f][0-9a-f]{{0,15}})", re.ASCII)

# What may stand in a header between < and >, unfolded, with room for the path behind it.
_BASE_URL = re.compile(r"https?://[!#-;=?-~]{1,300}", re.ASCII)
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


class Links:
    """The links of all letters. Raises SettingsError for a base URL that no letter can carry, or an empty key ring."""

    def __init__(self, base_url: str, keys: Sequence[bytes]) -> None:
        self._base = _checked(base_url)
        if not keys:
            raise SettingsError(
                "there is no key to sign links with", hint="`mailer init DIR` writes a .env with a fresh key"
            )
        self._keys = tuple(keys)

    def unsubscribe_url(self, newsletter: str, subscriber_id: int) -> str:
        """Where this subscriber leaves this newsletter."""
        return self._signed(Purpose.UNSUBSCRIBE, newsletter, subscriber_id)

    def preferences_url(self, newsletter: str, subscriber_id: int) -> str:
        """Where this subscriber changes what this newsletter knows of them."""
        return self._signed(Purpose.PREFERENCES, newsletter, subscriber_id)

    def view_url(self, newsletter: str, issue: int) -> str:
        """The issue in a browser; nothing of a person is in it."""
        return f"{self._base}/issues/{_segment(newsletter)}/{issue}"

    def confirm_url(self, newsletter: str, request_id: int) -> str:
        """Where the owner of an address confirms that they want this newsletter."""
        return self._signed(Purpose.CONFIRM, newsletter, request_id)

    def move_url(self, newsletter: str, request_id: int) -> str:
        """Where the owner of a new address confirms that letters shall come there."""
        return self._signed(Purpose.MOVE, newsletter, request_id)

    def test_url(self, newsletter: str, issue: int) -> str:
        """Where the links of a test letter of this issue lead."""
        return self._signed(Purpose.TEST, newsletter, issue)

    def read(self, purpose: Purpose, newsletter: str, token: str) -> int | None:
        """The id that a token names, when some key of the ring signed it for this purpose and newsletter.

        The time it takes says nothing about the signature: every key is tried, and compared in constant time.
        """
        found = _TOKEN.fullmatch(token)
        if found is None:
            return None
        named = int(found[1], 16)
        genuine = False
        for key in self._keys:
            genuine |= hmac.compare_digest(token, _token(key, purpose, newsletter, named))
        return named if genuine else None

    def _signed(self, purpose: Purpose, newsletter: str, named: int) -> str:
        token = _token(self._keys[0], purpose, newsletter, named)
        return f"{self._base}/{purpose.value}/{_segment(newsletter)}/{token}"


@lru_cache(maxsize=64)
def _segment(newsletter: str) -> str:
    return quote(newsletter, safe="")


def _token(key: bytes, purpose: Purpose, newsletter: str, named: int) -> str:
    # The prefix keeps links apart from anything else that the same key may come to sign.
    signed = f"link/{purpose.value}/{newsletter}/{named:x}".encode("utf-8", "surrogatepass")
    mac = hmac.digest(key, signed, "sha256")[:_MAC_BYTES]
    return f"{urlsafe_b64encode(mac).decode()}{named:x}"


def _checked(base_url: str) -> str:
    base = base_url.rstrip("/")
    hint = "write it like https://news.example.org; the links of every letter lead there"
    if not _BASE_URL.fullmatch(base) or "=?" in base:
        raise SettingsError(
            f"MAILER_BASE_URL: {base_url!r} cannot stand in a letter's headers: http(s) and plain ASCII without spaces, please",
            hint=hint,
        )
    try:
        parts = urlsplit(base)
        host = parts.hostname
        _ = parts.port
    except ValueError as error:
        raise SettingsError(f"MAILER_BASE_URL: {base_url!r} is not a URL: {error}", hint=hint) from error
    if not host or parts.query or parts.fragment or "@" in parts.netloc:
        raise SettingsError(f"MAILER_BASE_URL: {base_url!r} must be a host and perhaps a path, no more", hint=hint)
    if parts.scheme == "http" and host not in _LOCAL_HOSTS:
        # RFC 8058 §3.1: a mailbox provider offers one-click unsubscription for https only.
        raise SettingsError(
            f"MAILER_BASE_URL: {base_url!r} must begin with https://; only this machine itself (localhost) may do without",
            hint=hint,
        )
    return base
