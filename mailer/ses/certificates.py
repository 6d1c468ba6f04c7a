"""Amazon's certificates for SNS: fetched once, kept for a while, and a failure never remembered."""

import http.client
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

FETCH_SECONDS = 5.0
"""For the whole of it, not for each packet: a certificate has 2 KB."""
MOST_BYTES = 64 * 1024
MOST_KEPT = 16
_LEAST_KEY_BITS = 2048
_PIECE = 16 * 1024


class CannotFetch(Exception):
    """A certificate could not be had just now; it may be there the next time."""


Fetch = Callable[[str], bytes | None]
"""A URL that the rules of `mailer.ses.sns` let pass -> what is there; None: nothing is. Raises CannotFetch."""
Connect = Callable[[str], http.client.HTTPConnection]
"""A host -> a connection to it, with FETCH_SECONDS for each answer."""


class Certificates:
    """The public keys of certificates, by their URL. Safe among threads."""

    def __init__(self, fetch: Fetch, now: Callable[[], datetime]) -> None:
        self._fetch = fetch
        self._now = now
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, x509.Certificate] = OrderedDict()

    def key(self, url: str) -> RSAPublicKey | None:
        """The key of the certificate at `url`; None: there is none, it is none, or it does not hold today.

        Only certificates are kept: were a failure kept, one bad minute would refuse all that Amazon tells from then on.
        Raises CannotFetch.
        """
        with self._lock:
            certificate = self._kept.get(url)
            if certificate is not None:
                self._kept.move_to_end(url)
        if certificate is None:
            certificate = _read(self._fetch(url))
        if (
            certificate is None
            or not certificate.not_valid_before_utc <= self._now() <= certificate.not_valid_after_utc
        ):
            return None
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey) or key.key_size < _LEAST_KEY_BITS:
            return None
        with self._lock:
            self._kept[url] = certificate
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return key


def _read(pem: bytes | None) -> x509.Certificate | None:
    if pem is None:
        return None
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        certificate.public_key()  # of a kind that is known
    except (ValueError, UnsupportedAlgorithm):
        return None
    return certificate


def over_tls(host: str) -> http.client.HTTPConnection:
    """A connection whose other end proves that it is `host`."""
    return http.client.HTTPSConnection(host, timeout=FETCH_SECONDS, context=ssl.create_default_context())


def fetch_certificate(
    url: str, connect: Connect = over_tls, clock: Callable[[], float] = time.monotonic
) -> bytes | None:
    """What is at `url`, by one GET: no redirect is followed, no cookie, no credential and no proxy is known.

    None: the server says that there is nothing, sends elsewhere, or has more than 64 KiB. Raises CannotFetch when there
    is no answer within 5 seconds, or an error of the server's own.
    """
    parts = urlsplit(url)
    until = clock() + FETCH_SECONDS
    connection = connect(parts.netloc)
    try:
        connection.request("GET", parts.path, headers={"Accept-Encoding": "identity"})
        answer = connection.getresponse()
        if answer.status >= http.client.INTERNAL_SERVER_ERROR or answer.status == http.client.TOO_MANY_REQUESTS:
            raise CannotFetch(f"{parts.netloc} answered {answer.status}")
        if answer.status != http.client.OK:
            return None
        content = b""
        while piece := answer.read1(_PIECE):
            content += piece
            if len(content) > MOST_BYTES:
                return None
            if clock() > until:
                raise CannotFetch(f"{parts.netloc} takes longer than {FETCH_SECONDS:g} seconds")
    except (OSError, http.client.HTTPException) as error:
        raise CannotFetch(f"{parts.netloc} cannot be asked: {error}") from error
    finally:
        connection.close()
    return content
