"""An erased address is known again under any key, and cannot be guessed without one."""

import hashlib
import hmac

from subscribers.erasure import keyed_hashes, marks

NEW, OLD = b"the newest secret key", b"an older secret key"


def test_hashes_come_in_the_order_of_the_keys() -> None:
    both = keyed_hashes("ada@example.org", [NEW, OLD])
    assert both == keyed_hashes("ada@example.org", [NEW]) + keyed_hashes("ada@example.org", [OLD])
    assert len(set(both)) == 2


def test_a_hash_is_not_what_the_same_key_makes_of_the_bare_address() -> None:
    bare = {
        hashlib.sha256(b"ada@example.org").hexdigest(),
        hmac.digest(NEW, b"ada@example.org", "sha256").hex(),
    }
    assert not bare & set(keyed_hashes("ada@example.org", [NEW]))


def test_a_mark_is_no_address() -> None:
    assert marks(["0f", "1e"]) == ["erased:0f", "erased:1e"]
